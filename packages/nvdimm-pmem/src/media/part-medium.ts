import { assertWithin, type Medium } from './medium.ts'

/** A range of another medium as a medium of its own: a namespace within a backing file, an arena within a namespace. */
export class PartMedium implements Medium {
  readonly size: number
  readonly memory: Uint8Array | undefined
  readonly isBad: ((at: number, length: number) => boolean) | undefined
  readonly #base: Medium
  readonly #start: number

  /** @throws MediumError when the range is not within `base`. */
  constructor(base: Medium, start: number, size: number) {
    assertWithin(base, start, size)
    this.#base = base
    this.#start = start
    this.isBad = base.isBad === undefined ? undefined : (at, length) => base.isBad!(start + at, length)
    this.size = size
    this.memory = new.target === PartMedium ? base.memory?.subarray(start, start + size) : undefined
  }

  load(at: number, into: Uint8Array): void {
    assertWithin(this, at, into.length)
    this.#base.load(this.#start + at, into)
  }

  load32(at: number): number {
    assertWithin(this, at, 4)
    return this.#base.load32(this.#start + at)
  }

  store(at: number, from: Uint8Array): void {
    assertWithin(this, at, from.length)
    this.#base.store(this.#start + at, from)
  }

  store32(at: number, word: number): void {
    assertWithin(this, at, 4)
    this.#base.store32(this.#start + at, word)
  }

  store64(at: number, low: number, high: number): void {
    assertWithin(this, at, 8)
    this.#base.store64(this.#start + at, low, high)
  }

  zero(at: number, length: number): void {
    assertWithin(this, at, length)
    this.#base.zero(this.#start + at, length)
  }

  flush(at: number, length: number): void {
    this.#base.flush(this.#start + at, length)
  }

  fence(): void {
    this.#base.fence()
  }
}
