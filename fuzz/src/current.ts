/** The input being run, in memory that outlives the worker that runs it: so that what hangs or kills it is known. */
import type { Bytes } from './target.ts'

const WORDS = 3
const BYTES_MAX = 1 << 22

export function makeShared(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * 4 + BYTES_MAX)
}

export class Current {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared, 0, WORDS)
    this.#bytes = new Uint8Array(shared, WORDS * 4)
  }

  set(target: number, input: Bytes): void {
    this.#bytes.set(input)
    Atomics.store(this.#words, 1, target)
    Atomics.store(this.#words, 2, input.length)
    Atomics.add(this.#words, 0, 1)
  }

  /** How many inputs there were; the same number twice is the same input. */
  get number(): number {
    return Atomics.load(this.#words, 0)
  }

  get target(): number {
    return Atomics.load(this.#words, 1)
  }

  get input(): Bytes {
    return this.#bytes.slice(0, Atomics.load(this.#words, 2))
  }
}
