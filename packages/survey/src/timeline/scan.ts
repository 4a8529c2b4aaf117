/**
 * Reads a log once, from front to back and a little at a time, for what the timeline shows of the whole: the rows of the
 * devices, where their events are, and what breaks the rules. Of a short log every event is looked behind; of a long one
 * the state is looked at after every bin of events.
 */
import { Facts, hostOf, type AnyEvent, type DeviceInfo, type EventBlock, type Violation } from '@devtrail/events'
import { pagemapOwner, pagemapToJson, type MemremapState } from '@devtrail/memremap'
import { BlockFold, deviceOf, Judge, LogBlocks, Machine, Touches, type EventSource } from '@devtrail/time-travel'
import { asView, type PagemapView } from '../device-view.ts'
import { bringsDevice, LogKeys } from '../keys.ts'
import { models, vocabulary } from '../models.ts'
import { StartNames } from '../start-names.ts'
import { Names } from '../survey.ts'
import { looksOf } from './looks.ts'
import { Looks, RowBuilder } from './row-builder.ts'
import type { Row, Timeline } from './timeline.ts'

/** Bins that a log is divided into, where nothing else is asked for. */
const BINS = 8192
/** Events between two chances to give way. */
const SLICE_EVENTS = 256
/** Devices up to which all are looked at whenever one came; of more, now and then. */
const DEVICES_LOOKED_AT = 250
/** Devices of which one cannot tell which an event touches are all looked at, up to so many. */
const ALL_MAX = 500
/** Pagemaps, old ones included, up to which those that are gone are looked at. */
const PAGEMAPS_MAX = 1000
/** Violations that are kept, where nothing else is asked for. */
const VIOLATIONS = 2000

/** What the lanes rest on. */
const SHOWN = ['presence', 'driver', 'pagemaps.state', 'pagemaps.ref', 'pagemaps.pageRefs', 'disk', 'queue']

const rankOf = ({ bookkeeping, lanes }: Row): number => (bookkeeping ? 2 : lanes.some(({ name }) => name === 'memory') ? 0 : 1)

/** Devices with memory first, those that are there for bookkeeping last; else as they came. */
const inOrder = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => rankOf(a) - rankOf(b))

export interface ScanOptions {
  /** Bins that the log is divided into at most; Infinity: every event is one. Default 8192. */
  readonly bins?: number
  /** Violations that are kept at most. Default 2000. */
  readonly violations?: number
}

export class Scan {
  readonly names: Names
  readonly facts: Facts
  readonly violations: Violation[] = []
  readonly #source: EventSource
  readonly #machine: Machine
  readonly #fold: BlockFold
  readonly #judge: Judge
  readonly #touches: Touches
  readonly #keys = new LogKeys()
  readonly #keyOf = new Map<number, string>()
  readonly #starts = new StartNames()
  readonly #rows = new Map<string, RowBuilder>()
  readonly #looks = new Looks()
  readonly #binEvents: number
  readonly #violationsMax: number
  readonly #binTimes: number[] = []
  readonly #dirty = new Set<number>()
  #devices = new Map<number, DeviceInfo>()
  #isNew = true
  #looksAt = 0
  #seq = 0
  #time = 0
  #upTo = -1
  #done = false

  constructor(source: EventSource, facts: Facts, lastSeq: number, { bins = BINS, violations = VIOLATIONS }: ScanOptions = {}) {
    this.#violationsMax = violations
    this.#source = source
    this.facts = facts
    this.names = new Names(facts, this.#keyOf, this.#starts.regions, this.#starts.pagemaps)
    this.#machine = new Machine(models, facts)
    this.#fold = new BlockFold(this.#machine)
    this.#judge = new Judge(this.#machine)
    this.#touches = new Touches(
      SHOWN.map((dotted) => ({ dotted, device: -1 })),
      models,
      facts,
    )
    this.#binEvents = Math.max(1, Math.ceil(lastSeq / bins))
  }

  get rules(): readonly string[] {
    return this.#judge.rules
  }

  get upTo(): number {
    return Math.max(0, this.#upTo)
  }

  get done(): boolean {
    return this.#done
  }

  /** The machine as it is at the end, for what only the whole log says. */
  get machine(): Machine {
    return this.#machine
  }

  /**
   * Reads on to the end of a source, from where it came to last. A log that grew is another source of the same events.
   * `pause` is asked every few hundred events what to wait for before it goes on; null: nothing.
   */
  async run(source: EventSource = this.#source, pause: () => Promise<void> | null = () => null): Promise<void> {
    this.#done = false
    for await (const block of new LogBlocks(source).blocks({ from: this.#upTo + 1 })) {
      const touching = block.types.map(({ name }) => name.startsWith('log/') || this.#touches.canBe(name))
      const judged = block.types.map(({ name }) => this.#judge.judges(name))
      const brings = block.types.map(({ name }) => bringsDevice(name))
      const tells = block.types.map(({ name }) => vocabulary.find(name)?.fields['start']?.kind === 'u64')
      for (let place = 0; place < block.count; place++) {
        const seq = block.seq(place)
        if (seq <= this.#upTo && !(seq === 0 && this.#upTo <= 0)) continue
        const type = block.type[place]!
        this.#step(block, place, { touching: touching[type]!, judged: judged[type]!, brings: brings[type]!, tells: tells[type]! })
        if (place % SLICE_EVENTS === 0) {
          const wait = pause()
          if (wait !== null) await wait
        }
      }
      this.#upTo = block.lastSeq
    }
    this.#look()
    this.#done = true
  }

  #step(block: EventBlock, place: number, is: { touching: boolean; judged: boolean; brings: boolean; tells: boolean }): void {
    const seq = block.seq(place)
    const bin = Math.floor((Math.max(seq, 1) - 1) / this.#binEvents)
    if (bin > this.#looksAt) {
      this.#look()
      this.#looksAt = bin
    }
    this.#fold.step(block, place, place + 1)
    this.#seq = seq
    this.#time = block.time[place]!
    if (seq > 0) while (this.#binTimes.length <= bin) this.#binTimes.push(this.#time)
    if (is.brings) this.#isNew = true
    if (is.tells) this.#starts.see(block.event(place))
    const view = block.view(place)
    const device = Number.isNaN(block.device[place]!) ? deviceOf(view, vocabulary, this.facts) : block.device[place]!
    if (device !== null) this.#rowOf(device)?.event(seq, bin)
    if (is.touching) this.#touch(view, device)
    if (is.judged && this.violations.length < this.#violationsMax) this.violations.push(...this.#judge.at(view))
  }

  #touch({ type }: AnyEvent, device: number | null): void {
    if (device !== null) this.#dirty.add(device)
    if (device !== null && !this.#touches.reachesAll(type)) return
    if (this.#devices.size <= ALL_MAX) for (const id of this.#devices.keys()) this.#dirty.add(id)
  }

  #rowOf(device: number): RowBuilder | null {
    let key = this.#keyOf.get(device)
    if (key === undefined) {
      const info = this.#devices.get(device) ?? this.#told(device)
      if (info === null) return null
      key = this.#keys.keyOf(info)
      this.#keyOf.set(device, key)
    }
    return this.#rows.get(key) ?? null
  }

  /** What facts tell of a device that the models do not list yet. */
  #told(device: number): DeviceInfo | null {
    this.#lookForDevices()
    return this.#devices.get(device) ?? null
  }

  #lookForDevices(): void {
    if (!this.#isNew) return
    this.#isNew = false
    const all = this.#machine.devices()
    this.#devices = new Map(all.map((info) => [info.id, info]))
    this.#keys.see(all)
    for (const info of all) {
      const key = this.#keys.keyOf(info)
      const before = this.#keyOf.get(info.id)
      if (before === undefined || (before !== key && !this.#rows.has(key))) {
        this.#keyOf.set(info.id, key)
        this.#dirty.add(info.id)
      }
      const row = this.#rows.get(this.#keyOf.get(info.id)!)
      if (row === undefined) this.#rows.set(key, new RowBuilder(key, info))
      else row.is(info)
    }
  }

  /** Looks at the devices that were touched. */
  #look(): void {
    if (this.#devices.size <= DEVICES_LOOKED_AT || this.#looksAt % 64 === 0) this.#lookForDevices()
    for (const id of this.#dirty) {
      const row = this.#rows.get(this.#keyOf.get(id) ?? '')
      if (row === undefined) continue
      row.say(
        this.#seq,
        this.#time,
        looksOf(asView(this.#machine.describe(id)), this.#goneOf(id)).map((look) => this.#looks.of(look)),
      )
    }
    this.#dirty.clear()
  }

  /** The pagemaps of a device whose memory was removed. */
  #goneOf(device: number): PagemapView[] {
    const { pagemaps } = this.#machine.state<MemremapState>('memremap', hostOf(device))
    const gone: PagemapView[] = []
    if (pagemaps.size > PAGEMAPS_MAX) return gone
    for (const pagemap of pagemaps.values()) {
      if (pagemap.phase !== 'removed' || pagemapOwner(pagemap, this.facts) !== device) continue
      gone.push(pagemapToJson(pagemap, this.facts) as unknown as PagemapView)
    }
    return gone
  }

  /** What was found so far. `maxTime`: of the log's last event, in nanoseconds. */
  timeline(maxTime: number): Timeline {
    return {
      upTo: this.upTo,
      done: this.#done,
      binEvents: this.#binEvents,
      binTimes: Float64Array.from([...this.#binTimes, this.#done ? maxTime : this.#time]),
      looks: this.#looks.all,
      rows: inOrder([...this.#rows.values()].map((row) => row.row())),
      rules: this.#judge.rules.length,
    }
  }
}
