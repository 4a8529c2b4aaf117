/** What the lanes of devices show, looked at anew where an event can have changed it, and only there. */
import type { AnyEvent, Facts, Looking, Model } from '@devtrail/events'
import { pagemapOwner, pagemapToJson, type MemremapState } from '@devtrail/memremap'
import { Touches, type Machine } from '@devtrail/time-travel'
import { asView, type PagemapView } from '../device-view.ts'
import { models } from '../models.ts'
import { isGone, LANE_GROUPS, ownerlessLooks, type LaneGroup } from './looks.ts'
import type { Look } from './timeline.ts'

/** Pagemaps, old ones included, up to which those that are gone are looked at. */
const PAGEMAPS_MAX = 1000

/** Of pages only how many there are is asked, and nothing of what no lane shows. */
const LOOKING: Looking = {
  counted: 'pageRefs',
  parts: new Set(LANE_GROUPS.flatMap(({ restsOn }) => restsOn.map((dotted) => dotted.split('.', 1)[0]!))),
}

/** What events of a type can change: a bit for each group of lanes. */
export interface Reach {
  readonly some: number
  /** Of those, what they can change of devices that they do not mention. */
  readonly all: number
}

const EVERYTHING = (1 << LANE_GROUPS.length) - 1

interface Group extends LaneGroup {
  readonly teller: Model
  readonly touches: Touches
  readonly bit: number
}

/** A device's looks, by group; null: as they were. */
export type Seen = readonly (readonly (Look | null)[] | null)[]

export class DeviceLooks {
  readonly #machine: Machine
  readonly #groups: readonly Group[]
  readonly #reaches = new Map<string, Reach>()
  /** By device the groups that may look otherwise now. */
  readonly #dirty = new Map<number, number>()
  readonly #gone = new Set<number>()
  #memoryGone: Map<number, PagemapView[]> | null = null

  constructor(machine: Machine, facts: Facts) {
    this.#machine = machine
    this.#groups = LANE_GROUPS.map((group, i) => {
      const spots = group.restsOn.map((dotted) => ({ dotted, device: -1 }))
      return {
        ...group,
        teller: models.find(({ name }) => name === group.model)!,
        touches: new Touches(spots, models, facts),
        bit: 1 << i,
      }
    })
  }

  reachOf(type: string): Reach {
    let reach = this.#reaches.get(type)
    if (reach !== undefined) return reach
    const bits = (of: (group: Group) => boolean): number => this.#groups.reduce((sum, group) => sum | (of(group) ? group.bit : 0), 0)
    const isOfLog = type.startsWith('log/')
    const some = isOfLog ? EVERYTHING : bits(({ touches }) => touches.canBe(type))
    reach = { some, all: isOfLog ? EVERYTHING : some & bits(({ touches }) => touches.reachesAll(type)) }
    this.#reaches.set(type, reach)
    return reach
  }

  /** That a device may look otherwise. */
  touch(device: number, groups = EVERYTHING): void {
    if (groups !== 0) this.#dirty.set(device, (this.#dirty.get(device) ?? 0) | groups)
  }

  /** That an event happened: to a device, or (null) to who knows which. @returns what it can have changed of all devices. */
  event({ type }: Pick<AnyEvent, 'type'>, device: number | null): number {
    const { some, all } = this.reachOf(type)
    if (device === null) return some
    this.touch(device, some)
    return all
  }

  /** What lanes show of pagemaps of which nobody knows whose they are. */
  ownerless(): (Look | null)[] {
    const pagemaps: PagemapView[] = []
    for (const [host, state] of this.#machine.states<MemremapState>('memremap')) {
      if (state.pagemaps.size > PAGEMAPS_MAX) continue
      const facts = this.#machine.facts.of(host)
      for (const pagemap of state.pagemaps.values()) {
        if (pagemapOwner(pagemap, facts) !== null || facts.value('pagemap', pagemap.id, 'namespace') !== null) continue
        pagemaps.push(pagemapToJson(pagemap, facts, LOOKING) as unknown as PagemapView)
      }
    }
    return ownerlessLooks(pagemaps)
  }

  /** Each device that may look otherwise, with how it does. */
  *look(): Generator<readonly [device: number, seen: Seen]> {
    this.#memoryGone = null
    for (const [device, dirty] of this.#dirty) yield [device, this.#seen(device, dirty)]
    this.#dirty.clear()
  }

  #seen(device: number, dirty: number): Seen {
    const views = this.#groups.map((group) => ((dirty & group.bit) === 0 ? null : this.#viewOf(group, device)))
    const life = views[0]
    if (life != null && isGone(life) !== this.#gone.has(device)) {
      if (isGone(life)) this.#gone.add(device)
      else this.#gone.delete(device)
      // What is no more has no lanes, and what is there has them all.
      if (dirty !== EVERYTHING) return this.#seen(device, EVERYTHING)
    }
    const isThere = !this.#gone.has(device)
    return this.#groups.map((group, i) => (views[i] == null ? null : group.looks(views[i], this.#memoryGoneOf(device), isThere)))
  }

  #viewOf({ teller }: Group, device: number): ReturnType<typeof asView> {
    return asView(this.#machine.describe(device, [teller], LOOKING))
  }

  /** The pagemaps of a device whose memory was removed. */
  #memoryGoneOf(device: number): readonly PagemapView[] {
    this.#memoryGone ??= this.#allMemoryGone()
    return this.#memoryGone.get(device) ?? []
  }

  #allMemoryGone(): Map<number, PagemapView[]> {
    const gone = new Map<number, PagemapView[]>()
    for (const [host, { pagemaps }] of this.#machine.states<MemremapState>('memremap')) {
      if (pagemaps.size > PAGEMAPS_MAX) continue
      const facts = this.#machine.facts.of(host)
      for (const pagemap of pagemaps.values()) {
        if (pagemap.phase !== 'removed') continue
        const owner = pagemapOwner(pagemap, facts)
        if (owner === null) continue
        const view = pagemapToJson(pagemap, facts, LOOKING) as unknown as PagemapView
        if (view.pageRefs.known.length > 0) gone.set(owner, [...(gone.get(owner) ?? []), view])
      }
    }
    return gone
  }
}
