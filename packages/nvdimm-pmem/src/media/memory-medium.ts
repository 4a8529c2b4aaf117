import { assertWithin, type Medium } from './medium.ts'

/** A medium in memory, over bytes of yours. What is stored is there at once; there is nothing to flush. */
export class MemoryMedium implements Medium {
  readonly size: number
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.size = bytes.length
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  load(at: number, into: Uint8Array): void {
    assertWithin(this, at, into.length)
    into.set(this.bytes.subarray(at, at + into.length))
  }

  load32(at: number): number {
    return this.#view.getUint32(at, true)
  }

  store(at: number, from: Uint8Array): void {
    this.bytes.set(from, at)
  }

  store32(at: number, word: number): void {
    this.#view.setUint32(at, word, true)
  }

  store64(at: number, low: number, high: number): void {
    this.#view.setUint32(at, low, true)
    this.#view.setUint32(at + 4, high, true)
  }

  zero(at: number, length: number): void {
    assertWithin(this, at, length)
    this.bytes.fill(0, at, at + length)
  }

  flush(): void {}

  fence(): void {}
}
