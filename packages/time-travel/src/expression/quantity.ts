import { Decimal, nanosOf } from './decimal.ts'

/** A number as far as it is known, ends included; exact over 64 bits and more. */
export interface Quantity {
  readonly lo: number | bigint
  readonly hi: number | bigint
  /** In billionths: of a number with a point. */
  readonly nanos: boolean
}

const exact = (n: number | bigint, nanos = false): Quantity => ({ lo: n, hi: n, nanos })

const HEX = /^0x[0-9a-f]{1,16}$/

/** A bound of the lattice. */
function isBound(value: object): value is { atLeast: number; atMost: number | null } {
  return Object.hasOwn(value, 'atLeast') && Object.hasOwn(value, 'atMost')
}

/** The number that a value is: a number, a hex string, decimal seconds, a bound; null for what is none. */
export function quantityOf(value: unknown): Quantity | null {
  if (typeof value === 'number' || typeof value === 'bigint') return exact(value)
  if (value instanceof Decimal) return exact(value.nanos, true)
  if (typeof value === 'string') {
    if (HEX.test(value)) return exact(BigInt(value))
    const decimal = Decimal.parse(value)
    return decimal === null ? null : exact(decimal.nanos, true)
  }
  if (typeof value === 'object' && value !== null && isBound(value)) {
    return { lo: value.atLeast, hi: value.atMost ?? Infinity, nanos: false }
  }
  return null
}

const scaled = (n: number | bigint): number | bigint => (n === Infinity || n === -Infinity ? n : nanosOf(n))

/** Both in the same unit. */
function alike(a: Quantity, b: Quantity): [Quantity, Quantity] {
  if (a.nanos === b.nanos) return [a, b]
  const up = (q: Quantity): Quantity => (q.nanos ? q : { lo: scaled(q.lo), hi: scaled(q.hi), nanos: true })
  return [up(a), up(b)]
}

/** Whether a < b; null when the bounds do not decide. */
export function isBelow(one: Quantity, other: Quantity): boolean | null {
  const [a, b] = alike(one, other)
  if (a.hi < b.lo) return true
  return a.lo >= b.hi ? false : null
}

/** Whether a = b; null when the bounds do not decide. */
export function isSame(one: Quantity, other: Quantity): boolean | null {
  const [a, b] = alike(one, other)
  if (a.hi < b.lo || b.hi < a.lo) return false
  // Mixed numbers and bigints are compared exactly by ==, which is what is meant.
  // oxlint-disable-next-line eslint/eqeqeq
  return a.lo == a.hi && b.lo == b.hi ? true : null
}
