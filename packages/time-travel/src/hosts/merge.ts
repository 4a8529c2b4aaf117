/**
 * The events of several hosts' logs on one time line. The order within a host stays as it is, whatever its clock says; that of
 * different hosts is by corrected time, and where clocks do not tell, an event says so (`unordered`).
 */
import { idOfHost, type AnyEvent, type EventBlock, type FieldKind, type HostId, type Vocabulary } from '@devtrail/events'
import type { ClockSegment } from './clock-segments.ts'
import type { HostLook } from './happenings.ts'
import type { PlacedClock } from './place-clocks.ts'
import { SeqMap } from './seq-map.ts'

/** A host's log, and how its clock stands to the time line. */
export interface HostInput {
  readonly name: string
  readonly isReference: boolean
  /** Its events, from the baseline on. */
  readonly blocks: () => AsyncIterable<EventBlock>
  readonly look: HostLook
  /** By boot. */
  readonly clocks: readonly PlacedClock[]
}

/** A corrected time that no log can hold. */
export class TimeOutOfRangeError extends Error {
  override readonly name = 'TimeOutOfRangeError'
  readonly host: string

  constructor(host: string, seq: number) {
    super(`event ${seq} of ${host} is more than 2^53 ns (104 days) away from time 0 of the reference`)
    this.host = host
  }
}

const IDS: ReadonlySet<FieldKind> = new Set<FieldKind>(['device', 'pagemap', 'region', 'managed'])

type Rewritten = { -readonly [K in keyof AnyEvent]: AnyEvent[K] } & { data: { [field: string]: unknown } }

/** Makes events of one host those of a log of several. */
class Rewriting {
  readonly host: HostId
  readonly map = new SeqMap()
  readonly #vocabulary: Vocabulary
  readonly #idFields = new Map<string, readonly string[]>()

  constructor(host: HostId, vocabulary: Vocabulary) {
    this.host = host
    this.#vocabulary = vocabulary
  }

  #fieldsOf(type: string): readonly string[] {
    let fields = this.#idFields.get(type)
    if (fields === undefined) {
      fields = Object.entries(this.#vocabulary.get(type).fields).flatMap(([name, { kind }]) => (IDS.has(kind) ? [name] : []))
      this.#idFields.set(type, fields)
    }
    return fields
  }

  /** Changes an event, which nobody else may have. @throws RangeError */
  rewrite(event: Rewritten, seq: number, time: number, isUnordered: boolean): AnyEvent {
    const { host } = this
    if (event.device !== null) event.device = idOfHost(host, event.device)
    for (const name of this.#fieldsOf(event.type)) {
      const id = event.data[name]
      if (typeof id === 'number') event.data[name] = idOfHost(host, id)
    }
    // A cause that is no event of the log (of a log that is a part of another) is left out: its number would be another's.
    if (event.cause.length > 0) event.cause = event.cause.flatMap((cause) => (cause === 0 ? 0 : (this.map.get(cause) ?? [])))
    if (event.seq > 0) this.map.push(seq)
    event.seq = seq
    event.time = time
    event.host = host
    if (isUnordered) event.unordered = true
    return event
  }
}

/** A host's log, read up to its next event. */
class Head {
  readonly input: HostInput
  readonly rewriting: Rewriting
  #blocks: AsyncIterator<EventBlock>
  #block: EventBlock | null = null
  #place = 0
  #boot = 0
  #segment = -1
  /** The place in the order: never before an event of the same host. */
  key = -Infinity
  /** The corrected time of the next event, and how far off it may be. */
  time = 0
  uncertainty: number | null = null
  /** A piece of the clock that begins with the next event. */
  begins: ClockSegment | null = null

  constructor(input: HostInput, rewriting: Rewriting) {
    this.input = input
    this.rewriting = rewriting
    this.#blocks = input.blocks()[Symbol.asyncIterator]()
  }

  get basis(): PlacedClock['basis'] {
    return this.input.clocks[this.#boot]!.basis
  }

  /** Whether there is an event; `isBaseline`: of the baseline. */
  get isOver(): boolean {
    return this.#block === null
  }

  get isBaseline(): boolean {
    return this.#block!.seq(this.#place) === 0
  }

  /** Goes to the next event. Null: at once. */
  next(): Promise<void> | null {
    if (this.#block !== null && this.#place + 1 < this.#block.count) {
      this.#place++
      this.#look()
      return null
    }
    return this.#load()
  }

  async #load(): Promise<void> {
    const { done, value } = await this.#blocks.next()
    this.#block = done === true ? null : value
    this.#place = 0
    if (done !== true) this.#look()
  }

  #look(): void {
    this.begins = null
    if (this.isBaseline) return
    const { look, clocks, name } = this.input
    const seq = this.#block!.seq(this.#place)
    const own = this.#block!.time[this.#place]!
    if (look.boots[this.#boot + 1]?.from === seq) {
      this.#boot++
      this.#segment = -1
    }
    const { segments } = clocks[this.#boot]!
    const before = this.#segment
    // The first piece holds from whenever the clock began.
    if (this.#segment < 0) this.#segment = 0
    while (this.#segment + 1 < segments.length && segments[this.#segment + 1]!.from <= own) this.#segment++
    const segment = segments[this.#segment]!
    if (this.#segment !== before) this.begins = segment
    this.time = own + segment.offset
    this.uncertainty = segment.uncertainty
    if (!Number.isSafeInteger(this.time)) throw new TimeOutOfRangeError(name, seq)
    if (this.time > this.key) this.key = this.time
  }

  take(seq: number, time: number, isUnordered: boolean): AnyEvent {
    const event = this.#block!.event(this.#place)
    return this.rewriting.rewrite({ ...event, data: { ...event.data } }, seq, time, isUnordered)
  }

  /** The corrected time of an event of the baseline. */
  get baselineTime(): number {
    return this.#block!.time[this.#place]! + this.input.clocks[0]!.segments[0]!.offset
  }

  async close(): Promise<void> {
    await this.#blocks.return?.()
  }
}

/** The latest that events which stand before may have happened, by host. */
class Latest {
  readonly #byHost: Float64Array
  #first = -1
  #second = -1

  constructor(hosts: number) {
    this.#byHost = new Float64Array(hosts).fill(-Infinity)
  }

  /** Of other hosts. */
  but(host: number): number {
    const of = this.#first === host ? this.#second : this.#first
    return of < 0 ? -Infinity : this.#byHost[of]!
  }

  see(host: number, time: number): void {
    if (time <= this.#byHost[host]!) return
    this.#byHost[host] = time
    if (host === this.#first) return
    if (this.#first < 0 || time >= this.#byHost[this.#first]!) {
      this.#second = this.#first
      this.#first = host
    } else if (host !== this.#second && (this.#second < 0 || time >= this.#byHost[this.#second]!)) this.#second = host
  }
}

const logEvent = (seq: number, time: number, type: string, data: AnyEvent['data']): AnyEvent => ({
  seq,
  entry: null,
  time,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  type,
  data,
})

/** Whether an event, and the host by its place in the order that it stands in, comes before another. */
const isBefore = (a: Head, b: Head): boolean => a.key < b.key || (a.key === b.key && a.rewriting.host < b.rewriting.host)

/** The heads with the one that comes next on top. */
class Heap {
  readonly #heads: Head[] = []

  get top(): Head | undefined {
    return this.#heads[0]
  }

  add(head: Head): void {
    const heads = this.#heads
    heads.push(head)
    for (let i = heads.length - 1; i > 0;) {
      const above = (i - 1) >> 1
      if (!isBefore(heads[i]!, heads[above]!)) break
      ;[heads[i], heads[above]] = [heads[above]!, heads[i]!]
      i = above
    }
  }

  /** The top went on, or is over. */
  sink(): void {
    const heads = this.#heads
    if (heads[0]!.isOver) {
      const last = heads.pop()!
      if (heads.length === 0) return
      heads[0] = last
    }
    for (let i = 0; ;) {
      let least = i
      for (const below of [2 * i + 1, 2 * i + 2]) if (below < heads.length && isBefore(heads[below]!, heads[least]!)) least = below
      if (least === i) return
      ;[heads[i], heads[least]] = [heads[least]!, heads[i]!]
      i = least
    }
  }
}

/** What merging came to. */
export interface Merged {
  readonly events: number
  readonly lastSeq: number
  /** Events of which it is not known whether they happened before one of another host that stands before them. */
  readonly unordered: number
}

/**
 * Merges hosts' logs and hands each event to `take`, which may say what to wait for. Each log is read once, block by block; besides
 * that about a byte an event is kept, for causes.
 * @throws TimeOutOfRangeError, RangeError
 */
export async function mergeHosts(
  inputs: readonly HostInput[],
  vocabulary: Vocabulary,
  take: (event: AnyEvent) => PromiseLike<unknown> | null,
): Promise<Merged> {
  const heads = inputs.map((input, i) => new Head(input, new Rewriting(i + 1, vocabulary)))
  try {
    return await mergeHeads(heads, take)
  } finally {
    for (const head of heads) await head.close()
  }
}

async function mergeHeads(heads: readonly Head[], take: (event: AnyEvent) => PromiseLike<unknown> | null): Promise<Merged> {
  let [events, seq, unordered, time] = [0, 0, 0, 0]
  const say = (event: AnyEvent): PromiseLike<unknown> | null => {
    events++
    return take(event)
  }
  for (const { input, rewriting } of heads)
    await say(logEvent(0, 0, 'log/host-joined', { host: rewriting.host, name: input.name, reference: input.isReference }))
  for (const head of heads)
    for (await head.next(); !head.isOver && head.isBaseline; await head.next()) await say(head.take(0, head.baselineTime, false))
  const heap = new Heap()
  for (const head of heads) if (!head.isOver) heap.add(head)
  const latest = new Latest(heads.length + 1)
  for (let head = heap.top; head !== undefined; head = heap.top) {
    const { host } = head.rewriting
    const { uncertainty, begins } = head
    if (begins !== null) {
      const wait = say(logEvent(++seq, head.time, 'log/clock-set', { host, ...clockOf(begins), basis: head.basis }))
      if (wait !== null) await wait
    }
    ;({ time } = head)
    const isUnordered = latest.but(host) + (uncertainty ?? Infinity) >= time
    if (isUnordered) unordered++
    latest.see(host, time + (uncertainty ?? Infinity))
    const wait = say(head.take(++seq, time, isUnordered))
    if (wait !== null) await wait
    const loading = head.next()
    if (loading !== null) await loading
    heap.sink()
  }
  const complete = heads.every(({ input }) => input.look.complete === true)
  await say(logEvent(++seq, time, 'log/ended', { complete }))
  return { events, lastSeq: seq, unordered }
}

const clockOf = ({ offset, uncertainty }: ClockSegment): { offset: number; uncertainty: number | null } => ({ offset, uncertainty })
