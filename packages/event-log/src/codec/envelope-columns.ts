import type { Actor, AnyEvent, EventRows } from '@devtrail/events'
import { CAUSES_MAX, EVENT_CHARS_MAX } from '../limits.ts'
import type { ByteWriter } from './bytes.ts'
import type { DictionaryWriter } from './dictionary.ts'
import { Interned } from './interned.ts'
import { marksOf } from './marks.ts'
import { rangeOf, writeInts, type Range } from './write-ints.ts'
import { Numbers, SparseNumbers, grown, isWholeNumber } from './numbers.ts'
import { NO_NUMBER, type RowNumbers } from './row-numbers.ts'
import { deviceBit, type Summary } from './summary.ts'

const ACTOR_SLOTS = 64
const NO_RANGE: Range = { min: Infinity, max: -Infinity, nulls: 0 }
const NO_DISTANCES = new Float64Array(0)

const isWhole = (n: unknown): n is number => typeof n === 'number' && isWholeNumber(n)
const isShortOrAbsent = (text: unknown): boolean => text === undefined || (typeof text === 'string' && text.length < EVENT_CHARS_MAX / 4)

interface KnownActor {
  readonly pid: number
  readonly comm: string
  readonly id: number
}

/** What surrounds the events of a block, one column each. */
export class EnvelopeColumns {
  count = 0
  #hasDevices = false
  /** Place of the event's type in the block. */
  type = new Float64Array(64)
  #time = new Float64Array(64)
  #device = new Float64Array(64)
  #cpu = new Float64Array(64)
  #actor = new Float64Array(64)
  #entry = new Float64Array(64)
  readonly #context = new SparseNumbers()
  readonly #source = new SparseNumbers()
  readonly #where = new SparseNumbers()
  readonly #marks = new SparseNumbers()
  readonly #causeCount = new SparseNumbers()
  readonly #cause = new Numbers()
  readonly #dictionary: DictionaryWriter
  readonly #strings: Interned
  #times: Range = NO_RANGE
  #entries: Range = NO_RANGE
  #lastContext = ''
  #lastContextId = 0
  /** The actor last seen with a pid of each remainder. */
  readonly #actors: (KnownActor | undefined)[] = Array.from({ length: ACTOR_SLOTS })

  constructor(dictionary: DictionaryWriter) {
    this.#dictionary = dictionary
    // Its own: pointers in the data would drive out the few strings that envelopes have.
    this.#strings = new Interned(dictionary)
  }

  /** Causes of all events together. */
  get causes(): number {
    return this.#cause.length
  }

  /** Takes an event's envelope in, but for its type. @returns false, with nothing taken, when it cannot be stored as it is. */
  take(event: AnyEvent): boolean {
    const { time, device, cpu, actor, entry, cause, context, source, where } = event
    if (!isWhole(time)) return false
    if ((device !== null && !isWhole(device)) || (cpu !== null && !isWhole(cpu)) || (entry !== null && !isWhole(entry))) return false
    if (!isShortOrAbsent(context) || !isShortOrAbsent(source) || !isShortOrAbsent(where)) return false
    const marks = marksOf(event)
    if (marks < 0) return false
    const by = actor === null ? 0 : this.#actorId(actor)
    if (by < 0 || !this.#takeCauses(cause)) return false
    const place = this.count
    if (place === this.#time.length) this.#grow()
    this.#time[place] = time
    this.#device[place] = device ?? Number.NaN
    this.#hasDevices ||= device !== null
    this.#cpu[place] = cpu ?? Number.NaN
    this.#actor[place] = by
    this.#entry[place] = entry ?? Number.NaN
    if (context !== undefined) this.#context.set(place, this.#contextId(context))
    if (source !== undefined) this.#source.set(place, this.#strings.id(source))
    if (where !== undefined) this.#where.set(place, this.#strings.id(where))
    if (marks > 0) this.#marks.set(place, marks)
    this.count++
    return true
  }

  /** The same of rows, from one to another, with what their types are in the block. `numbers` is turned to them. */
  takeRows(rows: EventRows, from: number, to: number, numbers: RowNumbers): boolean {
    const n = to - from
    const at = rows.from + from
    const { time, entry, cause, cpu, actor, context, origin } = rows
    for (let i = at; i < at + n; i++) if (!isWholeNumber(time[i]!) || !isWholeNumber(entry[i]!) || !isWholeNumber(cause[i]!)) return false
    const place = this.count
    this.#reach(place + n)
    const { actors, contexts, sources, wheres } = numbers
    const by = this.#actor
    for (let i = 0; i < n; i++) {
      const id = actors[actor[at + i]!] ?? numbers.actor(actor[at + i]!)
      if (id === NO_NUMBER) return false
      by[place + i] = id
    }
    const within = this.#context.room(place + n)
    for (let i = 0; i < n; i++) {
      const id = contexts[context[at + i]!] ?? numbers.context(context[at + i]!)
      if (id === NO_NUMBER) {
        this.#context.cut(place)
        return false
      }
      within[place + i] = id
    }
    const locals = numbers.locals()
    const where = this.#where.room(place + n)
    const source = this.#source.room(place + n)
    const { type } = this
    for (let i = 0; i < n; i++) {
      const from = origin[at + i]!
      source[place + i] = sources[from]!
      where[place + i] = wheres[from]!
      type[place + i] = locals[from]!
    }
    this.#time.set(time.subarray(at, at + n), place)
    this.#entry.set(entry.subarray(at, at + n), place)
    this.#cpu.set(cpu.subarray(at, at + n), place)
    this.#device.fill(Number.NaN, place, place + n)
    const counts = this.#causeCount.room(place + n)
    for (let i = 0; i < n; i++) {
      const seq = cause[at + i]!
      if (seq === 0) continue
      this.#cause.push(seq)
      counts[place + i] = 1
    }
    this.count += n
    return true
  }

  /** Most events have the context of the one before. */
  #contextId(context: string): number {
    if (context !== this.#lastContext || this.#lastContextId === 0) {
      this.#lastContext = context
      this.#lastContextId = this.#strings.id(context)
    }
    return this.#lastContextId
  }

  #takeCauses(cause: readonly number[]): boolean {
    if (!Array.isArray(cause) || cause.length > CAUSES_MAX) return false
    if (cause.length === 0) return true
    for (let i = 0; i < cause.length; i++) if (!isWhole(cause[i])) return false
    for (let i = 0; i < cause.length; i++) this.#cause.push(cause[i])
    this.#causeCount.set(this.count, cause.length)
    return true
  }

  /** @returns its number, or -1 when it is none. */
  #actorId(actor: Actor): number {
    if (typeof actor !== 'object') return -1
    const { pid, comm } = actor
    const known = this.#actors[pid & (ACTOR_SLOTS - 1)]
    if (known !== undefined && known.pid === pid && known.comm === comm) return known.id
    if (!isWhole(pid) || typeof comm !== 'string' || comm.length > EVENT_CHARS_MAX / 4) return -1
    const id = this.#dictionary.actor(actor)
    this.#actors[pid & (ACTOR_SLOTS - 1)] = { pid, comm, id }
    return id
  }

  #reach(count: number): void {
    while (count > this.#time.length) this.#grow()
  }

  #grow(): void {
    this.type = grown(this.type)
    this.#time = grown(this.#time)
    this.#device = grown(this.#device)
    this.#cpu = grown(this.#cpu)
    this.#actor = grown(this.#actor)
    this.#entry = grown(this.#entry)
  }

  /** Lets go of all events from place `count` on. */
  cut(count: number): void {
    for (let i = count; i < this.count; i++) this.#cause.length -= this.#causeCount.get(i)
    for (const column of [this.#context, this.#source, this.#where, this.#marks, this.#causeCount]) column.cut(count)
    this.count = count
  }

  /** What the block says of its events; to be asked before they are written. */
  summary(typeMask: number): Summary {
    const n = this.count
    this.#times = rangeOf(this.#time, n)
    this.#entries = rangeOf(this.#entry, n)
    const { min: first, max: last } = this.#entries
    return {
      minTime: this.#times.min,
      maxTime: this.#times.max,
      entries: first <= last ? { first, last } : null,
      deviceMask: this.#deviceMask(),
      typeMask,
    }
  }

  #deviceMask(): number {
    if (!this.#hasDevices && this.count > 0) return deviceBit(null) >>> 0
    const devices = this.#device
    let mask = 0
    for (let i = 0; i < this.count; i++) {
      const device = devices[i]!
      mask |= device === device ? deviceBit(device) : deviceBit(null)
    }
    return mask >>> 0
  }

  /** Writes all columns and empties them; `lastSeq` is the last event's. */
  write(out: ByteWriter, lastSeq: number): void {
    const n = this.count
    this.#writeCauses(out, lastSeq)
    writeInts(out, this.type, n)
    writeInts(out, this.#time, n, this.#times)
    writeInts(out, this.#device, n)
    writeInts(out, this.#cpu, n)
    writeInts(out, this.#actor, n)
    writeInts(out, this.#entry, n, this.#entries)
    this.#context.write(out, n)
    this.#source.write(out, n)
    this.#where.write(out, n)
    this.#marks.write(out, n)
    this.count = 0
    this.#hasDevices = false
  }

  #writeCauses(out: ByteWriter, lastSeq: number): void {
    const n = this.count
    const causes = this.#cause
    const distances = causes.length === 0 ? NO_DISTANCES : this.#distances(lastSeq)
    if (distances !== null) causes.values.set(distances)
    this.#causeCount.write(out, n)
    out.u8(distances === null ? 0 : 1)
    out.varint(causes.length)
    causes.write(out)
  }

  /** How far before its event each cause is; null where that is no whole number. */
  #distances(lastSeq: number): Float64Array | null {
    const distances = new Float64Array(this.#cause.length)
    let next = 0
    for (let i = 0; i < this.count && next < distances.length; i++) {
      const seq = Math.max(0, lastSeq - this.count + 1 + i)
      for (let left = this.#causeCount.get(i); left > 0; left--, next++) {
        distances[next] = seq - this.#cause.values[next]!
        if (!Number.isSafeInteger(distances[next])) return null
      }
    }
    return distances
  }
}
