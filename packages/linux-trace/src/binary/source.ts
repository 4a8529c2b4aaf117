import { RecordingError } from '../errors.ts'

/** Bytes that can be read anywhere. */
export interface ByteSource {
  readonly size: number
  /** Reads `length` bytes from `offset` on; fewer at the end. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Unpacks what was compressed with an algorithm that trace-cmd knows (`zlib`, `zstd`), to `length` bytes. @throws when it is none, or damaged. */
export type Decompress = (algorithm: string, bytes: Uint8Array, length: number) => Uint8Array

/** Reads numbers and strings of a trace.dat one after the other; every error says where. */
export class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #little: boolean
  /** Where the bytes begin in the file, and what they are, for errors. */
  readonly #base: number
  readonly #what: string
  at = 0

  constructor(bytes: Uint8Array, little: boolean, base: number, what: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#little = little
    this.#base = base
    this.#what = what
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  #need(bytes: number): number {
    if (bytes < 0 || bytes > this.left) {
      throw damaged(this.#base + this.at, `${this.#what} ends ${this.left} bytes further on, where ${bytes} more were announced`)
    }
    const at = this.at
    this.at += bytes
    return at
  }

  u8(): number {
    return this.#bytes[this.#need(1)]!
  }

  u16(): number {
    return this.#view.getUint16(this.#need(2), this.#little)
  }

  u32(): number {
    return this.#view.getUint32(this.#need(4), this.#little)
  }

  /** @throws RecordingError also when it is past what a file can hold. */
  u64(): number {
    const at = this.#need(8)
    const [low, high] = this.#little ? [at, at + 4] : [at + 4, at]
    const value = this.#view.getUint32(high, this.#little) * 2 ** 32 + this.#view.getUint32(low, this.#little)
    if (!Number.isSafeInteger(value)) throw damaged(this.#base + at, `${this.#what} announces ${value} bytes`)
    return value
  }

  /** A string that a NUL ends. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.at)
    if (end < 0) throw damaged(this.#base + this.at, `a string in ${this.#what} has no end`)
    const text = latin.decode(this.#bytes.subarray(this.at, end))
    this.at = end + 1
    return text
  }

  take(bytes: number): Uint8Array {
    const at = this.#need(bytes)
    return this.#bytes.subarray(at, at + bytes)
  }
}

const latin = new TextDecoder('latin1')

export const damaged = (offset: number, what: string): RecordingError =>
  new RecordingError(
    `the trace.dat is damaged or cut at byte ${offset}: ${what}; copy it anew from the machine, or import the text of tracefs' "trace" file instead`,
  )
