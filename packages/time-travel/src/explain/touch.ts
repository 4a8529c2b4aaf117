/** Which events can change what is shown at a path: by what models declare of their views. */
import type { AnyEvent, EventBlock, EventDeclaration, Facts, Model } from '@devtrail/events'
import { deviceAmong, mentionsOf } from '../mentions.ts'
import { mentionedSpans, namedSoFar, type SpansState } from '../spans.ts'
import type { Machine } from '../machine.ts'

/** What an event can do to a value: nothing; make it known where it was not; anything. */
export type Touch = 'no' | 'fills' | 'sets'

/** A value that is looked at: of a device, or (null) of the machine as a whole. */
export interface Spot {
  /** Where, without keys; `aliases` of the machine as a whole: which devices there are, and by which names. */
  readonly dotted: string
  readonly device: number | null
}

/** The models that can show a part of a device, or of the machine as a whole. */
export function tellersOf(models: readonly Model[], { dotted, device }: Spot): Model[] {
  if (dotted === ALIASES) return models.filter((m) => m.devices !== undefined || m.aliases !== undefined)
  const part = dotted.split('.', 1)[0]!
  return models.filter((m) => (device === null ? m.overall !== undefined : m.views === undefined || m.views.parts.includes(part)))
}

export const ALIASES = 'aliases'

const isRelated = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)

function touchOf(model: Model, event: string, dotted: string): Touch {
  const touched = model.views?.touches?.[event]
  if (touched === undefined) return 'sets'
  let touch: Touch = 'no'
  for (const path of touched) {
    const fills = path.endsWith('?')
    if (!isRelated(fills ? path.slice(0, -1) : path, dotted)) continue
    if (!fills) return 'sets'
    touch = 'fills'
  }
  return touch
}

interface TypeTouch {
  readonly touch: Touch
  /** Whether it is so for devices that the event does not mention. */
  readonly reachesAll: boolean
}

const UNTOUCHED: TypeTouch = { touch: 'no', reachesAll: false }

/** Whether an event mentions a device, or something of which it is not known whose it is, or nothing at all. */
function mayMention(event: AnyEvent, declaration: EventDeclaration | undefined, device: number, facts: Facts): boolean {
  if (event.device !== null) return event.device === device
  const mentions = mentionsOf(event, declaration)
  if (mentions.length === 0) return true
  return mentions.some((mention) => (deviceAmong([mention], facts) ?? device) === device)
}

/** What events can do to some values. */
export class Touches {
  readonly #spots: readonly Spot[]
  readonly #models: readonly Model[]
  readonly #facts: Facts
  readonly #types = new Map<string, readonly TypeTouch[]>()
  readonly #sums = new Map<string, boolean>()

  constructor(spots: readonly Spot[], models: readonly Model[], facts: Facts) {
    this.#spots = spots
    this.#models = models
    this.#facts = facts
  }

  /** What events of a type can do to each of the spots. */
  #of(type: string): readonly TypeTouch[] {
    let touches = this.#types.get(type)
    if (touches === undefined) this.#types.set(type, (touches = this.#spots.map((spot) => this.#judge(type, spot))))
    return touches
  }

  #judge(type: string, spot: Spot): TypeTouch {
    const { dotted, device } = spot
    const tellers = tellersOf(this.#models, spot)
    if (type.startsWith('log/')) return { touch: 'sets', reachesAll: true }
    const model = tellers.find(({ catalogue }) => type.startsWith(`${catalogue.prefix}/`))
    if (model === undefined) return UNTOUCHED
    const name = type.slice(model.catalogue.prefix.length + 1)
    const all = model.views?.reachesAll
    const reachesAll = device === null || model.views === undefined || all === true || all?.includes(name) === true
    return { touch: touchOf(model, name, dotted), reachesAll }
  }

  /** Whether events of a type can change any of the spots. */
  canBe(type: string): boolean {
    let sum = this.#sums.get(type)
    if (sum === undefined) this.#sums.set(type, (sum = this.#of(type).some(({ touch }) => touch !== 'no')))
    return sum
  }

  /** Whether an event can have changed any of the spots. */
  isBy(event: AnyEvent): boolean {
    const touches = this.#of(event.type)
    const declaration = this.#facts.vocabulary.find(event.type)
    return touches.some(
      ({ touch, reachesAll }, i) => touch !== 'no' && (reachesAll || mayMention(event, declaration, this.#spots[i]!.device!, this.#facts)),
    )
  }

  /**
   * The last event up to a machine's position that can have changed any of the spots; `fills`: or made it known. −1: none,
   * so it is as it was before the first event.
   */
  last({ content }: Pick<Machine, 'content'>, fills: boolean): number {
    return lastTouch(content.spans, this.#facts, this.#spots, (type) => this.#of(type), fills)
  }
}

function lastTouch(
  spans: SpansState,
  facts: Facts,
  spots: readonly Spot[],
  touchesOf: (type: string) => readonly TypeTouch[],
  fills: boolean,
): number {
  let last = -1
  const consider = (types: ReadonlyMap<string, number>, concerns: (device: number | null) => boolean): void => {
    for (const [type, seq] of types) {
      if (seq <= last) continue
      const does = touchesOf(type).some(
        ({ touch, reachesAll }, i) => (touch === 'sets' || (fills && touch === 'fills')) && (reachesAll || concerns(spots[i]!.device)),
      )
      if (does) last = seq
    }
  }
  consider(spans.others, () => true)
  for (const [mentions, { types }] of mentionedSpans(spans)) {
    const owners = mentions.map((mention) => deviceAmong([mention], facts))
    consider(types, (device) => owners.some((owner) => owner === null || owner === device))
  }
  // Whatever is named first may come to be with that.
  for (const kind of ['pagemap', 'region'] as const) {
    for (const [id, seq] of spans.named[kind]) {
      if (seq <= last) continue
      const owner = deviceAmong([{ kind, id }], facts)
      if (owner === null || spots.some(({ device }) => device === null || device === owner)) last = seq
    }
  }
  return last
}

/** Finds the places of a block after which something may have changed; the events are folded one by one meanwhile. */
export class TouchScan {
  readonly #touches: Touches
  readonly #machine: Machine
  #block: EventBlock | null = null
  #can: readonly boolean[] = []
  #named: number

  constructor(touches: Touches, machine: Machine) {
    this.#touches = touches
    this.#machine = machine
    this.#named = namedSoFar(machine.content.spans)
  }

  /** Whether the event at a place, just folded, may have changed something. */
  at(block: EventBlock, place: number): boolean {
    if (this.#block !== block) {
      this.#block = block
      this.#can = block.types.map(({ name }) => this.#touches.canBe(name))
    }
    const named = namedSoFar(this.#machine.content.spans)
    if (named !== this.#named) {
      this.#named = named
      return true
    }
    return this.#can[block.type[place]!]! && this.#touches.isBy(block.view(place))
  }
}
