/** Strings found by their bytes, without making them. */
export class ByteTable<T> {
  #slots = new Int32Array(256).fill(-1)
  readonly #keys: Uint8Array[] = []
  readonly #values: T[] = []
  /** What was found after each of them the last time. */
  readonly #next: number[] = []
  #last = -1

  /** The value of the bytes from `from` to `to`; undefined when they are not in the table. */
  find(bytes: Uint8Array, from: number, to: number): T | undefined {
    // What comes again comes again soon, and in the same order.
    const last = this.#last
    if (last >= 0) {
      if (isAt(this.#keys[last]!, bytes, from, to)) return this.#values[last]
      const next = this.#next[last]!
      if (isAt(this.#keys[next]!, bytes, from, to)) {
        this.#last = next
        return this.#values[next]
      }
    }
    const mask = this.#slots.length - 1
    for (let slot = hashOf(bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]!
      if (place < 0) return undefined
      if (!isAt(this.#keys[place]!, bytes, from, to)) continue
      if (last >= 0) this.#next[last] = place
      this.#last = place
      return this.#values[place]
    }
  }

  /** Adds bytes that are not in the table. */
  add(bytes: Uint8Array, from: number, to: number, value: T): T {
    if (this.#keys.length * 2 >= this.#slots.length) this.#grow()
    // A Buffer would give a view.
    const key = new Uint8Array(bytes.subarray(from, to))
    this.#put(key, this.#keys.length)
    this.#next.push(this.#keys.length)
    this.#keys.push(key)
    this.#values.push(value)
    return value
  }

  get size(): number {
    return this.#keys.length
  }

  clear(): void {
    this.#slots.fill(-1)
    this.#keys.length = 0
    this.#values.length = 0
    this.#next.length = 0
    this.#last = -1
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    for (const [place, key] of this.#keys.entries()) this.#put(key, place)
  }

  #put(key: Uint8Array, place: number): void {
    const mask = this.#slots.length - 1
    let slot = hashOf(key, 0, key.length) & mask
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask
    this.#slots[slot] = place
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193)
  return hash ^ (hash >>> 15)
}

/** Whether the bytes from `from` to `to` are those of the key. */
export function isAt(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const n = key.length
  if (to - from !== n) return false
  for (let i = n - 1; i >= 0; i--) if (key[i] !== bytes[from + i]) return false
  return true
}
