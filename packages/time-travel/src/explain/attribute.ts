/** Which event made each of many changes: as `blame`, for all of them in one search backwards. */
import type { Facts } from '@devtrail/events'
import type { Lists } from '../expression/look-up.ts'
import { dottedOf, type Path } from '../expression/syntax.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import type { Machine } from '../machine.ts'
import { differences, type Change } from './diff.ts'
import { Touches, TouchScan } from './touch.ts'
import { listsOf, overallOf, partsOfDevice } from './view-at.ts'

/** Events looked at one by one at a time, at first and at most: what is not near is looked for in larger steps. */
const STRETCH_FIRST = 512
const STRETCH_MAX = 65_536
/** Events from one keyframe in memory to the next, on the way. */
const KEEP_EVENTS = 4096

type View = { readonly [part: string]: unknown }

/** The places that the steps of a change go through: the whole of it, and what it is in. */
const isWithin = (inner: string, outer: string): boolean =>
  inner.startsWith(outer) && (inner[outer.length] === '.' || inner[outer.length] === '[')

/** The changes of one device. */
class OfDevice {
  readonly #device: number | null
  readonly #parts: ReadonlySet<string>
  readonly #lists: Lists
  readonly touches: Touches
  /** Those whose event is not found yet, by path, with the last event that changed them so far. */
  readonly open = new Map<string, { readonly change: Change; last: number | null }>()
  #scan!: TouchScan
  #view: View = {}

  constructor(device: number | null, changes: readonly Change[], history: History, facts: Facts) {
    this.#device = device
    this.#lists = listsOf(history.models)
    this.#parts = new Set(changes.map(({ steps: [first] }) => (first?.kind === 'field' ? first.name : '')))
    for (const change of changes) this.open.set(change.path, { change, last: null })
    // Whether an element is sure, or a list complete, changes with the list it is in.
    const dotted = new Set(changes.map(({ steps }) => dottedOf({ steps } as Path).replace(/\.(?:sure|complete)$/, '')))
    this.touches = new Touches(
      [...dotted].map((d) => ({ dotted: d, device })),
      history.models,
      facts,
    )
  }

  #look(machine: Machine): View {
    return this.#device === null ? overallOf(machine) : partsOfDevice(machine, this.#device, this.#parts)
  }

  begin(machine: Machine): void {
    this.#view = this.#look(machine)
    this.#scan = new TouchScan(this.touches, machine)
  }

  step(block: Parameters<TouchScan['at']>[0], place: number, machine: Machine): void {
    if (!this.#scan.at(block, place)) return
    const now = this.#look(machine)
    const seq = block.seq(place)
    for (const change of differences(this.#device, this.#view, now, this.#lists)) this.#changed(change, seq)
    this.#view = now
  }

  /** Something changed at a path: what is asked for is it, holds it, or lies in it. */
  #changed({ path, from, to }: Change, seq: number): void {
    const exact = this.open.get(path)
    if (exact !== undefined) exact.last = seq
    // That an element is only possible now is no change of what it is; a field of it is called so where one is null.
    if (path.endsWith('.sure') && from !== null && to !== null) return
    for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1))) {
      const outer = this.open.get(path.slice(0, end))
      if (outer !== undefined) outer.last = seq
    }
    // An element or object that came or went took all in it along.
    if (exact === undefined) for (const [inner, asked] of this.open) if (isWithin(inner, path)) asked.last = seq
  }
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
  const facts = await history.facts()
  const seqs = new Map<Change, number>()
  let devices = [...Map.groupBy(changes, (c) => c.device)].map(([device, of]) => new OfDevice(device, of, history, facts))
  let seen = 0
  let to = later
  for (let size = STRETCH_FIRST; to >= 0 && devices.length > 0; size = Math.min(STRETCH_MAX, size * 2)) {
    const from = Math.max(-1, to - size)
    let touched = new Map<OfDevice, number>()
    const begin = (machine: Machine): void => {
      touched = new Map(devices.map((d) => [d, d.touches.last(machine, true)]))
      for (const device of devices) device.begin(machine)
    }
    await history.replay({
      from,
      to,
      keep: KEEP_EVENTS,
      signal,
      begin: (machine, seq) => {
        seen += to - seq
        begin(machine)
      },
      step: (block, place, machine) => {
        if (block.seq(place) > from) for (const device of devices) device.step(block, place, machine)
        else if (block.seq(place) === from) begin(machine)
      },
    })
    for (const { open } of devices) {
      for (const [path, { change, last }] of open) {
        if (last === null) continue
        seqs.set(change, last)
        open.delete(path)
      }
    }
    devices = devices.filter(({ open }) => open.size > 0)
    if (seen >= events) break
    to = from < 0 ? -1 : Math.max(-1, ...devices.map((d) => touched.get(d)!))
  }
  return seqs
}
