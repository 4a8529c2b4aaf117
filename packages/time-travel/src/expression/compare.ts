import { seconds } from '@devtrail/events'
import { Decimal } from './decimal.ts'
import { NOTHING, type Found } from './found.ts'
import { Named } from './named.ts'
import { isBelow, isSame, quantityOf } from './quantity.ts'
import type { Comparison } from './syntax.ts'
import { any, not, whichever, type Truth } from './truth.ts'

/** Numbers that stand as texts in JSON: kernel words in hex, seconds. */
const isText = (value: unknown): value is string => typeof value === 'string' && quantityOf(value) === null

/** Whether a name fits; not known where one that is not told yet may. */
function isCalled({ names, mayBe }: Named, wanted: unknown, fits: (name: string) => Truth): Truth {
  return any([...names.map(fits), mayBe !== null && (typeof wanted !== 'string' || mayBe(wanted)) ? null : false])
}

function equal(a: unknown, b: unknown): Truth {
  if (a === NOTHING || b === NOTHING) return a === b
  if (a === null || b === null) return null
  if (a instanceof Named) return isCalled(a, b, (name) => equal(name, b))
  if (b instanceof Named) return isCalled(b, a, (name) => equal(a, name))
  if (typeof a === 'boolean' || typeof b === 'boolean') return a === b
  if (typeof a === 'string' && typeof b === 'string' && a === b) return true
  const [x, y] = [quantityOf(a), quantityOf(b)]
  return x !== null && y !== null && isSame(x, y)
}

/** The name that can be ordered with a value: a text with a text, a number with a number. */
const nameLike = ({ names }: Named, other: unknown): unknown => names.find((name) => isText(name) === isText(other)) ?? names[0]

function below(a: unknown, b: unknown): Truth {
  if (a === NOTHING || b === NOTHING) return false
  if (a instanceof Named) return a.mayBe === null ? below(nameLike(a, b), b) : null
  if (b instanceof Named) return b.mayBe === null ? below(a, nameLike(b, a)) : null
  if (isText(a) && isText(b)) return a < b
  const [x, y] = [quantityOf(a), quantityOf(b)]
  return x === null || y === null ? null : isBelow(x, y)
}

function one(op: Comparison, a: unknown, b: unknown): Truth {
  switch (op) {
    case '==':
      return equal(a, b)
    case '!=':
      return not(equal(a, b))
    case '<':
      return below(a, b)
    case '>':
      return below(b, a)
    // Of nothing, neither is so.
    case '<=':
      return a === NOTHING || b === NOTHING ? false : not(below(b, a))
    case '>=':
    default:
      return a === NOTHING || b === NOTHING ? false : not(below(a, b))
  }
}

/** The values that a place may have. */
const casesOf = ({ value, orNothing }: Found): unknown[] => (orNothing ? [value, NOTHING] : [value])

/** Compares two places; what a gap or a bound leaves open is not known. */
export function compare(op: Comparison, a: Found, b: Found): Truth {
  return whichever(casesOf(a).flatMap((x) => casesOf(b).map((y) => one(op, x, y))))
}

/** Whether a value alone counts as a condition that holds: false, 0 and nothing do not, all else that is known does. */
export function holds(at: Found): Truth {
  return whichever(
    casesOf(at).map((value) => {
      if (value === null) return null
      if (value === NOTHING || value === false) return false
      const quantity = typeof value === 'string' ? null : quantityOf(value)
      return quantity === null ? true : not(isSame(quantity, { lo: 0, hi: 0, nanos: false }))
    }),
  )
}

/** What stands between the stars of a pattern; `\\*` and `\\\\` are a star and a backslash themselves. */
function partsOf(pattern: string): string[] {
  if (!pattern.includes('\\')) return pattern.split('*')
  const parts = ['']
  for (const [piece, escaped] of pattern.matchAll(/\\(.)|[^]/gs)) {
    if (piece === '*') parts.push('')
    else parts[parts.length - 1] += escaped ?? piece
  }
  return parts
}

/** Whether a text is like a pattern in which `*` stands for any characters, in time linear in text times stars. */
function isLike(text: string, pattern: string): boolean {
  const parts = partsOf(pattern)
  const [first, last] = [parts[0]!, parts.at(-1)!]
  if (parts.length === 1) return text === first
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const next = text.indexOf(part, at)
    if (next < 0) return false
    at = next + part.length
  }
  return at <= text.length - last.length
}

/** What a person reads there; null where it is no single value. */
function textOf(value: unknown): string | null {
  if (value instanceof Decimal) return seconds(value.nanos)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : null
}

/** Whether a place's text, or its number as it is printed, is like a pattern. */
export function like(at: Found, pattern: string): Truth {
  return whichever(
    casesOf(at).map((value) => {
      if (value === null) return null
      if (value instanceof Named) return isCalled(value, pattern, (name) => isLike(name, pattern))
      const text = textOf(value)
      return text !== null && isLike(text, pattern)
    }),
  )
}
