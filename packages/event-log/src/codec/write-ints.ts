/** Writes columns of whole numbers, see int-column.ts. */
import type { ByteWriter } from './bytes.ts'
import { ALL_NULL, BITS, DELTA, NULLS, SCALED, WIDE, alignmentOf, bytesOf, mustBeLittleEndian, type Layout } from './int-column.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** The code of the narrowest width. */
function widthOf(range: number): number {
  if (range < 0x10) return range === 0 ? 0 : range < 2 ? 5 : range < 4 ? 6 : 7
  return range < 0x100 ? 1 : range < 0x1_0000 ? 2 : range < 0x1_0000_0000 ? 3 : WIDE
}

/** The smallest range that needs a width; a narrower one is worth a delta. */
const RANGE = [0, 0x10, 0x100, 0x1_0000, 0x1_0000_0000, 1, 2, 4] as const

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
function sharedDivisor(values: Float64Array, n: number, base: number): number {
  let divisor = 0
  for (let i = 0; i < n; i++) {
    const difference = values[i]! - base
    // Most columns have few values.
    if (difference === 0 || difference === divisor) continue
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

/** The steps between values that follow each other, in a buffer that the next call overwrites. */
let steps = new Float64Array(4096)

/** The smallest and largest of the steps, which are in `steps` then; null when their range reaches `limit`. */
function stepsWithin(values: Float64Array, n: number, limit: number): { readonly min: number; readonly max: number } | null {
  if (steps.length < n) steps = new Float64Array(n)
  const into = steps
  let min = Infinity
  let max = -Infinity
  let before = values[0]!
  for (let i = 1; i < n; i++) {
    const value = values[i]!
    const step = value - before
    before = value
    into[i - 1] = step
    if (step < min) min = step
    if (step > max) max = step
    if (max - min >= limit) return null
  }
  return n > 1 && min >= -MAX && max <= MAX ? { min, max } : null
}

/** What `writeInts` comes to for one value: nulls, or words of no width. */
function writeOne(out: ByteWriter, value: number): void {
  if (value !== value) return out.u8(ALL_NULL)
  out.u8(0)
  out.signed(value)
}

/** What a column is between; `min` is above `max` where all are null. */
export interface Range {
  readonly min: number
  readonly max: number
  readonly nulls: number
}

export function rangeOf(values: Float64Array, n: number): Range {
  let nulls = 0
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < n; i++) {
    const v = values[i]!
    if (v < min) min = v
    if (v > max) max = v
    if (v !== v) nulls++
  }
  return { min, max, nulls }
}

/** The first `n` of `values`; all must be safe integers or NaN. @param range theirs, where somebody knows it already. */
export function writeInts(out: ByteWriter, values: Float64Array, n: number, range?: Range): void {
  if (n === 1) return writeOne(out, values[0]!)
  const { min, max, nulls } = range ?? rangeOf(values, n)
  if (nulls === n) return out.u8(n === 0 ? 0 : ALL_NULL)
  const { kept, count } = nulls === 0 ? { kept: values, count: n } : compacted(values, n)
  const width = widthOf(max - min)
  const between = stepsWithin(kept, count, RANGE[width]!)
  const delta = between !== null
  const base = delta ? between.min : min
  const span = delta ? between.max - between.min : max - min
  const from = delta ? steps : kept
  const words = delta ? count - 1 : count
  let code = widthOf(span)
  let divisor = 1
  if (code === 2 || code === 3) {
    divisor = sharedDivisor(from, words, base)
    if (divisor > 1) code = widthOf(span / divisor)
  }
  out.u8(code | (delta ? DELTA : 0) | (nulls > 0 ? NULLS : 0) | (divisor > 1 ? SCALED : 0))
  if (nulls > 0) writeNulls(out, values, n)
  if (code !== WIDE) out.signed(base)
  if (delta) out.signed(kept[0]!)
  if (divisor > 1) out.varint(divisor)
  if (code === WIDE) writeWide(out, kept, count)
  else if (code !== 0) writeWords(out, from, words, { code, base, divisor })
}

/** The first `n` of `from`, which are steps where the column is one of steps. */
function writeWords(out: ByteWriter, from: Float64Array, n: number, { code, base, divisor }: Omit<Layout, 'delta'>): void {
  mustBeLittleEndian()
  out.align(alignmentOf(code))
  const at = out.reserve(bytesOf(code, n))
  // Words of less than a byte come of small ranges, and of divided ones only when all of that was.
  if (code > WIDE)
    return pack(out.bytes, at, divisor === 1 ? from : divided(from, n, base, divisor), n, divisor === 1 ? base : 0, BITS[code]!)
  // One loop for each width: each sees arrays of one kind only.
  if (code === 1) {
    const words = out.bytes
    for (let i = 0; i < n; i++) words[at + i] = divisor === 1 ? from[i]! - base : (from[i]! - base) / divisor
  } else if (code === 2) {
    const words = out.words16
    const first = at >> 1
    for (let i = 0; i < n; i++) words[first + i] = divisor === 1 ? from[i]! - base : (from[i]! - base) / divisor
  } else {
    const words = out.words32
    const first = at >> 2
    for (let i = 0; i < n; i++) words[first + i] = divisor === 1 ? from[i]! - base : (from[i]! - base) / divisor
  }
}

/** The quotients of what is above `base`, in the buffer of steps. */
function divided(values: Float64Array, n: number, base: number, divisor: number): Float64Array {
  if (steps.length < n) steps = new Float64Array(n)
  for (let i = 0; i < n; i++) steps[i] = (values[i]! - base) / divisor
  return steps
}

function writeWide(out: ByteWriter, values: Float64Array, count: number): void {
  mustBeLittleEndian()
  out.align(alignmentOf(WIDE))
  const at = out.reserve(count * 8)
  const words = out.words32
  const low = at >> 2
  const high = low + count
  for (let i = 0; i < count; i++) {
    const v = values[i]!
    words[low + i] = v % 2 ** 32
    words[high + i] = Math.floor(v / 2 ** 32)
  }
}

/** Several words to a byte, the first in its lowest bits. */
function pack(bytes: Uint8Array, at: number, values: Float64Array, n: number, base: number, bits: number): void {
  if (bits === 4) return packHalves(bytes, at, values, n, base)
  if (bits === 2) return packQuarters(bytes, at, values, n, base)
  let byte = 0
  let shift = 0
  for (let i = 0; i < n; i++) {
    byte |= (values[i]! - base) << shift
    shift += bits
    if (shift < 8) continue
    bytes[at++] = byte
    byte = 0
    shift = 0
  }
  if (shift > 0) bytes[at] = byte
}

/** The same for four words to a byte. */
function packQuarters(bytes: Uint8Array, at: number, values: Float64Array, n: number, base: number): void {
  const whole = n >> 2
  for (let i = 0; i < whole; i++) {
    const v = i * 4
    bytes[at + i] = (values[v]! - base) | ((values[v + 1]! - base) << 2) | ((values[v + 2]! - base) << 4) | ((values[v + 3]! - base) << 6)
  }
  let byte = 0
  for (let i = whole * 4; i < n; i++) byte |= (values[i]! - base) << ((i & 3) * 2)
  if (n % 4 !== 0) bytes[at + whole] = byte
}

/** The same for two words to a byte. */
function packHalves(bytes: Uint8Array, at: number, values: Float64Array, n: number, base: number): void {
  const pairs = n >> 1
  for (let i = 0; i < pairs; i++) bytes[at + i] = (values[2 * i]! - base) | ((values[2 * i + 1]! - base) << 4)
  if (n % 2 === 1) bytes[at + pairs] = values[n - 1]! - base
}
