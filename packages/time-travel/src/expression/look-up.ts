import type { ListKeys } from '@devtrail/events'
import { ExpressionError } from './error.ts'
import { countBetween } from './evaluate.ts'
import { ABSENT, found, UNKNOWN, type Found } from './found.ts'
import { isPicked, keyText, mayBePicked, weightOf } from './list-keys.ts'
import type { Step } from './syntax.ts'

/** The lists of what models show, by the name of the field that holds them. */
export type Lists = ReadonlyMap<string, ListKeys>

/** A list with what is known of it. */
interface KnownList {
  readonly known: readonly unknown[]
  readonly possible?: readonly unknown[]
  readonly complete: boolean
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isKnownList = (value: unknown): value is KnownList =>
  isObject(value) && Array.isArray(value['known']) && Object.hasOwn(value, 'complete')

/** Told of each step that was looked for in something that is there: whether it was, and what else there is. */
export type OnStep = (step: Step, isThere: boolean, instead: () => readonly string[]) => void

/** How many of several elements a message names. */
const SEVERAL_NAMED_MAX = 6

const BY_PLACE: ListKeys = { by: [] }

/** A name is of several elements: what is meant has to be said by what tells them apart. */
function severalOf(key: string, elements: readonly unknown[], keys: ListKeys): ExpressionError {
  const all = elements.slice(0, SEVERAL_NAMED_MAX).map((e, i) => keyText(e, i, keys))
  const more = elements.length > all.length ? ', …' : ''
  return new ExpressionError(`this means several; name one of them by ${all.join(', ')}${more}`, JSON.stringify(key), 0)
}

function pick(value: unknown, step: Step & { kind: 'key' }, keys: ListKeys): Found {
  const among = (elements: readonly unknown[]): unknown => {
    const picked = (e: unknown, i: number): boolean => isPicked(e, i, keys, step.key)
    const first = elements.findIndex(picked)
    // Only names can be of several.
    if (typeof step.key === 'string' && first >= 0 && elements.some((e, i) => i > first && picked(e, i)))
      throw severalOf(step.key, elements.filter(picked), keys)
    return elements[first]
  }
  const mayBe = (elements: readonly unknown[]): boolean => elements.some((e) => mayBePicked(e, keys, step.key))
  if (Array.isArray(value)) {
    const element: unknown = among(value)
    if (element !== undefined) return found(element)
    return mayBe(value) ? UNKNOWN : ABSENT
  }
  const list = value as KnownList
  const sure = among(list.known)
  if (sure !== undefined) return found(sure)
  const possible = among(list.possible ?? [])
  if (possible !== undefined) return found(possible, true)
  return list.complete && !mayBe(list.known) && !mayBe(list.possible ?? []) ? ABSENT : UNKNOWN
}

/**
 * Follows steps into a value. What is not in a complete list is nothing; what is not in one that is not complete is not
 * known; nor is a field that an object does not have. `sure` of an element says whether it is known to be there.
 */
export function lookUp(start: Found, name: string, steps: Iterable<Step>, lists: Lists, onStep?: OnStep): Found {
  let { value, orNothing } = start
  let list = lists.get(name) ?? BY_PLACE
  let isElement = false
  for (const step of steps) {
    if (value === null) return { value: null, orNothing }
    if (step.kind === 'key') {
      if (!Array.isArray(value) && !isKnownList(value)) return { ...(value === false ? ABSENT : UNKNOWN), orNothing }
      const next = pick(value, step, list)
      value = next.value
      orNothing ||= next.orNothing
      isElement = true
      continue
    }
    if (!isObject(value)) return { ...(value === false || typeof value === 'symbol' ? ABSENT : UNKNOWN), orNothing }
    if (step.name === 'sure' && isElement && !Object.hasOwn(value, 'sure')) {
      value = !orNothing
      orNothing = false
      continue
    }
    isElement = false
    const isThere = Object.hasOwn(value, step.name)
    onStep?.(step, isThere, () => Object.keys(value as object))
    value = isThere ? value[step.name] : null
    list = lists.get(step.name) ?? BY_PLACE
  }
  return { value: value ?? null, orNothing }
}

/** How many elements a list has; one that stands for several counts as so many. */
export function countOf({ value, orNothing }: Found, name: string, lists: Lists): Found {
  if (value === null) return UNKNOWN
  if (!Array.isArray(value) && !isKnownList(value)) return countBetween(0, 0)
  const keys = lists.get(name) ?? BY_PLACE
  const sum = (elements: readonly unknown[]): { lo: number; hi: number } => {
    let [lo, hi] = [0, 0]
    for (const element of elements) {
      const weight = weightOf(element, keys)
      lo += weight.lo
      hi += weight.hi
    }
    return { lo, hi }
  }
  if (Array.isArray(value)) return countBetween(orNothing ? 0 : sum(value).lo, sum(value).hi)
  const { lo, hi } = sum(value.known)
  const most = value.complete ? hi + sum(value.possible ?? []).hi : Infinity
  return countBetween(orNothing ? 0 : lo, most)
}
