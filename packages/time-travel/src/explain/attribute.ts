/** Which event made each of many changes: as `blame`, for all of them in one search backwards. */
import type { AnyEvent, Facts } from '@devtrail/events'
import type { Lists } from '../expression/look-up.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import type { Machine } from '../machine.ts'
import { differences, type Change } from './diff.ts'
import { spotOf, Touches, type Spot } from './touch.ts'
import { TouchScan } from './touch-scan.ts'
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
  readonly device: number | null
  readonly #history: History
  readonly #facts: Facts
  readonly #parts: ReadonlySet<string>
  readonly #lists: Lists
  touches: Touches
  /** Those whose event is not found yet, by path, with the last event that changed them so far. */
  readonly open = new Map<string, { readonly change: Change; last: number | null }>()
  #scan!: TouchScan
  #view: View = {}

  constructor(device: number | null, changes: readonly Change[], history: History, facts: Facts) {
    this.device = device
    this.#history = history
    this.#facts = facts
    this.#lists = listsOf(history.models)
    this.#parts = new Set(changes.map(({ steps: [first] }) => (first?.kind === 'field' ? first.name : '')))
    for (const change of changes) this.open.set(change.path, { change, last: null })
    this.touches = new Touches(this.#spots(), history.models, facts)
  }

  /** What may have changed those that are open: each element of a list by itself. */
  #spots(): Spot[] {
    const spots = new Map<string, Spot>()
    for (const { change } of this.open.values()) {
      const spot = spotOf(this.device, change)
      // Whether an element is sure, or a list complete, changes with the list it is in.
      const dotted = spot.dotted.replace(/\.(?:sure|complete)$/, '')
      const { element } = dotted === spot.dotted ? spot : {}
      spots.set(`${dotted} ${element?.list} ${element?.key}`, {
        dotted,
        device: this.device,
        ...(element === undefined ? {} : { element }),
      })
    }
    return [...spots.values()]
  }

  /** Takes out those whose event is found, and looks from then on only for what touches the others. */
  take(found: Map<Change, number>): void {
    const before = this.open.size
    for (const [path, { change, last }] of this.open) {
      if (last === null) continue
      found.set(change, last)
      this.open.delete(path)
    }
    if (this.open.size < before) this.touches = new Touches(this.#spots(), this.#history.models, this.#facts)
  }

  #look(machine: Machine): View {
    return this.device === null ? overallOf(machine) : partsOfDevice(machine, this.device, this.#parts)
  }

  begin(machine: Machine): void {
    this.#view = this.#look(machine)
    this.#scan = new TouchScan(this.touches, machine)
  }

  step(block: Parameters<TouchScan['at']>[0], place: number, machine: Machine): void {
    if (!this.#scan.at(block, place)) return
    const now = this.#look(machine)
    const seq = block.seq(place)
    for (const change of differences(this.device, this.#view, now, this.#lists)) this.#changed(change, seq)
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

/** Devices that are looked at together. */
class Together {
  readonly #all: readonly OfDevice[]
  readonly #byDevice: ReadonlyMap<number | null, OfDevice>
  readonly #reached = new Map<string, readonly OfDevice[]>()

  constructor(all: readonly OfDevice[]) {
    this.#all = all
    this.#byDevice = new Map(all.map((one) => [one.device, one]))
  }

  /** Those that events of a type concern whatever device they are of. */
  reached(type: string): readonly OfDevice[] {
    let reached = this.#reached.get(type)
    if (reached === undefined) this.#reached.set(type, (reached = this.#all.filter(({ touches }) => touches.reachesAll(type))))
    return reached
  }

  /** Whether an event can have changed anything of them; one that says whose it is concerns its device, and those that it reaches. */
  isBy(event: AnyEvent, later: Machine): boolean {
    const { device, type } = event
    const by = ({ touches }: OfDevice): boolean => touches.isBy(event, later)
    if (device === null) return this.#all.some(by)
    const own = this.#byDevice.get(device)
    return (own !== undefined && by(own)) || this.reached(type).some(by)
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
  let end: Machine | null = null
  let size = STRETCH_FIRST
  while (to >= 0 && devices.length > 0) {
    const from = Math.max(-1, to - size)
    let begun!: { readonly touched: number; readonly naming: number }
    const begin = (machine: Machine): void => {
      const touched = Math.max(-1, ...devices.map(({ touches }) => touches.last(machine, true)))
      begun = { touched, naming: Math.max(-1, ...devices.map(({ touches }) => touches.lastNaming(machine))) }
      for (const device of devices) device.begin(machine)
    }
    const machine = await history.replay({
      from,
      to,
      keep: KEEP_EVENTS,
      signal,
      begin: (m, seq) => {
        seen += to - seq
        begin(m)
      },
      step: (block, place, m) => {
        if (block.seq(place) > from) for (const device of devices) device.step(block, place, m)
        else if (block.seq(place) === from) begin(m)
      },
    })
    end ??= machine
    for (const device of devices) device.take(seqs)
    devices = devices.filter(({ open }) => open.size > 0)
    if (seen >= events || from < 0 || devices.length === 0) break
    to = await touchedBefore(history, devices, begun, end, signal)
    // Where there was nothing for long, what comes next is most likely that one event.
    size = from - to > size ? STRETCH_FIRST : Math.min(STRETCH_MAX, size * 2)
  }
  return seqs
}

/** The last event up to the beginning of a stretch that can have made one of the changes still open; −1: none. */
async function touchedBefore(
  history: History,
  devices: readonly OfDevice[],
  { touched, naming }: { readonly touched: number; readonly naming: number },
  end: Machine,
  signal: Interruption | undefined,
): Promise<number> {
  if (touched < 1 || !devices.every(({ touches }) => touches.isFiner)) return touched
  const all = new Together(devices)
  const found = await history.search(
    touched,
    1,
    (type) => devices.some(({ touches }) => touches.canBe(type)),
    (event) => all.isBy(event, end),
    // Of one device among many the columns tell which events are not its own.
    { device: devices.length === 1 ? devices[0]!.device : null, reachesAll: (type) => all.reached(type).length > 0, signal },
  )
  // The baseline, which is not searched, may have given it.
  return Math.max(found ?? 0, Math.min(touched, naming))
}
