/** Which event made each of many changes: as `blame`, for all of them in one search backwards. */
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import type { Machine } from '../machine.ts'
import { lookUp, type Lists } from '../expression/look-up.ts'
import { found } from '../expression/found.ts'
import { identityOf } from './blame.ts'
import type { Change } from './diff.ts'
import { Touches, TouchScan } from './touch.ts'
import { listsOf, overallOf, viewOf } from './view-at.ts'

const dotted = ({ steps }: Change): string => {
  const names = steps.flatMap((s) => (s.kind === 'field' ? s.name : []))
  // Whether an element is sure changes with the list it is in.
  return names.at(-1) === 'sure' || names.at(-1) === 'complete' ? names.slice(0, -1).join('.') : names.join('.')
}

/** Changes that the same events can make: those of one device at one place but for keys. */
class Group {
  readonly device: number | null
  readonly touches: Touches
  readonly open = new Map<Change, { identity: string; last: number | null }>()
  scan!: TouchScan

  constructor(device: number | null, touches: Touches) {
    this.device = device
    this.touches = touches
  }
}

class Attribution {
  readonly #history: History
  readonly #lists: Lists
  readonly #groups: Group[] = []
  readonly seqs = new Map<Change, number>()

  constructor(history: History, changes: readonly Change[], facts: Parameters<typeof groupsOf>[2]) {
    this.#history = history
    this.#lists = listsOf(history.models)
    this.#groups = groupsOf(history, changes, facts)
  }

  #look({ steps: [first, ...rest] }: Change, view: { readonly [part: string]: unknown }): string {
    const name = first?.kind === 'field' ? first.name : ''
    return identityOf(lookUp(found(Object.hasOwn(view, name) ? view[name] : null), name, rest, this.#lists))
  }

  #see(group: Group, machine: Machine, each: (change: Change, identity: string) => void): void {
    const view = group.device === null ? overallOf(machine) : viewOf(machine, group.device)
    for (const change of group.open.keys()) each(change, this.#look(change, view))
  }

  /** From the newest keyframe before an event up to it. @returns the last event before that which can have made one of what is left. */
  async stretch(to: number, signal: Interruption | undefined): Promise<{ readonly before: number; readonly begin: number }> {
    let begin = -1
    let touched: Map<Group, number> = new Map()
    await this.#history.replay({
      from: to - 1,
      to,
      signal,
      begin: (machine, seq) => {
        begin = seq
        touched = new Map(this.#groups.map((g) => [g, g.touches.last(machine, true)]))
        for (const group of this.#groups) {
          group.scan = new TouchScan(group.touches, machine)
          this.#see(group, machine, (change, identity) => group.open.set(change, { identity, last: null }))
        }
      },
      step: (block, place, machine) => {
        for (const group of this.#groups) {
          if (!group.scan.at(block, place)) continue
          this.#see(group, machine, (change, identity) => {
            const before = group.open.get(change)!
            if (before.identity !== identity) group.open.set(change, { identity, last: block.seq(place) })
          })
        }
      },
    })
    return { begin, before: this.#settle(touched) }
  }

  #settle(touched: ReadonlyMap<Group, number>): number {
    for (const group of this.#groups) {
      for (const [change, { last }] of group.open) {
        if (last === null) continue
        this.seqs.set(change, last)
        group.open.delete(change)
      }
    }
    const left = this.#groups.filter(({ open }) => open.size > 0)
    this.#groups.splice(0, Infinity, ...left)
    return Math.max(-1, ...left.map((group) => touched.get(group) ?? -1))
  }
}

function groupsOf(history: History, changes: readonly Change[], facts: ConstructorParameters<typeof Touches>[2]): Group[] {
  const groups = new Map<string, Group>()
  for (const change of changes) {
    const place = dotted(change)
    const key = `${change.device} ${place}`
    let group = groups.get(key)
    if (group === undefined) {
      groups.set(key, (group = new Group(change.device, new Touches([{ dotted: place, device: change.device }], history.models, facts))))
    }
    group.open.set(change, { identity: '', last: null })
  }
  return [...groups.values()]
}

/**
 * The event behind each change between two moments: the last one up to the later moment that changed the value. `events`:
 * how many to look through backwards at most; what is older is left out.
 */
export async function attribute(
  history: History,
  changes: readonly Change[],
  later: number,
  { events = Infinity, signal }: { readonly events?: number; readonly signal?: Interruption | undefined } = {},
): Promise<Map<Change, number>> {
  const attribution = new Attribution(history, changes, await history.facts())
  if (changes.length === 0) return attribution.seqs
  let folded = 0
  for (let to = later; to >= 0 && folded < events;) {
    const { begin, before } = await attribution.stretch(to, signal)
    folded += to - begin
    to = begin < 0 ? -1 : before
  }
  return attribution.seqs
}
