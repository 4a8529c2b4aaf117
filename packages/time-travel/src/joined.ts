/** Objects that stand for what another model shows, too: a pagemap's reference is a percpu_ref of the same log, where that says more. */
import { hostOf, type Facts, type HostId, type Json, type Model } from '@devtrail/events'

/** What is looked into: the states of all models, and what is known beside them. */
interface Looked {
  readonly models: readonly Model[]
  readonly facts: { of(host: HostId | undefined): Facts }
  state(model: string, host: HostId | undefined): unknown
}

type Node = { [field: string]: unknown }

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The elements of a list as views show it, those that are only possible included. */
const elements = (list: unknown): unknown[] =>
  Array.isArray(list) ? list : isNode(list) ? [list['known'], list['possible']].flatMap((some) => (Array.isArray(some) ? some : [])) : []

/** What lies at a path, in every element of the lists on the way. */
function* at(value: unknown, [name, ...rest]: readonly string[]): Generator<Node> {
  if (name === undefined) {
    if (isNode(value)) yield value
    return
  }
  if (!isNode(value)) return
  const next = value[name]
  const isList = Array.isArray(next) || (isNode(next) && 'known' in next)
  for (const one of isList ? elements(next) : [next]) yield* at(one, rest)
}

/** Whose list it is, and the field that tells its elements apart. */
function listNamed(models: readonly Model[], list: string): { readonly model: Model; readonly key: string } | null {
  for (const model of models) {
    const key = model.views?.lists?.[list]?.by[0]
    if (key !== undefined && model.views?.parts.includes(list) === true) return { model, key }
  }
  return null
}

/**
 * Parts of a device as one model shows them, completed by what others know of the same objects (`Views.refers`). In place: views are made anew
 * each time.
 */
export function joined<P extends { readonly [part: string]: Json }>(machine: Looked, device: number, teller: Model, parts: P): P {
  const host = hostOf(device)
  for (const [path, list] of Object.entries(teller.views?.refers ?? {})) {
    const named = listNamed(machine.models, list)
    if (named === null) continue
    const { model, key } = named
    let known: unknown[] | null = null
    for (const node of at(parts, path.split('.'))) {
      if (node[key] == null) continue
      known ??= elements(model.describe(machine.state(model.name, host), device, machine.facts.of(host))[list])
      const same = known.find((element) => isNode(element) && element[key] === node[key])
      if (isNode(same)) for (const field of Object.keys(node)) node[field] = same[field] ?? node[field]
    }
  }
  return parts
}
