/** Sizes and times as people write them. */

const SIZE = /^(0x[0-9a-f]+|\d+)(?: ?([KMGT])iB)?$/i
const SHIFT: { readonly [unit: string]: bigint } = { K: 10n, M: 20n, G: 30n, T: 40n }

/** Bytes of `1 GiB`, `0x40000000` or 4096; null for what is no size of 52 bits. */
export function bytesOf(text: number | string): bigint | null {
  if (typeof text === 'number') return Number.isSafeInteger(text) && text > 0 ? BigInt(text) : null
  const [, digits, unit] = SIZE.exec(text) ?? []
  if (digits === undefined || digits.length > 18) return null
  const bytes = BigInt(digits) << (unit === undefined ? 0n : SHIFT[unit.toUpperCase()]!)
  return bytes > 0n && bytes < 1n << 52n ? bytes : null
}

/** As `bytesOf` reads it: `48 MiB`, or a number where no unit goes into it. */
export function sizeOf(bytes: number): string {
  for (const [unit, shift] of Object.entries(SHIFT).toReversed()) {
    const size = 2 ** Number(shift)
    if (bytes % size === 0) return `${bytes / size} ${unit}iB`
  }
  return String(bytes)
}

const TIME = /^(\d+)(?:\.(\d{1,9}))?(s|ms|us|ns)$/
const NANOSECONDS: { readonly [unit: string]: number } = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 }

/** Nanoseconds of `9.32s`, `200ms`, `5us` or `1ns`; null for what is no such time, or above 2^53 of them. */
export function nanosecondsOf(text: string): number | null {
  const [, whole, fraction = '', unit] = TIME.exec(text) ?? []
  if (whole === undefined || unit === undefined || whole.length > 16) return null
  const ns = Math.round(Number(whole) * NANOSECONDS[unit]! + Number(`0.${fraction}0`) * NANOSECONDS[unit]!)
  return Number.isSafeInteger(ns) ? ns : null
}
