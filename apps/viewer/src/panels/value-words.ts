/** A value of a state in words, as `devtrail diff` says it. */
import type { Count, Json } from '@devtrail/events'
import { count, number } from '@devtrail/survey'

type Fields = { readonly [name: string]: Json }

const isFields = (value: Json): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields of an element that its key says already, or that are no part of what it is. */
const OWN: ReadonlySet<string> = new Set(['pfn', 'pages', 'since', 'idle', 'order', 'learntAt'])

/** How deep a value is written out. */
const DEPTH_MAX = 2

function listWords(elements: readonly Json[], depth: number): string {
  if (elements.length === 0) return 'none'
  if (depth >= DEPTH_MAX || elements.length > 3) return `${number(elements.length)} of them`
  return elements.map((element) => `[${valueWords(element, depth + 1)}]`).join(' ')
}

function fieldsWords(value: Fields, depth: number): string {
  const { pid, comm, start, end } = value
  const { length } = Object.keys(value)
  if (typeof comm === 'string' && typeof pid === 'number' && length === 2) return `${comm} (${pid})`
  if (typeof start === 'string' && typeof end === 'string' && length === 2) return `${start}–${end}`
  return Object.entries(value)
    .filter(([name, of]) => of !== null && !(depth === 0 && OWN.has(name)) && !(depth >= DEPTH_MAX && isFields(of)))
    .map(([name, of]) => `${name}=${isFields(of) && !('atLeast' in of) ? `(${valueWords(of, depth + 1)})` : valueWords(of, depth + 1)}`)
    .join(' ')
}

/** `?` is not known, `≥ 1` a bound, `none` (undefined) is certainly nothing. */
export function valueWords(value: Json | undefined, depth = 0): string {
  if (value === undefined) return 'none'
  if (value === null) return '?'
  if (typeof value === 'number') return number(value)
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (!isFields(value)) return listWords(value, depth)
  if ('atLeast' in value) return count(value as unknown as Count)
  const { known, complete } = value
  if (Array.isArray(known)) return `${listWords(known, depth)}${complete === true ? '' : ' and maybe more'}`
  return fieldsWords(value, depth)
}
