/** Bytes in and out of a block: little-endian words, variable-length whole numbers, strings. Every read is bounded. */

/** Stored bytes that no writer wrote, though their checksum may be right. Nothing of them is handed out. */
export class BrokenBlockError extends Error {
  override readonly name = 'BrokenBlockError'
}

const MAX = Number.MAX_SAFE_INTEGER
const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ASCII_CHARS = 32

/** A growing run of bytes. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView<ArrayBuffer>
  /** The same bytes as words; made when they are asked for, not for each column. */
  #words16: Uint16Array<ArrayBuffer> | null = null
  #words32: Uint32Array<ArrayBuffer> | null = null
  length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.ceil(capacity / 4) * 4)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** What was written; valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length)
  }

  /** Makes room for `n` more bytes, all zero, and returns where they start. */
  reserve(n: number): number {
    const at = this.length
    const needed = at + n
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(Math.ceil(needed / 4) * 4, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
      this.#words16 = null
      this.#words32 = null
    }
    this.length = needed
    return at
  }

  /** The bytes themselves, to fill what was reserved. Not valid any more after the next write. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  /** The same as words of 16 bits, of the machine's order. */
  get words16(): Uint16Array<ArrayBuffer> {
    return (this.#words16 ??= new Uint16Array(this.#bytes.buffer))
  }

  get words32(): Uint32Array<ArrayBuffer> {
    return (this.#words32 ??= new Uint32Array(this.#bytes.buffer))
  }

  clear(): void {
    this.#bytes.fill(0, 0, this.length)
    this.length = 0
  }

  u8(n: number): void {
    const at = this.reserve(1)
    this.#bytes[at] = n
  }

  u16(n: number): void {
    const at = this.reserve(2)
    this.#view.setUint16(at, n, true)
  }

  u32(n: number): void {
    const at = this.reserve(4)
    this.#view.setUint32(at, n, true)
  }

  /** A whole number from 0 to 2^53 − 1 as a 64-bit word. */
  u53(n: number): void {
    this.u32(n % 2 ** 32)
    this.u32(Math.floor(n / 2 ** 32))
  }

  /** 7 bits a byte, least first; the top bit says that more follow. */
  varint(n: number): void {
    while (n >= 0x80) {
      this.u8((n % 0x80) | 0x80)
      n = Math.floor(n / 0x80)
    }
    this.u8(n)
  }

  /** As `varint`, but bit 6 of the first byte is the sign. */
  signed(n: number): void {
    const sign = n < 0 ? 0x40 : 0
    const abs = Math.abs(n)
    if (abs < 0x40) return this.u8(abs | sign)
    this.u8((abs % 0x40) | sign | 0x80)
    this.varint(Math.floor(abs / 0x40))
  }

  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Zeros up to a multiple of `n`. */
  align(n: number): void {
    this.reserve((n - (this.length % n)) % n)
  }

  /**
   * A string, without its length. @returns twice the number of bytes, plus 1 where the bytes are UTF-16 code units
   * (a string with a lone surrogate has no UTF-8).
   */
  text(text: string): number {
    const at = this.length
    if (text.length <= ASCII_CHARS) {
      this.reserve(text.length)
      let i = 0
      for (; i < text.length; i++) {
        const c = text.charCodeAt(i)
        if (c > 0x7f) break
        this.#bytes[at + i] = c
      }
      if (i === text.length) return i * 2
      this.#bytes.fill(0, at, this.length)
      this.length = at
    }
    if (!text.isWellFormed()) {
      this.reserve(text.length * 2)
      for (let i = 0; i < text.length; i++) this.#view.setUint16(at + i * 2, text.charCodeAt(i), true)
      return text.length * 4 + 1
    }
    if (text.length > 0x10000) this.raw(encoder.encode(text))
    else {
      this.reserve(text.length * 3)
      const { written } = encoder.encodeInto(text, this.#bytes.subarray(at))
      this.#bytes.fill(0, at + written, this.length)
      this.length = at + written
    }
    return (this.length - at) * 2
  }

  /** A string with its length before it. */
  string(text: string): void {
    const scratch = new ByteWriter(Math.max(16, text.length * 3 > 0x10000 ? text.length : text.length * 3))
    const code = scratch.text(text)
    this.varint(code)
    this.raw(scratch.written())
  }
}

/** The string of a length code of {@link ByteWriter.text} and its bytes. @throws BrokenBlockError. */
export function decodeText(bytes: Uint8Array, code: number): string {
  const wide = code % 2 === 1
  if (bytes.length <= ASCII_CHARS && !wide) {
    let text = ''
    for (const c of bytes) {
      if (c > 0x7f) return decodeUtf8(bytes)
      text += String.fromCharCode(c)
    }
    return text
  }
  if (!wide) return decodeUtf8(bytes)
  if (bytes.length % 2 === 1) throw new BrokenBlockError('UTF-16 with half a code unit')
  return decodeUtf16(bytes)
}

/** Characters that are made into a string at once: one by one, each would be an object of its own. */
const PIECE_CHARS = 4096

/** A TextDecoder would replace lone surrogates. */
function decodeUtf16(bytes: Uint8Array): string {
  const units = new Uint16Array(Math.min(PIECE_CHARS, bytes.length / 2))
  let text = ''
  for (let at = 0; at < bytes.length; at += 2 * PIECE_CHARS) {
    const n = Math.min(PIECE_CHARS, (bytes.length - at) / 2)
    for (let i = 0; i < n; i++) units[i] = bytes[at + 2 * i]! | (bytes[at + 2 * i + 1]! << 8)
    text += String.fromCharCode(...units.subarray(0, n))
  }
  return text
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new BrokenBlockError('bytes that are not UTF-8', { cause: error })
  }
}

/** Reads what a {@link ByteWriter} wrote. @throws BrokenBlockError wherever the bytes end too early or make no sense. */
export class ByteReader {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly end: number
  at: number

  constructor(bytes: Uint8Array<ArrayBuffer>, at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  u8(): number {
    if (this.at >= this.end) throw new BrokenBlockError('the bytes end too early')
    return this.bytes[this.at++]!
  }

  varint(): number {
    let n = 0
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.u8()
      n += (byte & 0x7f) * unit
      if (n > MAX || unit > MAX) throw new BrokenBlockError('a number past 2^53')
      if (byte < 0x80) return n
    }
  }

  signed(): number {
    const first = this.u8()
    const low = first & 0x3f
    const abs = first < 0x80 ? low : low + this.varint() * 0x40
    if (abs > MAX) throw new BrokenBlockError('a number past 2^53')
    return first & 0x40 ? 0 - abs : abs
  }

  /** A number of things of at least `bytesEach`, at most `max`: checked against what is left before anything is allocated. */
  count(max: number, bytesEach: number, what: string): number {
    const n = this.varint()
    if (n > max || n * bytesEach > this.left) throw new BrokenBlockError(`${n} ${what}, more than there is room for`)
    return n
  }

  take(n: number): Uint8Array<ArrayBuffer> {
    if (n > this.left) throw new BrokenBlockError('the bytes end too early')
    this.at += n
    return this.bytes.subarray(this.at - n, this.at)
  }

  align(n: number): void {
    this.at += (n - (this.at % n)) % n
  }

  string(): string {
    const code = this.varint()
    return decodeText(this.take(Math.floor(code / 2)), code)
  }
}
