/** Which event gave a value: looked for backwards, from one stretch between keyframes that can hold it to the next. */
import type { AnyEvent } from '@devtrail/events'
import { NOTHING, type Found } from '../expression/found.ts'
import type { Lists, OnStep } from '../expression/look-up.ts'
import type { Path, Step } from '../expression/syntax.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import type { Machine } from '../machine.ts'
import { spotOf, Touches } from './touch.ts'
import { TouchScan } from './touch-scan.ts'
import { listsOf, valueAt } from './view-at.ts'

/** A value, and where it comes from. */
export interface Blame {
  readonly value: Found
  /** The event that gave it, or told it of all the time before; 0: the baseline did. Null: no event did. */
  readonly seq: number | null
  readonly event: AnyEvent | null
  /** What was there before; null when nothing was before: it was so from the start, or is not known at all. */
  readonly before: Found | null
}

/** A place in what is shown of a device, or (null) of the machine as a whole. */
export interface Place {
  readonly device: number | null
  readonly path: Path
}

/** A field that is not in what there is at a path. */
export interface NoSuchField {
  readonly step: Step & { readonly kind: 'field' }
  readonly instead: readonly string[]
}

/** Equal values have the same identity. */
export const identityOf = ({ value }: Found): string => (value === NOTHING ? 'nothing' : JSON.stringify(value))

const isScalar = ({ value }: Found): boolean => typeof value !== 'object' || value === null

/** One stretch of the search: what changed in it, and where to look before it. */
interface Stretch {
  readonly value: Found
  readonly change: { readonly seq: number; readonly before: Found } | null
  /** Where it began; −1: before all events. */
  readonly begin: number
  /** The last event up to its beginning that can have set the value; and that can have set it or made it known. */
  readonly sets: number
  readonly fills: number
  /** The last event up to its beginning that was the first to name something of the device. */
  readonly naming: number
}

class Search {
  readonly #history: History
  readonly #place: Place
  readonly #touches: Touches
  readonly #lists: Lists
  readonly #signal: Interruption | undefined
  /** As it is at the position asked about. */
  #later: Machine | null = null

  constructor(history: History, place: Place, touches: Touches, signal: Interruption | undefined) {
    this.#history = history
    this.#place = place
    this.#touches = touches
    this.#lists = listsOf(history.models)
    this.#signal = signal
  }

  look(machine: Machine, onStep?: OnStep): Found {
    return valueAt(machine, this.#place.device, this.#place.path.steps, this.#lists, onStep)
  }

  /** From the newest keyframe up to `from` to the event `to`. */
  async stretch(from: number, to: number, atEnd?: (machine: Machine) => void): Promise<Stretch> {
    let value!: Found
    let change: Stretch['change'] = null
    let [begin, sets, fills, naming] = [-1, -1, -1, -1]
    let scan!: TouchScan
    const machine = await this.#history.replay({
      from,
      to,
      signal: this.#signal,
      begin: (m, seq) => {
        begin = seq
        value = this.look(m)
        sets = this.#touches.last(m, false)
        fills = this.#touches.last(m, true)
        naming = this.#touches.lastNaming(m)
        scan = new TouchScan(this.#touches, m)
      },
      step: (block, place, m) => {
        if (!scan.at(block, place)) return
        const now = this.look(m)
        if (identityOf(now) !== identityOf(value)) change = { seq: block.seq(place), before: value }
        value = now
      },
    })
    this.#later ??= machine
    atEnd?.(machine)
    return { value, change, begin, sets, fills, naming }
  }

  /** Where to look next for the event that gave `value`; −1: nowhere. */
  async before(stretch: Stretch, value: Found): Promise<number> {
    const to = await this.#touched(stretch, value)
    if (to < 1 || !this.#touches.isFiner) return to
    // Many events touch a list; which of them is about the element their data says, and that is found without a fold.
    const { device } = this.#place
    const found = await this.#history.search(
      to,
      1,
      (type) => this.#touches.canBe(type),
      (event) => this.#touches.isBy(event, this.#later!),
      { device, reachesAll: (type) => this.#touches.reachesAll(type), signal: this.#signal },
    )
    // The baseline, which is not searched, may have given it.
    return Math.max(found ?? 0, Math.min(to, stretch.naming))
  }

  async #touched({ sets, fills }: Stretch, value: Found): Promise<number> {
    // What only makes known does not make unknown.
    if (fills === sets || value.value === null) return sets
    // And where a value was known already when it was last set, it has not changed it since.
    if (isScalar(value) && sets >= 0 && identityOf((await this.stretch(sets, sets)).value) === identityOf(value)) return sets
    return fills
  }
}

/** What was filled back over a whole life says which event told it. */
function learntAt(machine: Machine, { device, path }: Place): number | null {
  const lists = listsOf(machine.models)
  for (let length = path.steps.length; length > 0; length--) {
    const { value } = valueAt(machine, device, path.steps.slice(0, length), lists)
    const seq =
      typeof value === 'object' && value !== null && Object.hasOwn(value, 'learntAt') ? (value as { learntAt: unknown }).learntAt : null
    if (typeof seq === 'number') return seq
  }
  return null
}

/**
 * The event that gave a value what it is after the event `at`. Whether the elements of lists on the way to it are sure or
 * only possible does not matter. `onMissing` is told of a field that is not there.
 */
export async function blame(
  history: History,
  place: Place,
  at: number,
  { signal, onMissing }: { readonly signal?: Interruption | undefined; readonly onMissing?: (field: NoSuchField) => void } = {},
): Promise<Blame> {
  const touches = new Touches([spotOf(place.device, place.path)], history.models, await history.facts())
  const search = new Search(history, place, touches, signal)
  let toldAt: number | null = null
  let stretch = await search.stretch(at, at, (machine) => {
    toldAt = learntAt(machine, place)
    search.look(machine, (step, isThere, instead) => {
      if (!isThere && step.kind === 'field') onMissing?.({ step, instead: instead() })
    })
  })
  const { value } = stretch
  const eventAt = async (seq: number): Promise<AnyEvent | null> => (seq === 0 ? null : ((await history.events([seq])).get(seq) ?? null))
  while (stretch.change === null) {
    const to = stretch.begin < 0 ? -1 : await search.before(stretch, value)
    // It went with the log's head.
    if (to >= 0 && to <= (history.source.start?.seq ?? -1)) return { value, seq: null, event: null, before: null }
    if (to < 0) {
      const seq = value.value === null || value.value === NOTHING ? null : toldAt
      return { value, seq, event: seq === null ? null : await eventAt(seq), before: null }
    }
    stretch = await search.stretch(to - 1, to)
  }
  const { seq, before } = stretch.change
  return { value, seq, event: await eventAt(seq), before }
}
