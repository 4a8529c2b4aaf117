/**
 * A column of whole numbers, any of which may be null. Nulls are a bitmap; the others are stored as the difference
 * from the smallest (or from the one before, where that is narrower), divided by what all differences share, in the
 * narrowest of 0, 1, 2, 4, 8, 16, 32 or 64 bits. In memory a column is a Float64Array in which NaN is null.
 */

/** Bits of a word by width code. */
export const BITS = [0, 8, 16, 32, 64, 1, 2, 4] as const
/** The code of the words of two halves. */
export const WIDE = 4
export const WIDTH_BITS = 0x07
export const DELTA = 0x08
export const NULLS = 0x10
export const ALL_NULL = 0x20
export const SCALED = 0x40

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Bytes of `n` words. */
export function bytesOf(code: number, n: number): number {
  return Math.ceil((n * BITS[code]!) / 8)
}

/** What words of a width are aligned to. */
export function alignmentOf(code: number): number {
  return code === 2 ? 2 : code === 3 || code === WIDE ? 4 : 1
}

/** How the words of a column are stored. */
export interface Layout {
  readonly code: number
  readonly base: number
  readonly delta: boolean
  readonly divisor: number
}

export function mustBeLittleEndian(): void {
  if (!isLittleEndian) throw new Error('the columns of a log are read and written on little-endian machines only')
}
