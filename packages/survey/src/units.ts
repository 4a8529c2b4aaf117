import { isExact, rangeOf, type Count } from '@devtrail/events'

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `1 GiB`, `1006 MiB`, `24 B`: at most three digits behind the point are never needed, one is. */
export function bytes(n: number | bigint): string {
  let value = Number(n)
  let unit = 0
  while (value >= 1024 && unit < BINARY.length - 1) {
    value /= 1024
    unit++
  }
  const text = Number.isInteger(value) ? String(value) : value.toFixed(1)
  return `${text} ${BINARY[unit]}`
}

/** `154 768`: thousands apart from 10 000 on. */
export const number = (n: number): string => (Math.abs(n) < 10_000 ? String(n) : String(n).replace(/\B(?=(\d{3})+$)/g, ' '))

export const plural = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`

/** A count as far as known: `2`, `≥ 1`, `1–3`, `?`. */
export function count(value: Count | undefined): string {
  if (value === null || value === undefined) return '?'
  if (isExact(value)) return number(value)
  const { lo, hi } = rangeOf(value)
  return hi === Infinity ? `≥ ${number(lo)}` : `${number(lo)}–${number(hi)}`
}

/** `start–end (size)` of an inclusive range of addresses. */
export const range = (start: string, end: string): string => `${start}–${end} (${bytes(BigInt(end) - BigInt(start) + 1n)})`

/** `0.4 ms`, `2 s`: nanoseconds as people write them, three digits that count. */
export function durationText(ns: number): string {
  const [unit, of] = ns >= 1e9 ? ['s', 1e9] : ns >= 1e6 ? ['ms', 1e6] : ns >= 1e3 ? ['µs', 1e3] : ['ns', 1]
  return `${Number((ns / of).toPrecision(3))} ${unit}`
}
