import { isLittleEndian } from './endian.ts'
import { assertWithin, type Medium } from './medium.ts'

/** Below this a byte's number can be shifted to that of its word. */
const SHIFTABLE = 2 ** 31

/** A medium in memory, over bytes of yours. What is stored is there at once; there is nothing to flush. */
export class MemoryMedium implements Medium {
  readonly size: number
  readonly bytes: Uint8Array
  /** Not of what extends it: that may see to its stores. */
  readonly memory: Uint8Array | undefined
  /** Words are twice as fast through a typed array, which needs bytes that are aligned and a machine of the medium's byte order. */
  readonly #words: Uint32Array | null
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.memory = new.target === MemoryMedium ? bytes : undefined
    this.size = bytes.length
    const isAligned = isLittleEndian && bytes.byteOffset % 4 === 0
    this.#words = isAligned ? new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4)) : null
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  load(at: number, into: Uint8Array): void {
    assertWithin(this, at, into.length)
    into.set(this.bytes.subarray(at, at + into.length))
  }

  load32(at: number): number {
    assertWithin(this, at, 4)
    return this.#words === null ? this.#view.getUint32(at, true) : this.#words[at < SHIFTABLE ? at >>> 2 : at / 4]!
  }

  store(at: number, from: Uint8Array): void {
    assertWithin(this, at, from.length)
    this.bytes.set(from, at)
  }

  store32(at: number, word: number): void {
    assertWithin(this, at, 4)
    if (this.#words === null) this.#view.setUint32(at, word, true)
    else this.#words[at < SHIFTABLE ? at >>> 2 : at / 4] = word
  }

  store64(at: number, low: number, high: number): void {
    assertWithin(this, at, 8)
    const words = this.#words
    if (words === null) {
      this.#view.setUint32(at, low, true)
      this.#view.setUint32(at + 4, high, true)
      return
    }
    const word = at < SHIFTABLE ? at >>> 2 : at / 4
    words[word] = low
    words[word + 1] = high
  }

  zero(at: number, length: number): void {
    assertWithin(this, at, length)
    this.bytes.fill(0, at, at + length)
  }

  flush(): void {}

  fence(): void {}
}
