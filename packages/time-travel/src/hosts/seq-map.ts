/** Which number in a merged log each event of a host got. They only grow, so their distances are kept, a byte each but for large ones. */
const LARGE = 255
/** Events from one known number to the next. */
const STRIDE = 64

export class SeqMap {
  #distances = new Uint8Array(1024)
  readonly #large = new Map<number, number>()
  /** The number of every 64th event. */
  #known = new Float64Array(16)
  #count = 0
  #last = 0

  /** Takes the number of the host's next event. */
  push(merged: number): void {
    const n = this.#count++
    if (n === this.#distances.length) this.#distances = copied(this.#distances, new Uint8Array(n * 2))
    const distance = merged - this.#last
    if (distance >= LARGE) {
      this.#distances[n] = LARGE
      this.#large.set(n, distance)
    } else this.#distances[n] = distance
    this.#last = merged
    if (n % STRIDE !== 0) return
    const k = n / STRIDE
    if (k === this.#known.length) this.#known = copied(this.#known, new Float64Array(k * 2))
    this.#known[k] = merged
  }

  /** The number that the host's event `seq` (from 1) got; null when it got none yet. */
  get(seq: number): number | null {
    const n = seq - 1
    if (!(n >= 0 && n < this.#count)) return null
    const k = Math.floor(n / STRIDE)
    let merged = this.#known[k]!
    for (let i = k * STRIDE + 1; i <= n; i++) {
      const distance = this.#distances[i]!
      merged += distance === LARGE ? this.#large.get(i)! : distance
    }
    return merged
  }
}

function copied<T extends Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(from: T, to: T): T {
  to.set(from)
  return to
}
