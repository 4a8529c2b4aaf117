/** What stands in the list. */
interface Range {
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
}

/** How many siblings stand together; a full chunk is halved. */
export const CHUNK = 512
/** A place is a chunk's number times this, and the number in the chunk: more than a chunk can hold. */
const STRIDE = 1024

/**
 * The children of a node in the kernel's order, in chunks, so that finding and putting one in does not walk along all of
 * them. The kernel has a linked list and walks; what it finds is the same as long as the list is `regular`: each range ends not before
 * it starts, and before the next one starts. Callers may only search a regular list; an irregular one (adjust_resource lets ranges end
 * before they start) has to be walked as the kernel does.
 *
 * A place is a number that is good until the next change; `endPlace` is behind the last child.
 */
export class SiblingList<T extends Range> implements Iterable<T> {
  /** None is empty. */
  readonly #chunks: T[][] = []
  /** The ends of each chunk's resources, as doubles: rounding keeps their order, and numbers side by side are found sooner than bigints. */
  readonly #ends: number[][] = []
  #length = 0
  #regular = true

  static of<T extends Range>(resources: readonly T[]): SiblingList<T> {
    const list = new SiblingList<T>()
    list.replace(0, 0, resources)
    return list
  }

  get length(): number {
    return this.#length
  }

  get regular(): boolean {
    return this.#regular
  }

  get first(): T | null {
    return this.#chunks[0]?.[0] ?? null
  }

  get last(): T | null {
    return this.#chunks.at(-1)?.at(-1) ?? null
  }

  get endPlace(): number {
    return this.#chunks.length * STRIDE
  }

  at(place: number): T | null {
    return this.#chunks[Math.floor(place / STRIDE)]?.[place % STRIDE] ?? null
  }

  next(place: number): number {
    const chunk = Math.floor(place / STRIDE)
    return (place % STRIDE) + 1 < this.#chunks[chunk]!.length ? place + 1 : (chunk + 1) * STRIDE
  }

  /** The child before a place; null at the first. */
  before(place: number): T | null {
    const chunk = Math.floor(place / STRIDE)
    return (place % STRIDE > 0 ? this.#chunks[chunk]![(place % STRIDE) - 1] : this.#chunks[chunk - 1]?.at(-1)) ?? null
  }

  /** How many children stand before a place. */
  index(place: number): number {
    const chunk = Math.floor(place / STRIDE)
    let count = place % STRIDE
    for (let c = 0; c < chunk; c++) count += this.#chunks[c]!.length
    return count
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const chunk of this.#chunks) yield* chunk
  }

  /** The place of the first child that ends at an address or behind it. For regular lists only. */
  endingFrom(address: bigint): number {
    const chunks = this.#chunks
    const rounded = Number(address)
    let c = this.#chunkEndingFrom(rounded)
    // Ends that round to the same double are told apart one by one.
    while (c < chunks.length && chunks[c]!.at(-1)!.end < address) c++
    const chunk = chunks[c]
    if (chunk === undefined) return this.endPlace
    const ends = this.#ends[c]!
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! < rounded) low = middle + 1
      else high = middle
    }
    while (chunk[low]!.end < address) low++
    return c * STRIDE + low
  }

  #chunkEndingFrom(rounded: number): number {
    const all = this.#ends
    let [low, high] = [0, all.length]
    if (high > 0 && all[high - 1]!.at(-1)! < rounded) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (all[middle]!.at(-1)! < rounded) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The place of a child; -1 when it is not in the list. */
  placeOf(resource: T): number {
    if (this.#regular) {
      const place = this.endingFrom(resource.start)
      return this.at(place) === resource ? place : -1
    }
    for (const [c, chunk] of this.#chunks.entries()) {
      const at = chunk.indexOf(resource)
      if (at >= 0) return c * STRIDE + at
    }
    return -1
  }

  insert(place: number, resource: T): void {
    if (this.#regular) this.#regular = fits(resource, this.before(place), this.at(place))
    let c = Math.floor(place / STRIDE)
    let at = place % STRIDE
    if (c === this.#chunks.length && c > 0) at = this.#chunks[--c]!.length
    const chunk = this.#chunks[c]
    this.#length += 1
    if (chunk === undefined || (chunk.length === CHUNK && at === CHUNK)) {
      this.#chunks.splice(c + 1, 0, [resource])
      this.#ends.splice(c + 1, 0, [Number(resource.end)])
      return
    }
    if (chunk.length === CHUNK) {
      this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK / 2))
      this.#ends.splice(c + 1, 0, this.#ends[c]!.splice(CHUNK / 2))
      if (at > CHUNK / 2) [c, at] = [c + 1, at - CHUNK / 2]
    }
    putAt(this.#chunks[c]!, at, resource)
    putAt(this.#ends[c]!, at, Number(resource.end))
  }

  remove(place: number): void {
    const c = Math.floor(place / STRIDE)
    const chunk = this.#chunks[c]!
    if (chunk.length === 1) {
      this.#chunks.splice(c, 1)
      this.#ends.splice(c, 1)
    } else {
      chunk.splice(place % STRIDE, 1)
      this.#ends[c]!.splice(place % STRIDE, 1)
    }
    this.#length -= 1
    if (!this.#regular) this.recheck()
  }

  /** Puts children in the stead of `count` others, from a place on. */
  replace(place: number, count: number, resources: readonly T[]): void {
    const from = Math.floor(place / STRIDE)
    const head = this.#chunks[from]?.slice(0, place % STRIDE) ?? []
    let [to, skip] = [from, (place % STRIDE) + count]
    for (; to < this.#chunks.length && skip >= this.#chunks[to]!.length; to++) skip -= this.#chunks[to]!.length
    const tail = this.#chunks[to]?.slice(skip) ?? []
    const wasRegular = this.#regular
    if (wasRegular) this.#regular = inOrder([this.before(place), ...resources, tail[0] ?? this.#chunks[to + 1]?.[0] ?? null])
    const changed = [...head, ...resources, ...tail]
    const chunks: T[][] = []
    for (let at = 0; at < changed.length; at += CHUNK / 2) chunks.push(changed.slice(at, at + CHUNK / 2))
    this.#chunks.splice(from, to - from + 1, ...chunks)
    this.#ends.splice(from, to - from + 1, ...chunks.map(endsOf))
    this.#length += resources.length - count
    if (!wasRegular) this.recheck()
  }

  /** To be called when the range of the child at a place was changed. */
  changed(place: number): void {
    if (!this.#regular) return this.recheck()
    const resource = this.at(place)!
    this.#ends[Math.floor(place / STRIDE)]![place % STRIDE] = Number(resource.end)
    this.#regular = fits(resource, this.before(place), this.at(this.next(place)))
  }

  /** Finds out anew how the ranges of all children stand. */
  recheck(): void {
    for (const [c, chunk] of this.#chunks.entries()) this.#ends[c] = endsOf(chunk)
    this.#regular = inOrder([...this])
  }
}

function putAt<T>(list: T[], at: number, value: T): void {
  if (at === list.length) list.push(value)
  else list.splice(at, 0, value)
}

const endsOf = (chunk: readonly Range[]): number[] => chunk.map(({ end }) => Number(end))

function fits(resource: Range, before: Range | null, after: Range | null): boolean {
  if (resource.start > resource.end || (before !== null && before.end >= resource.start)) return false
  return after === null || resource.end < after.start
}

/** Whether each range ends not before it starts, and before the next one starts. Null stands for an end of the list. */
function inOrder(resources: readonly (Range | null)[]): boolean {
  let last: Range | null = null
  for (const resource of resources) {
    if (resource === null) continue
    if (resource.end < resource.start || (last !== null && last.end >= resource.start)) return false
    last = resource
  }
  return true
}
