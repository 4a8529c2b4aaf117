/** Which events can change what is shown at a path: by what models declare of their views. */
import { hostOf, type AnyEvent, type EventDeclaration, type Facts, type HostId, type Model } from '@devtrail/events'
import { deviceAmong, mentionsOf } from '../mentions.ts'
import { mentionedSpans, type SpansState } from '../spans.ts'
import type { Key, Step } from '../expression/syntax.ts'
import type { Machine } from '../machine.ts'

/** What an event can do to a value: nothing; make it known where it was not; anything. */
export type Touch = 'no' | 'fills' | 'sets'

/** A value that is looked at: of a device, or (null) of the machine as a whole. */
export interface Spot {
  /** Where, without keys; `aliases` of the machine as a whole: which devices there are, and by which names. */
  readonly dotted: string
  readonly device: number | null
  /** The element of a list that it is in, by the list's dotted path and the key. */
  readonly element?: { readonly list: string; readonly key: Key }
}

/** The spot that a path leads to. */
export function spotOf(device: number | null, { steps }: { readonly steps: readonly Step[] }): Spot {
  const names: string[] = []
  let element: Spot['element']
  for (const step of steps) {
    if (step.kind === 'field') names.push(step.name)
    else element = { list: names.join('.'), key: step.key }
  }
  return { dotted: names.join('.'), device, ...(element === undefined ? {} : { element }) }
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
  /** For one element of a list: whether an event can change just that; asked with the machine at the event or after it. */
  readonly isOfElement: ((event: AnyEvent, later: Machine) => boolean) | null
  /** Whether it is so for devices that the event does not mention. */
  readonly reachesAll: boolean
}

const UNTOUCHED: TypeTouch = { touch: 'no', isOfElement: null, reachesAll: false }

const lastName = (dotted: string): string => dotted.slice(dotted.lastIndexOf('.') + 1)

/** Where a type touches nothing but the list that an element is in, the test for that element. */
function elementTest(model: Model, event: string, { element, device }: Spot): TypeTouch['isOfElement'] {
  const touched = model.views?.touches?.[event]
  if (element === undefined) return null
  const { list, key } = element
  const isChangedBy = model.views?.lists?.[lastName(list)]?.isChangedBy
  // What is not declared may touch everything, and what is in the element only where it is about that.
  if (isChangedBy === undefined) return null
  if (touched !== undefined && !touched.every((path) => path === list || path.startsWith(`${list}.`))) return null
  return (event, later) => isChangedBy(event, key, later.state(model.name, device === null ? later.hosts()[0] : hostOf(device)))
}

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
  readonly #touched = new Map<string, readonly (readonly [spot: number, TypeTouch])[]>()
  readonly #reaching = new Map<string, boolean>()
  readonly #devices: ReadonlySet<number | null>
  readonly #namers: Namers

  constructor(spots: readonly Spot[], models: readonly Model[], facts: Facts) {
    this.#spots = spots
    this.#models = models
    this.#facts = facts
    this.#devices = new Set(spots.map(({ device }) => device))
    this.#namers = namersOf(spots, models)
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
    if (type.startsWith('log/')) return { touch: 'sets', isOfElement: null, reachesAll: true }
    const model = tellers.find(({ catalogue }) => type.startsWith(`${catalogue.prefix}/`))
    if (model === undefined) return this.#judgeReferred(type, spot, tellers)
    const name = type.slice(model.catalogue.prefix.length + 1)
    const all = model.views?.reachesAll
    const reachesAll = device === null || model.views === undefined || all === true || all?.includes(name) === true
    return { touch: touchOf(model, name, dotted), isOfElement: elementTest(model, name, spot), reachesAll }
  }

  /** What events of a model do to objects that stand for its own in what another shows. */
  #judgeReferred(type: string, { dotted, device }: Spot, tellers: readonly Model[]): TypeTouch {
    const model = this.#models.find(({ catalogue }) => type.startsWith(`${catalogue.prefix}/`))
    if (model === undefined || device === null) return UNTOUCHED
    const name = type.slice(model.catalogue.prefix.length + 1)
    const all = model.views?.reachesAll
    const reachesAll = all === true || all?.includes(name) === true
    let touch: Touch = 'no'
    for (const [path, list] of tellers.flatMap((teller) => Object.entries(teller.views?.refers ?? {}))) {
      if (!isRelated(path, dotted) || model.views?.parts.includes(list) !== true) continue
      const own = touchOf(model, name, `${list}${dotted.startsWith(`${path}.`) ? dotted.slice(path.length) : ''}`)
      if (own === 'sets' || touch === 'no') touch = own
    }
    return { touch, isOfElement: null, reachesAll }
  }

  /** Whether events of a type can change any of the spots. */
  canBe(type: string): boolean {
    return this.#touching(type).length > 0
  }

  /** Whether events of a type can change spots of devices that they do not mention. */
  reachesAll(type: string): boolean {
    let reaches = this.#reaching.get(type)
    if (reaches === undefined) this.#reaching.set(type, (reaches = this.#touching(type).some(([, { reachesAll }]) => reachesAll)))
    return reaches
  }

  /** Whether any of the spots is of a device. */
  isOf(device: number): boolean {
    return this.#devices.has(device)
  }

  /** Whether an event can have changed any of the spots. `later`: a machine at the event or after it. */
  isBy(event: AnyEvent, later: Machine): boolean {
    const { type, host = 0 } = event
    let [asked, isMentioned] = [null as number | null, false]
    for (const [i, { isOfElement, reachesAll }] of this.#touching(type)) {
      const { device } = this.#spots[i]!
      if (!isOnHost(device, host)) continue
      if (!reachesAll) {
        // Spots are mostly of one device.
        if (asked !== device) isMentioned = mayMention(event, this.#facts.vocabulary.find(type), (asked = device)!, this.#facts)
        if (!isMentioned) continue
      }
      if (isOfElement === null || isOfElement(event, later)) return true
    }
    return false
  }

  /** The spots that events of a type can change. */
  #touching(type: string): readonly (readonly [spot: number, TypeTouch])[] {
    let touching = this.#touched.get(type)
    if (touching === undefined) {
      touching = this.#of(type).flatMap((touch, i) => (touch.touch === 'no' ? [] : [[i, touch] as const]))
      this.#touched.set(type, touching)
    }
    return touching
  }

  /** Whether there is more to tell of an event than its type and device do. */
  get isFiner(): boolean {
    return this.#spots.some(
      ({ element }) =>
        element !== undefined && this.#models.some((m) => m.views?.lists?.[lastName(element.list)]?.isChangedBy !== undefined),
    )
  }

  /** The last event up to a machine's position that was the first to name a pagemap or node which may be of a spot's device. */
  lastNaming({ content }: Pick<Machine, 'content'>): number {
    return lastNaming(content.spans, this.#facts, this.#namers, -1)
  }

  /**
   * The last event up to a machine's position that can have changed any of the spots; `fills`: or made it known. −1: none,
   * so it is as it was before the first event.
   */
  last({ content }: Pick<Machine, 'content'>, fills: boolean): number {
    return lastTouch(content.spans, this.#facts, this.#spots, this.#namers, (type) => this.#of(type), fills)
  }
}

/** Whether what happens on a host can change what is shown of a device, or (null) of all machines. */
const isOnHost = (device: number | null, host: HostId): boolean => device === null || hostOf(device) === host

function lastTouch(
  spans: SpansState,
  facts: Facts,
  spots: readonly Spot[],
  namers: Namers,
  touchesOf: (type: string) => readonly TypeTouch[],
  fills: boolean,
): number {
  let last = -1
  const consider = (types: ReadonlyMap<string, number>, host: HostId, concerns: (device: number | null) => boolean): void => {
    for (const [type, seq] of types) {
      if (seq <= last) continue
      const does = touchesOf(type).some(({ touch, reachesAll }, i) => {
        const { device } = spots[i]!
        return (touch === 'sets' || (fills && touch === 'fills')) && isOnHost(device, host) && (reachesAll || concerns(device))
      })
      if (does) last = seq
    }
  }
  for (const [host, types] of spans.others) consider(types, host, () => true)
  for (const [mentions, { types }] of mentionedSpans(spans)) {
    const owners = mentions.map((mention) => deviceAmong([mention], facts))
    consider(types, hostOf(mentions[0]!.id), (device) => owners.some((owner) => owner === null || owner === device))
  }
  return lastNaming(spans, facts, namers, last)
}

/** The spots that models show whose events name pagemaps, or nodes. */
interface Namers {
  readonly pagemap: readonly Spot[]
  readonly region: readonly Spot[]
}

/** Whether a model's events name what is of a kind. */
const isNamedBy = (kind: 'pagemap' | 'region', { catalogue }: Model): boolean =>
  Object.values(catalogue.declarations).some(({ fields }) => Object.values(fields).some((f) => f.kind === kind))

function namersOf(spots: readonly Spot[], models: readonly Model[]): Namers {
  const of = (kind: 'pagemap' | 'region'): Spot[] => spots.filter((spot) => tellersOf(models, spot).some((m) => isNamedBy(kind, m)))
  return { pagemap: of('pagemap'), region: of('region') }
}

/** Whatever is named first may come to be with that. */
function lastNaming(spans: SpansState, facts: Facts, namers: Namers, since: number): number {
  let last = since
  for (const kind of ['pagemap', 'region'] as const) {
    const spots = namers[kind]
    if (spots.length === 0) continue
    for (const [id, seq] of spans.named[kind]) {
      if (seq <= last) continue
      const owner = deviceAmong([{ kind, id }], facts)
      if (owner === null || spots.some(({ device }) => device === null || device === owner)) last = seq
    }
  }
  return last
}
