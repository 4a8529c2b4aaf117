/**
 * A column of whole numbers, any of which may be null. Nulls are a bitmap; the others are stored as the difference
 * from the smallest (or from the one before, where that is narrower), divided by what all differences share, in the
 * narrowest of 0, 1, 2, 4, 8, 16, 32 or 64 bits. In memory a column is a Float64Array in which NaN is null.
 */
import { BrokenBlockError, type ByteReader, type ByteWriter } from './bytes.ts'

/** Bits of a word by width code. */
const BITS = [0, 8, 16, 32, 64, 1, 2, 4] as const
/** The code of the words of two halves. */
const WIDE = 4
const WIDTH_BITS = 0x07
const DELTA = 0x08
const NULLS = 0x10
const ALL_NULL = 0x20
const SCALED = 0x40

const MAX = Number.MAX_SAFE_INTEGER

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The code of the narrowest width. */
function widthOf(range: number): number {
  if (range < 0x10) return range === 0 ? 0 : range < 2 ? 5 : range < 4 ? 6 : 7
  return range < 0x100 ? 1 : range < 0x1_0000 ? 2 : range < 0x1_0000_0000 ? 3 : WIDE
}

/** The smallest range that needs a width; a narrower one is worth a delta. */
const RANGE = [0, 0x10, 0x100, 0x1_0000, 0x1_0000_0000, 1, 2, 4] as const

/** Bytes of `n` words. */
function bytesOf(code: number, n: number): number {
  return Math.ceil((n * BITS[code]!) / 8)
}

/** What words of a width are aligned to. */
function alignmentOf(code: number): number {
  return code === 2 ? 2 : code === 3 || code === WIDE ? 4 : 1
}

let scratch = new Float64Array(4096)

/** The values that are not null, in a buffer that the next call overwrites. */
function compacted(values: Float64Array, n: number): { kept: Float64Array; count: number } {
  if (scratch.length < n) scratch = new Float64Array(n)
  let count = 0
  for (let i = 0; i < n; i++) {
    const v = values[i]!
    if (v === v) scratch[count++] = v
  }
  return { kept: scratch, count }
}

function divisorOf(a: number, b: number): number {
  if (a <= 0x7fff_ffff && b <= 0x7fff_ffff) {
    // Whole-number division of the machine, an order faster than that of doubles.
    let x = a | 0
    let y = b | 0
    while (y !== 0) {
      const rest = (x % y) | 0
      x = y
      y = rest
    }
    return x
  }
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

/** What divides all differences from `base`; 1 at once where the first few show that nothing does. */
function sharedDivisor(values: Float64Array, n: number, base: number, delta: boolean): number {
  const from = delta ? 1 : 0
  let divisor = 0
  for (let i = from; i < n; i++) {
    const difference = (delta ? values[i]! - values[i - 1]! : values[i]!) - base
    divisor = divisorOf(difference, divisor)
    if (divisor === 1) return 1
  }
  return divisor === 0 ? 1 : divisor
}

function writeNulls(out: ByteWriter, values: Float64Array, n: number): void {
  const at = out.reserve((n + 7) >> 3)
  const { bytes } = out
  for (let i = 0; i < n; i++) if (Number.isNaN(values[i]!)) bytes[at + (i >> 3)]! |= 1 << (i & 7)
}

/** The smallest and largest step between values that follow each other; null when their range reaches `limit`. */
function stepsWithin(values: Float64Array, n: number, limit: number): { readonly min: number; readonly max: number } | null {
  let min = Infinity
  let max = -Infinity
  for (let i = 1; i < n; i++) {
    const step = values[i]! - values[i - 1]!
    if (step < min) min = step
    if (step > max) max = step
    if (max - min >= limit) return null
  }
  return n > 1 && min >= -MAX && max <= MAX ? { min, max } : null
}

/** The first `n` of `values`; all must be safe integers or NaN. */
export function writeInts(out: ByteWriter, values: Float64Array, n: number): void {
  let nulls = 0
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < n; i++) {
    const v = values[i]!
    if (v < min) min = v
    if (v > max) max = v
    if (v !== v) nulls++
  }
  if (nulls === n) return out.u8(n === 0 ? 0 : ALL_NULL)
  const { kept, count } = nulls === 0 ? { kept: values, count: n } : compacted(values, n)
  const width = widthOf(max - min)
  const steps = stepsWithin(kept, count, RANGE[width]!)
  const delta = steps !== null
  const base = delta ? steps.min : min
  const range = delta ? steps.max - steps.min : max - min
  let code = widthOf(range)
  let divisor = 1
  if (code === 2 || code === 3) {
    divisor = sharedDivisor(kept, count, base, delta)
    if (divisor > 1) code = widthOf(range / divisor)
  }
  out.u8(code | (delta ? DELTA : 0) | (nulls > 0 ? NULLS : 0) | (divisor > 1 ? SCALED : 0))
  if (nulls > 0) writeNulls(out, values, n)
  if (code !== WIDE) out.signed(base)
  if (delta) out.signed(kept[0]!)
  if (divisor > 1) out.varint(divisor)
  writeWords(out, kept, count, { code, base, delta, divisor })
}

interface Layout {
  readonly code: number
  readonly base: number
  readonly delta: boolean
  readonly divisor: number
}

type Words = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

function wordsAt(bytes: Uint8Array<ArrayBuffer>, at: number, code: number, n: number): Words {
  const offset = bytes.byteOffset + at
  if (code === 1) return new Uint8Array(bytes.buffer, offset, n)
  if (code === 2) return new Uint16Array(bytes.buffer, offset, n)
  return new Uint32Array(bytes.buffer, offset, n)
}

function mustBeLittleEndian(): void {
  if (!isLittleEndian) throw new Error('the columns of a log are read and written on little-endian machines only')
}

function writeWords(out: ByteWriter, values: Float64Array, count: number, { code, base, delta, divisor }: Layout): void {
  if (code === 0) return
  mustBeLittleEndian()
  const n = delta ? count - 1 : count
  out.align(alignmentOf(code))
  if (code === WIDE) {
    const low = wordsAt(out.bytes, out.reserve(count * 8), 3, 0).byteOffset
    const words = new Uint32Array(out.bytes.buffer, low, count * 2)
    for (let i = 0; i < count; i++) {
      const v = values[i]!
      words[i] = v % 2 ** 32
      words[count + i] = Math.floor(v / 2 ** 32)
    }
    return
  }
  const at = out.reserve(bytesOf(code, n))
  if (code > WIDE) return pack(out.bytes, at, values, n, { code, base, delta, divisor })
  const words = wordsAt(out.bytes, at, code, n)
  if (delta) for (let i = 0; i < n; i++) words[i] = (values[i + 1]! - values[i]! - base) / divisor
  else if (divisor > 1) for (let i = 0; i < n; i++) words[i] = (values[i]! - base) / divisor
  else for (let i = 0; i < n; i++) words[i] = values[i]! - base
}

/** Several words to a byte, the first in its lowest bits. */
function pack(bytes: Uint8Array, at: number, values: Float64Array, n: number, { code, base, delta, divisor }: Layout): void {
  const bits = BITS[code]!
  let byte = 0
  let shift = 0
  for (let i = 0; i < n; i++) {
    const difference = (delta ? values[i + 1]! - values[i]! : values[i]!) - base
    byte |= (divisor === 1 ? difference : difference / divisor) << shift
    shift += bits
    if (shift < 8) continue
    bytes[at++] = byte
    byte = 0
    shift = 0
  }
  if (shift > 0) bytes[at] = byte
}

function unpacked(bytes: Uint8Array, code: number, n: number): Words {
  const bits = BITS[code]!
  const mask = (1 << bits) - 1
  const words = new Uint8Array(n)
  for (let i = 0, at = 0; i < n; at++) {
    const byte = bytes[at]!
    for (let shift = 0; shift < 8 && i < n; shift += bits) words[i++] = (byte >> shift) & mask
  }
  return words
}

/** @throws BrokenBlockError when the bytes are no column of `n` whole numbers. */
export function readInts(input: ByteReader, n: number): Float64Array {
  const flags = input.u8()
  const values = new Float64Array(n)
  if (flags & ALL_NULL) {
    if (flags !== ALL_NULL) throw new BrokenBlockError('a column with flags that exclude each other')
    return values.fill(Number.NaN)
  }
  if (n === 0) return values
  const code = flags & WIDTH_BITS
  if (flags >= 0x80 || (code === WIDE && flags & (DELTA | SCALED))) throw new BrokenBlockError('a column of an unknown form')
  const nulls = flags & NULLS ? input.take((n + 7) >> 3) : null
  let count = n
  if (nulls !== null) for (let i = 0; i < n; i++) count -= (nulls[i >> 3]! >> (i & 7)) & 1
  const delta = (flags & DELTA) !== 0
  if (count === 0) throw new BrokenBlockError('a column without values')
  const base = code === WIDE ? 0 : input.signed()
  const first = delta ? input.signed() : 0
  const divisor = flags & SCALED ? input.varint() : 1
  readWords(input, values, count, { code, base, delta, divisor }, first)
  if (nulls !== null) spread(values, count, nulls)
  return values
}

function readWords(input: ByteReader, values: Float64Array, count: number, { code, base, delta, divisor }: Layout, first: number): void {
  const n = delta ? count - 1 : count
  let words: Words | null = null
  if (code > 0) {
    mustBeLittleEndian()
    input.align(alignmentOf(code))
    const bytes = input.take(bytesOf(code, n))
    words = code > WIDE ? unpacked(bytes, code, n) : wordsAt(bytes, 0, Math.min(code, 3), code === WIDE ? n * 2 : n)
  }
  if (code === WIDE) return readWide(words!, values, count)
  if (delta) {
    let v = first
    values[0] = v
    for (let i = 0; i < n; i++) {
      v += base + (words === null ? 0 : words[i]! * divisor)
      if (!(v >= -MAX && v <= MAX)) throw new BrokenBlockError('a number past 2^53')
      values[i + 1] = v
    }
    return
  }
  if (words === null) return void values.fill(base, 0, count)
  if (Math.abs(base) + 2 ** 32 * divisor > MAX) {
    for (let i = 0; i < n; i++) if (!Number.isSafeInteger(base + words[i]! * divisor)) throw new BrokenBlockError('a number past 2^53')
  }
  if (divisor === 1) for (let i = 0; i < n; i++) values[i] = base + words[i]!
  else for (let i = 0; i < n; i++) values[i] = base + words[i]! * divisor
}

function readWide(words: Words, values: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const v = (words[count + i]! | 0) * 2 ** 32 + words[i]!
    if (!Number.isSafeInteger(v)) throw new BrokenBlockError('a number past 2^53')
    values[i] = v
  }
}

/** Puts the nulls between the values. */
function spread(values: Float64Array, count: number, nulls: Uint8Array): void {
  let from = count
  for (let i = values.length - 1; i >= 0; i--) {
    values[i] = (nulls[i >> 3]! >> (i & 7)) & 1 ? Number.NaN : values[--from]!
  }
}

/** Moves over a column of `n` whole numbers without decoding it. @throws BrokenBlockError when it does not fit. */
export function skipInts(input: ByteReader, n: number): void {
  const flags = input.u8()
  if (flags === ALL_NULL || n === 0) return
  let count = n
  if (flags & NULLS) for (const byte of input.take((n + 7) >> 3)) count -= bitsOf(byte)
  const code = flags & WIDTH_BITS
  if (count <= 0) throw new BrokenBlockError('a column without values')
  if (code !== WIDE) input.signed()
  if (flags & DELTA) input.signed()
  if (flags & SCALED) input.varint()
  if (code === 0) return
  input.align(alignmentOf(code))
  input.take(bytesOf(code, flags & DELTA ? count - 1 : count))
}

function bitsOf(byte: number): number {
  let bits = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) bits++
  return bits
}
