/** What is different of two moments of a log, value by value. */
import { keyText, keysOf } from '../expression/list-keys.ts'
import { isKnownList, type Lists } from '../expression/look-up.ts'
import { quantityOf } from '../expression/quantity.ts'
import type { Key, Step } from '../expression/syntax.ts'
import type { ListKeys } from '@devtrail/events'

/** A value that is different. */
export interface Change {
  /** Null: of the machine as a whole. */
  readonly device: number | null
  /** As an expression reads it. */
  readonly path: string
  readonly steps: readonly Step[]
  /** Null: not known; false: certainly nothing. */
  readonly from: unknown
  readonly to: unknown
  /** On which sides it is of an element that is only possible there; left out where it is on none. */
  readonly perhaps?: { readonly from: boolean; readonly to: boolean }
}

type Objects = { readonly [name: string]: unknown }

const isObject = (value: unknown): value is Objects => typeof value === 'object' && value !== null && !Array.isArray(value)
const isLeaf = (value: unknown): boolean => !isObject(value) || quantityOf(value) !== null
const isList = (v: unknown): boolean => Array.isArray(v) || isKnownList(v)
const isComplete = (v: unknown): boolean | null => (isKnownList(v) ? v.complete : null)
const BY_PLACE: ListKeys = { by: [] }

interface Element {
  readonly value: unknown
  readonly sure: boolean
  readonly place: number
}

interface Elements {
  /** By key, and how many of that key came before. */
  readonly all: ReadonlyMap<string, Element>
  /** What stands for one that is not there. */
  readonly nothing: false | null
}

function elementsOf(value: unknown, keys: ListKeys): Elements {
  const all = new Map<string, Element>()
  const add = (elements: readonly unknown[], sure: boolean): void => {
    for (const [place, element] of elements.entries()) {
      const key = String(keysOf(element, place, keys)[0] ?? place)
      let name = key
      for (let n = 2; all.has(name); n++) name = `${key} ${n}`
      all.set(name, { value: element, sure, place })
    }
  }
  if (Array.isArray(value)) add(value, true)
  else if (isKnownList(value)) {
    add(value.known, true)
    add(value.possible ?? [], false)
    return { all, nothing: value.complete ? false : null }
  }
  return { all, nothing: value === false || Array.isArray(value) ? false : null }
}

/** Whether two values of a view are the same, all through. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => Object.hasOwn(b, name) && isEqual((a as Objects)[name], (b as Objects)[name]))
}

const field = (name: string): Step => ({ kind: 'field', name, at: 0 })

class Differ {
  readonly #lists: Lists
  readonly #device: number | null
  readonly changes: Change[] = []
  /** Whether what is compared is in elements that are only possible. */
  #perhaps = { from: false, to: false }

  constructor(lists: Lists, device: number | null) {
    this.#lists = lists
    this.#device = device
  }

  #say(path: string, steps: readonly Step[], from: unknown, to: unknown): void {
    const perhaps = this.#perhaps
    this.changes.push({ device: this.#device, path, steps, from, to, ...(perhaps.from || perhaps.to ? { perhaps } : {}) })
  }

  values(path: string, steps: readonly Step[], name: string, from: unknown, to: unknown): void {
    if (from === to || (isLeaf(from) && isLeaf(to) && JSON.stringify(from) === JSON.stringify(to))) return
    if (isList(from) || isList(to)) return this.#list(path, steps, name, from, to)
    if (isLeaf(from) || isLeaf(to)) return this.#say(path, steps, from, to)
    this.fields(path, steps, from as Objects, to as Objects)
  }

  fields(path: string, steps: readonly Step[], from: Objects, to: Objects): void {
    const dot = path === '' ? '' : `${path}.`
    for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
      // When something was told is nothing of the device itself.
      if (name === 'learntAt') continue
      const of = (o: Objects): unknown => (Object.hasOwn(o, name) ? o[name] : null)
      this.values(`${dot}${name}`, [...steps, field(name)], name, of(from), of(to))
    }
  }

  #list(path: string, steps: readonly Step[], name: string, from: unknown, to: unknown): void {
    const keys = this.#lists.get(name) ?? BY_PLACE
    const [before, after] = [elementsOf(from, keys), elementsOf(to, keys)]
    for (const key of new Set([...before.all.keys(), ...after.all.keys()])) {
      const [a, b] = [before.all.get(key), after.all.get(key)]
      // Most elements are: paths are made only of what is not.
      if (a?.sure === b?.sure && isEqual(a?.value, b?.value)) continue
      const { value, place } = (b ?? a)!
      const inner = `${path}[${keyText(value, place, keys)}]`
      const steps2: readonly Step[] = [...steps, { kind: 'key', key: keyOf(value, place, keys), at: 0 }]
      const around = this.#perhaps
      this.#perhaps = { from: around.from || a?.sure === false, to: around.to || b?.sure === false }
      if (a === undefined) this.#say(inner, steps2, before.nothing, b!.value)
      else if (b === undefined) this.#say(inner, steps2, a.value, after.nothing)
      else {
        this.values(inner, steps2, name, a.value, b.value)
        this.#perhaps = around
        if (a.sure !== b.sure) this.#say(`${inner}.sure`, [...steps2, field('sure')], a.sure, b.sure)
      }
      this.#perhaps = around
    }
    const [was, is] = [isComplete(from), isComplete(to)]
    if (was !== is && was !== null && is !== null) this.#say(`${path}.complete`, [...steps, field('complete')], was, is)
  }
}

function keyOf(element: unknown, place: number, keys: ListKeys): Key {
  const key = keysOf(element, place, keys)[0] ?? place
  if (typeof key === 'number') return key
  const quantity = quantityOf(key)
  return quantity === null || quantity.nanos ? key : quantity.lo
}

/** What is different of two views of a device, or (null) of the machine as a whole. */
export function differences(device: number | null, from: Objects, to: Objects, lists: Lists): Change[] {
  const differ = new Differ(lists, device)
  differ.fields('', [], from, to)
  return differ.changes
}
