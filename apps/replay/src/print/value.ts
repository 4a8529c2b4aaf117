import { rangeOf, type Count } from '@devtrail/events'
import { NOTHING } from '@devtrail/time-travel'
import { visible } from './text.ts'
import { count, number } from '@devtrail/survey'

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isBound = (value: unknown): value is Exclude<Count, number | null> => isObject(value) && 'atLeast' in value

/** How deep a value is written out. */
const DEPTH_MAX = 2

function listText(elements: readonly unknown[], depth: number): string {
  if (elements.length === 0) return 'none'
  if (depth >= DEPTH_MAX || elements.length > 3) return `${number(elements.length)} of them`
  return elements.map((e) => `[${valueText(e, depth + 1)}]`).join(' ')
}

function fieldsText(value: { readonly [name: string]: unknown }, depth: number): string {
  const { pid, comm, start, end } = value
  if (typeof comm === 'string' && Object.keys(value).length === 2) return `${visible(comm)}(${String(pid)})`
  if (typeof start === 'string' && typeof end === 'string' && Object.keys(value).length === 2) return `${start}–${end}`
  return Object.entries(value)
    .filter(([, v]) => v !== null && !(depth >= DEPTH_MAX && isObject(v)))
    .map(([name, v]) =>
      isObject(v) && !isBound(v) && !Array.isArray(v['known'])
        ? `${name}(${valueText(v, depth + 1) || '?'})`
        : `${name}=${valueText(v, depth + 1)}`,
    )
    .join(' ')
}

/** A value of a state in words: `?` is not known, `≥ 1` a bound, `none` is certainly nothing. */
export function valueText(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return '?'
  if (value === NOTHING) return 'none'
  if (typeof value === 'string') return visible(value)
  if (typeof value === 'number') return number(value)
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return listText(value, depth)
  if (isBound(value)) return rangeOf(value).lo === rangeOf(value).hi ? number(value.atLeast) : count(value)
  if (isObject(value) && Array.isArray(value['known'])) {
    return `${listText(value['known'], depth)}${value['complete'] === true ? '' : ' and maybe more'}`
  }
  return fieldsText(value as { readonly [name: string]: unknown }, depth)
}

/** A value as `--json` prints it: false for what is certainly nothing. */
export const valueJson = (value: unknown): unknown => (value === NOTHING ? false : (value ?? null))
