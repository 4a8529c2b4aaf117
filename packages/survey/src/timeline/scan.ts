/**
 * Reads a log once, from front to back and a little at a time, for what the timeline shows of the whole: the rows of the
 * devices, where their events are, and what breaks the rules. Of a short log every event is looked behind; of a long one
 * the state is looked at after every bin of events.
 */
import type { EventBlock, Facts, Violation } from '@devtrail/events'
import { BlockFold, deviceOf, Judge, LogBlocks, machineBefore, type EventSource, type Machine } from '@devtrail/time-travel'
import { bringsDevice } from '../keys.ts'
import { models, vocabulary } from '../models.ts'
import { Names } from '../names.ts'
import { DeviceList, DEVICES_LISTED } from './device-list.ts'
import { DeviceLooks } from './device-looks.ts'
import { Lives } from './lives.ts'
import { Looks, looksIn } from './looks-seen.ts'
import { rowOf } from './rows.ts'
import { OWNERLESS, type Row, type Timeline } from './timeline.ts'

/** Events up to which each is a bin, where nothing else is asked for. */
const EXACT_EVENTS = 8192
/** Bins that a longer log is divided into: some to a pixel. Where one looks closely, `TimelineWindow` has each event. */
const BINS = 4096
/** Events between two chances to give way. */
const SLICE_EVENTS = 256
/** Bins between two looks at all devices where there are more than are listed at once. */
const BINS_BETWEEN = 64
/** Violations that are kept, where nothing else is asked for. */
const VIOLATIONS = 2000

export interface ScanOptions {
  /** Bins that the log is divided into at most; Infinity: every event is one. Default: 4096 for a log of more than 8192 events. */
  readonly bins?: number
  /** Violations that are kept at most. Default 2000. */
  readonly violations?: number
  /** Devices with whose number reading ends. Default: it does not. */
  readonly devices?: number
}

/** Which rows are wanted of a timeline. */
export interface RowsAsked {
  /** How many at most; the first. Default: all. */
  readonly rowsMax?: number
  /** Only those whose key has this in it. */
  readonly named?: string
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
  readonly #lives = new Lives()
  readonly #devices: DeviceList
  readonly #looks = new Looks()
  readonly #firstSeq: number
  readonly #binEvents: number
  readonly #violationsMax: number
  readonly #devicesMax: number
  readonly #binTimes: number[] = []
  /** What events can have changed of devices that they do not mention, since all were looked at. */
  #ofAll = 0
  /** A gap was there: what it made unknown must not look known. */
  #isDoubted = false
  #looksAt = 0
  /** What no device is known of: it has a life, too, as soon as there is any. */
  #ownerless: number | null = null
  #isOwnerlessTouched = false
  /** The bin in which all devices were looked at last. */
  #allAt = -Infinity
  #seq = 0
  #time = 0
  #upTo: number
  #done = false

  /** Of a source whose head is gone it begins with what is known there. */
  constructor(source: EventSource, facts: Facts, lastSeq: number, { bins, violations = VIOLATIONS, devices = Infinity }: ScanOptions = {}) {
    this.#devicesMax = devices
    this.#violationsMax = violations
    this.#source = source
    this.facts = facts
    const { machine, seq } = machineBefore(models, source.start, facts)
    this.#machine = machine
    this.#upTo = seq
    this.#devices = new DeviceList(machine, this.#lives)
    const { regions, pagemaps } = machine.content.names.starts
    this.names = new Names(facts, this.#devices, regions, pagemaps)
    this.#fold = new BlockFold(machine)
    this.#judge = new Judge(machine)
    this.#looker = new DeviceLooks(machine, facts)
    this.#firstSeq = Math.max(0, seq) + 1
    const events = lastSeq - this.#firstSeq + 1
    this.#binEvents = Math.max(1, Math.ceil(events / (bins ?? (events <= EXACT_EVENTS ? EXACT_EVENTS : BINS))))
    if (source.start === undefined) return
    this.#seq = source.start.seq
    this.#time = source.start.time ?? 0
    this.#look(true)
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

  get #isFull(): boolean {
    return this.#lives.count - (this.#ownerless === null ? 0 : 1) >= this.#devicesMax
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
      if (this.#isFull) break
      const touching = block.types.map(({ name }) => this.#looker.reachOf(name).some !== 0)
      const judged = block.types.map(({ name }) => this.#judge.judges(name))
      const brings = block.types.map(({ name }) => bringsDevice(name))
      for (let place = 0; place < block.count; place++) {
        const seq = block.seq(place)
        if (seq <= this.#upTo && !(seq === 0 && this.#upTo <= 0)) continue
        if (this.#isFull) break
        const type = block.type[place]!
        this.#step(block, place, { touching: touching[type]!, judged: judged[type]!, brings: brings[type]! })
        if (place % SLICE_EVENTS === 0) {
          const wait = pause()
          if (wait !== null) await wait
        }
      }
      this.#upTo = this.#isFull ? this.#seq : block.lastSeq
    }
    this.#look(true)
    this.#done = !this.#isFull
  }

  #step(block: EventBlock, place: number, is: { touching: boolean; judged: boolean; brings: boolean }): void {
    const seq = block.seq(place)
    const bin = Math.floor((Math.max(seq, this.#firstSeq) - this.#firstSeq) / this.#binEvents)
    if (bin > this.#looksAt) {
      this.#look()
      this.#looksAt = bin
    }
    this.#fold.step(block, place, place + 1)
    this.#seq = seq
    this.#time = block.time[place]!
    if (seq > 0) while (this.#binTimes.length <= bin) this.#binTimes.push(this.#time)
    const view = block.view(place)
    if (is.brings) this.#devices.brings(view)
    const device = Number.isNaN(block.device[place]!) ? deviceOf(view, vocabulary, this.facts) : block.device[place]!
    if (device !== null) this.#lives.event(this.#devices.place(device), seq, bin)
    else if (!view.type.startsWith('log/')) this.#lives.event((this.#ownerless ??= this.#lives.add()), seq, bin)
    if (is.touching) {
      this.#ofAll |= this.#looker.event(view, device)
      this.#isOwnerlessTouched ||= device === null
      this.#isDoubted ||= view.type === 'log/gap'
    }
    if (is.judged && this.violations.length < this.#violationsMax) this.violations.push(...this.#judge.at(view))
  }

  /** Takes the names of devices from a later moment of the log: what is found to be shared until then is from now on. */
  foresee(machine: Machine): void {
    this.#devices.foresee(machine)
  }

  /** Whether all devices are to be looked at: of many now and then, and behind a gap as soon as that is not all there is to do. */
  #isTimeForAll(isLast: boolean): boolean {
    const bins = this.#looksAt - this.#allAt
    const { size } = this.#devices
    return isLast || size <= DEVICES_LISTED || (this.#isDoubted ? bins * DEVICES_LISTED >= size : bins >= BINS_BETWEEN)
  }

  /** Looks at the devices that may have changed. */
  #look(isLast = false): void {
    for (const id of this.#devices.look(isLast)) this.#looker.touch(id)
    if (this.#ofAll !== 0 && this.#isTimeForAll(isLast)) {
      for (const id of this.#devices.ids) this.#looker.touch(id, this.#ofAll)
      this.#ofAll = 0
      this.#isDoubted = false
      this.#allAt = this.#looksAt
    }
    if (this.#ownerless !== null && (this.#isOwnerlessTouched || isLast)) {
      this.#isOwnerlessTouched = false
      this.#lives.say(
        this.#ownerless,
        this.#seq,
        this.#time,
        this.#looker.ownerless().map((look) => this.#looks.of(look)),
      )
    }
    for (const [id, seen] of this.#looker.look())
      this.#lives.say(this.#devices.place(id), this.#seq, this.#time, looksIn(seen, this.#looks))
  }

  /** What was found so far. `maxTime`: of the log's last event, in nanoseconds. */
  timeline(maxTime: number, { rowsMax = Infinity, named = '' }: RowsAsked = {}): Timeline {
    const { fitting, rows } = this.#devices.told(rowsMax, named)
    return {
      firstSeq: this.#firstSeq,
      upTo: this.upTo,
      done: this.#done,
      isFull: this.#isFull,
      binEvents: this.#binEvents,
      binTimes: Float64Array.from([...this.#binTimes, this.#done ? maxTime : this.#time]),
      looks: this.#looks.all,
      rows: rows.map((row) => rowOf(this.#lives, row)),
      ownerless: named === '' ? this.#ownerlessRow() : null,
      devices: this.#devices.rows,
      fitting,
      renamed: this.#devices.renamed,
      rules: this.#judge.rules.length,
    }
  }

  #ownerlessRow(): Row | null {
    const life = this.#ownerless
    if (life === null || this.#lives.events(life) === 0) return null
    return rowOf(this.#lives, { key: OWNERLESS, host: null, kind: null, bookkeeping: false, lives: [life] })
  }
}
