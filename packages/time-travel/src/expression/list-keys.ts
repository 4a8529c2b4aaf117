import type { Key } from './syntax.ts'
import type { ListKeys } from '@devtrail/events'
import { quantityOf, isSame } from './quantity.ts'

type Json = { readonly [name: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands at a dotted path in an element; of a list on the way its first element's. */
function partAt(element: unknown, dotted: string): unknown {
  let value = element
  for (const name of dotted.split('.')) {
    if (Array.isArray(value)) value = value[0]
    if (!isObject(value) || !Object.hasOwn(value, name)) return null
    value = value[name]
  }
  return value
}

/** What identifies an element of a list, best first; in a list that is told apart by place, the place. */
export function keysOf(element: unknown, place: number, { by }: ListKeys): (number | string)[] {
  if (by.length === 0) return [place]
  return by.map((dotted) => partAt(element, dotted)).filter((v) => typeof v === 'number' || typeof v === 'string')
}

/** For how many an element stands: one, or as many as it says, as far as known. */
export function weightOf(element: unknown, { span }: ListKeys): { lo: number; hi: number } {
  const weight = span === undefined ? null : quantityOf(partAt(element, span))
  return weight === null ? { lo: 1, hi: 1 } : { lo: Number(weight.lo), hi: Number(weight.hi) }
}

/** Whether a key picks an element: it is one of those that identify it, or lies among what the element stands for. */
export function isPicked(element: unknown, place: number, list: ListKeys, key: Key): boolean {
  const wanted = quantityOf(key)
  for (const [i, own] of keysOf(element, place, list).entries()) {
    if (typeof key === 'string' && own === key) return true
    const there = quantityOf(own)
    if (wanted === null || there === null || wanted.nanos) continue
    if (isSame(wanted, there) === true) return true
    if (i > 0 || list.span === undefined) continue
    const from = BigInt(there.lo)
    if (BigInt(wanted.lo) >= from && BigInt(wanted.lo) < from + BigInt(weightOf(element, list).lo)) return true
  }
  return false
}

/** Whether a key that does not pick an element may do so once more is known: what identifies the element best is not known yet. */
export function mayBePicked(element: unknown, { by }: ListKeys, key: Key): boolean {
  return by.length > 0 && partAt(element, by[0]!) === null && quantityOf(key) !== null
}

/** The key under which an element is shown in a path, as it is written between brackets. */
export function keyText(element: unknown, place: number, list: ListKeys): string {
  const key = keysOf(element, place, list)[0] ?? place
  return typeof key === 'string' && quantityOf(key) === null ? JSON.stringify(key) : String(key)
}
