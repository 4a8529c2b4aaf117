import { IO_BYTES } from '../limits.ts'
import type { DiskFile } from './disk.ts'

/** A file read in pieces of IO_BYTES. */
export class FileWindow {
  readonly #file: DiskFile
  readonly #end: number
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #start = 0
  #length = 0

  /** Nothing from byte `end` on is read. */
  constructor(file: DiskFile, end: number) {
    this.#file = file
    this.#end = end
  }

  /** Up to `n` bytes from `at`; fewer where the file ends. Valid until the next call. */
  async bytes(at: number, n: number): Promise<Uint8Array<ArrayBuffer>> {
    if (at < this.#start || at + n > this.#start + this.#length) await this.#fill(at, n)
    return this.#bytes.subarray(at - this.#start, Math.min(at - this.#start + n, this.#length))
  }

  /** All bytes from `at` on that are at hand, at least `n` where the file has them. Valid until the next call. */
  async rest(at: number, n: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.bytes(at, n)
    return this.#bytes.subarray(at - this.#start, this.#length)
  }

  async #fill(at: number, n: number): Promise<void> {
    const length = Math.max(0, Math.min(Math.max(n, IO_BYTES), this.#end - at))
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length)
    this.#length = await this.#file.read(this.#bytes.subarray(0, length), at)
    this.#start = at
  }
}
