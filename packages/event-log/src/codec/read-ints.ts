/** Reads columns of whole numbers, see int-column.ts. */
import { BrokenBlockError, type ByteReader } from './bytes.ts'
import {
  ALL_NULL,
  BITS,
  DELTA,
  NULLS,
  SCALED,
  WIDE,
  WIDTH_BITS,
  alignmentOf,
  bytesOf,
  mustBeLittleEndian,
  type Layout,
} from './int-column.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** Whether nulls may be in a column; and where it is decoded to. */
export interface ReadIntsOptions {
  readonly nullable?: boolean
  /** @returns room for `n` numbers, whatever they are. */
  readonly room?: (n: number) => Float64Array
}

/** @throws BrokenBlockError when the bytes are no column of `n` whole numbers, or hold a null that may not be. */
export function readInts(input: ByteReader, n: number, { nullable = true, room }: ReadIntsOptions = {}): Float64Array {
  const flags = input.u8()
  const values = room === undefined ? new Float64Array(n) : room(n)
  if (!nullable && flags & (ALL_NULL | NULLS)) throw new BrokenBlockError('a null where there may be none')
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
  if (code === WIDE) return readWide(input, values, count)
  const at = delta ? 1 : 0
  if (code === 0) values.fill(base, at, count)
  else {
    mustBeLittleEndian()
    input.align(alignmentOf(code))
    spreadWords(input.take(bytesOf(code, n)), code, values, at, count)
    if (divisor !== 1 || base !== 0) for (let i = at; i < count; i++) values[i] = base + values[i]! * divisor
  }
  if (delta) sumUp(values, count, first)
  else if (Math.abs(base) + 2 ** 32 * divisor > MAX) mustBeExact(values, count)
}

/** Each value becomes the sum of those up to it, from `first` on. */
function sumUp(values: Float64Array, count: number, first: number): void {
  let v = first
  values[0] = v
  for (let i = 1; i < count; i++) {
    v += values[i]!
    values[i] = v
    if (!(v >= -MAX && v <= MAX)) throw new BrokenBlockError('a number past 2^53')
  }
}

function mustBeExact(values: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) if (!Number.isSafeInteger(values[i]!)) throw new BrokenBlockError('a number past 2^53')
}

/** Words as numbers, to the places from `from` up to `to`. One loop for each width: each sees arrays of one kind only. */
function spreadWords(bytes: Uint8Array<ArrayBuffer>, code: number, values: Float64Array, from: number, to: number): void {
  switch (code) {
    case 1:
      for (let i = from; i < to; i++) values[i] = bytes[i - from]!
      return
    case 2: {
      const words = new Uint16Array(bytes.buffer, bytes.byteOffset, to - from)
      for (let i = from; i < to; i++) values[i] = words[i - from]!
      return
    }
    case 3: {
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, to - from)
      for (let i = from; i < to; i++) values[i] = words[i - from]!
      return
    }
    default:
      unpack(bytes, BITS[code]!, values, from, to)
  }
}

function unpack(bytes: Uint8Array, bits: number, values: Float64Array, from: number, to: number): void {
  const mask = (1 << bits) - 1
  let at = 0
  let byte = 0
  let shift = 8
  for (let i = from; i < to; i++) {
    if (shift === 8) {
      byte = bytes[at++]!
      shift = 0
    }
    values[i] = (byte >> shift) & mask
    shift += bits
  }
}

function readWide(input: ByteReader, values: Float64Array, count: number): void {
  mustBeLittleEndian()
  input.align(alignmentOf(WIDE))
  const bytes = input.take(bytesOf(WIDE, count))
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, count * 2)
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
