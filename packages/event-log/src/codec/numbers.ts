import type { ByteWriter } from './bytes.ts'
import { writeInts } from './write-ints.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** Whether a number is a whole one, and exact. Most are small: that is seen at once. */
export function isWholeNumber(n: number): boolean {
  return (n | 0) === n || (n >= -MAX && n <= MAX && Math.floor(n) === n)
}

/** A copy with room for four times as many. */
export function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(Math.max(64, values.length * 4))
  more.set(values)
  return more
}

/** A growing column of whole numbers; NaN is null. */
export class Numbers {
  values = new Float64Array(64)
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values)
    this.values[this.length++] = value
  }

  /** Writes the column and empties it. */
  write(out: ByteWriter): void {
    writeInts(out, this.values, this.length)
    this.length = 0
  }
}

/** A column of which most places are 0, as all are that were never set. */
export class SparseNumbers {
  #values = new Float64Array(0)
  #isSet = false

  set(place: number, value: number): void {
    if (place >= this.#values.length) this.#reach(place + 1)
    this.#values[place] = value
    this.#isSet = true
  }

  /** All places up to one, to be set there. */
  room(length: number): Float64Array {
    if (length > this.#values.length) this.#reach(length)
    this.#isSet = true
    return this.#values
  }

  get(place: number): number {
    return this.#values[place] ?? 0
  }

  /** Sets all places from `place` on back to 0. */
  cut(place: number): void {
    this.#values.fill(0, place)
  }

  #reach(length: number): void {
    if (length <= this.#values.length) return
    const grown = new Float64Array(Math.max(64, length, this.#values.length * 4))
    grown.set(this.#values)
    this.#values = grown
  }

  /** Writes the first `n` places and starts anew. */
  write(out: ByteWriter, n: number): void {
    if (!this.#isSet) {
      // All 0: width 0, base 0.
      out.u8(0)
      out.u8(0)
      return
    }
    this.#reach(n)
    writeInts(out, this.#values, n)
    this.#values.fill(0, 0, n)
    this.#isSet = false
  }
}
