/** Spans of time as people write them. */
const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 }

const NUMBER = String.raw`\d{1,12}(?:\.\d{1,9})?`
const UNIT = Object.keys(UNITS)
  .toSorted((a, b) => b.length - a.length)
  .join('|')
export const DURATION: string = String.raw`(${NUMBER})\s*(${UNIT})`

/** Nanoseconds of a number and its unit, or of `0` alone. */
export const nsOf = (number: string, unit: string): number => Math.round(Number(number) * UNITS[unit]!)
