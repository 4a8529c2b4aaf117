import { exit, Failure } from '../session/failure.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }
const SIZE = /^(0x[0-9a-f]+|\d+)([KMGT]?)(?:iB)?$/i

/** `4096`, `0x1000`, `48M`, `1GiB`: bytes. @throws Failure for anything else, and for more than a device has. */
export function bytesFrom(text: string, option: string): number {
  const match = SIZE.exec(text)
  const bytes = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2]!.toUpperCase()]!
  if (!Number.isSafeInteger(bytes))
    throw new Failure(exit.usage, `${option} ${text}: a number of bytes was expected, such as 50331648, 0x3000000 or 48M`)
  return bytes
}

/** A count from 0, decimal or hexadecimal. @throws Failure for anything else. */
export function countFrom(text: string, option: string): number {
  const count = /^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count)) throw new Failure(exit.usage, `${option} ${text}: a number was expected`)
  return count
}
