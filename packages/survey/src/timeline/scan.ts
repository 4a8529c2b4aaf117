/**
 * Reads a log once, from front to back and a little at a time, for what the timeline shows of the whole: the rows of the
 * devices, where their events are, and what breaks the rules. Of a short log every event is looked behind; of a long one
 * the state is looked at after every bin of events.
 */
import { Facts, type DeviceInfo, type EventBlock, type Violation } from '@devtrail/events'
import { BlockFold, deviceOf, Judge, LogBlocks, Machine, type EventSource } from '@devtrail/time-travel'
import { bringsDevice, LogKeys } from '../keys.ts'
import { models, vocabulary } from '../models.ts'
import { StartNames } from '../start-names.ts'
import { Names } from '../survey.ts'
import { DeviceLooks } from './device-looks.ts'
import { Life, Looks, looksIn } from './life.ts'
import { inOrder, rowOf, type Lives } from './rows.ts'
import type { Timeline } from './timeline.ts'

/** Events up to which each is a bin, where nothing else is asked for. */
const EXACT_EVENTS = 8192
/** Bins that a longer log is divided into: some to a pixel. Where one looks closely, `TimelineWindow` has each event. */
const BINS = 4096
/** Events between two chances to give way. */
const SLICE_EVENTS = 256
/** Devices up to which all are looked at whenever one came, or may have changed. */
const DEVICES_LOOKED_AT = 500
/** Bins between two looks at all devices where there are more. */
const BINS_BETWEEN = 64
/** Of more devices, as many new ones as this part of them are there before all are listed anew. */
const NEW_PART = 8
/** Violations that are kept, where nothing else is asked for. */
const VIOLATIONS = 2000

export interface ScanOptions {
  /** Bins that the log is divided into at most; Infinity: every event is one. Default: 4096 for a log of more than 8192 events. */
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
  readonly #looker: DeviceLooks
  readonly #keys = new LogKeys()
  readonly #keyOf = new Map<number, string>()
  readonly #starts = new StartNames()
  readonly #lives = new Map<number, Life>()
  readonly #looks = new Looks()
  readonly #binEvents: number
  readonly #violationsMax: number
  readonly #binTimes: number[] = []
  #devices = new Map<number, DeviceInfo>()
  /** Events since devices were listed that may have brought one. */
  #brought = 1
  /** What events can have changed of devices that they do not mention, since all were looked at. */
  #ofAll = 0
  /** A gap was there: what it made unknown must not look known. */
  #isDoubted = false
  #looksAt = 0
  /** The bin in which all devices were looked at last. */
  #allAt = -Infinity
  #seq = 0
  #time = 0
  #upTo = -1
  #done = false

  constructor(
    source: EventSource,
    facts: Facts,
    lastSeq: number,
    { bins = lastSeq <= EXACT_EVENTS ? EXACT_EVENTS : BINS, violations = VIOLATIONS }: ScanOptions = {},
  ) {
    this.#violationsMax = violations
    this.#source = source
    this.facts = facts
    this.names = new Names(facts, this.#keyOf, this.#starts.regions, this.#starts.pagemaps)
    this.#machine = new Machine(models, facts)
    this.#fold = new BlockFold(this.#machine)
    this.#judge = new Judge(this.#machine)
    this.#looker = new DeviceLooks(this.#machine, facts)
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
      const touching = block.types.map(({ name }) => this.#looker.reachOf(name).some !== 0)
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
    this.#look(true)
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
    if (is.brings) this.#brought++
    if (is.tells) this.#starts.see(block.event(place))
    const view = block.view(place)
    const device = Number.isNaN(block.device[place]!) ? deviceOf(view, vocabulary, this.facts) : block.device[place]!
    if (device !== null) this.#lifeOf(device).event(seq, bin)
    if (is.touching) {
      this.#ofAll |= this.#looker.event(view, device)
      this.#isDoubted ||= view.type === 'log/gap'
    }
    if (is.judged && this.violations.length < this.#violationsMax) this.violations.push(...this.#judge.at(view))
  }

  #lifeOf(device: number): Life {
    let life = this.#lives.get(device)
    if (life === undefined) this.#lives.set(device, (life = new Life()))
    return life
  }

  /** Listing takes as long as there are devices: of many it is done whenever there is some part more of them. */
  #isTimeToList(): boolean {
    return this.#brought > 0 && (this.#devices.size <= DEVICES_LOOKED_AT || this.#brought * NEW_PART > this.#devices.size)
  }

  #lookForDevices(): void {
    this.#brought = 0
    const all = this.#machine.devices()
    this.#keys.see(all)
    // Older incarnations first: the order in which they follow one another in a row.
    for (const info of all.toSorted((a, b) => a.id - b.id)) {
      if (!this.#devices.has(info.id)) this.#looker.touch(info.id)
      this.#devices.set(info.id, info)
      // Of a name that is found to be shared, the key is another one from now on, also of what it did before.
      this.#keyOf.set(info.id, this.#keys.keyOf(info))
    }
  }

  /** Whether all devices are to be looked at: of many now and then, and behind a gap as soon as that is not all there is to do. */
  #isTimeForAll(isLast: boolean): boolean {
    const bins = this.#looksAt - this.#allAt
    const { size } = this.#devices
    return isLast || size <= DEVICES_LOOKED_AT || (this.#isDoubted ? bins * DEVICES_LOOKED_AT >= size : bins >= BINS_BETWEEN)
  }

  /** Looks at the devices that may have changed. */
  #look(isLast = false): void {
    if (isLast || this.#isTimeToList()) this.#lookForDevices()
    if (this.#ofAll !== 0 && this.#isTimeForAll(isLast)) {
      if (this.#isDoubted && this.#brought > 0) this.#lookForDevices()
      for (const id of this.#devices.keys()) this.#looker.touch(id, this.#ofAll)
      this.#ofAll = 0
      this.#isDoubted = false
      this.#allAt = this.#looksAt
    }
    for (const [id, seen] of this.#looker.look()) this.#lifeOf(id).say(this.#seq, this.#time, looksIn(seen, this.#looks))
  }

  /** The rows there are, in order, without what they show. */
  #allRows(): Lives[] {
    const rows = new Map<string, Lives>()
    for (const [id, info] of this.#devices) {
      const key = this.#keyOf.get(id)!
      const row = rows.get(key)
      if (row === undefined) rows.set(key, { key, info, lives: [this.#lifeOf(id)] })
      else {
        row.lives.push(this.#lifeOf(id))
        row.info = info
      }
    }
    return inOrder(rows.values())
  }

  /** What was found so far. `maxTime`: of the log's last event, in nanoseconds. */
  timeline(maxTime: number, { rowsMax = Infinity, named = '' }: RowsAsked = {}): Timeline {
    const all = this.#allRows()
    const fitting = named === '' ? all : all.filter(({ key }) => key.includes(named))
    return {
      upTo: this.upTo,
      done: this.#done,
      binEvents: this.#binEvents,
      binTimes: Float64Array.from([...this.#binTimes, this.#done ? maxTime : this.#time]),
      looks: this.#looks.all,
      rows: fitting.slice(0, rowsMax).map(rowOf),
      devices: all.length,
      fitting: fitting.length,
      rules: this.#judge.rules.length,
    }
  }
}

/** Which rows are wanted of a timeline. */
export interface RowsAsked {
  /** How many at most; the first. Default: all. */
  readonly rowsMax?: number
  /** Only those whose key has this in it. */
  readonly named?: string
}
