import type { AnyEvent, BlockSummary, ColumnBlock, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from './codec/block-builder.ts'
import { BlockReader } from './codec/block-reader.ts'
import { ByteWriter } from './codec/bytes.ts'
import { Dictionary } from './codec/dictionary.ts'
import { EventViews } from './codec/event-view.ts'
import type { AckLevel, AttachmentInfo, Keyframe, LogMeta, LogReader, LogStore, LogWriter, NewKeyframe, ReadRange } from './contract.ts'
import { LogUsageError } from './errors.ts'
import { keyframeExists, mustBeFoldName, mustBePosition, mustFit, noSuchKeyframe, takenKeyframe, withChanges } from './keyframe.ts'
import { Followers, eachOf, isPast, type Waiting } from './follow.ts'
import { checkedMeta } from './meta.ts'
import { mustBeAttachmentName } from './names.ts'
import { checkedRange, isInRange, sequenceAfter } from './sequence.ts'
import { mustBeLevel } from './levels.ts'
import { toStorable } from './stored-event.ts'

interface Held {
  readonly vocabulary: Vocabulary
  readonly meta: LogMeta
  readonly events: AnyEvent[]
  readonly attachments: Map<string, Uint8Array>
  /** Those who wait for more events. */
  readonly waiting: Set<Waiting>
  /** By fold, then by `seq`. */
  readonly keyframes: Map<string, Map<number, ReadonlyMap<string, Uint8Array>>>
  writing: boolean
}

function frozen(event: AnyEvent): AnyEvent {
  Object.freeze(event.data)
  Object.freeze(event.actor)
  Object.freeze(event.cause)
  return Object.freeze(event)
}

function closedError(what: string): LogUsageError {
  return new LogUsageError('closed', `this ${what} is closed; open another one`)
}

async function gather(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of bytes) {
    parts.push(new Uint8Array(part))
    length += part.length
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

class MemoryWriter implements LogWriter {
  readonly cutTail = null
  readonly #held: Held
  #lastSeq: number
  #closed = false

  constructor(held: Held) {
    this.#held = held
    this.#lastSeq = held.events.at(-1)?.seq ?? 0
  }

  get meta(): LogMeta {
    return this.#held.meta
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  async append(events: readonly AnyEvent[]): Promise<AckLevel> {
    this.#take(events)
    return 'buffered'
  }

  take(event: AnyEvent): null {
    this.#take([event])
    return null
  }

  #take(events: readonly AnyEvent[]): void {
    this.#mustBeOpen()
    const lastSeq = sequenceAfter(this.#lastSeq, events)
    const taken = events.map((e) => frozen(toStorable(this.#held.vocabulary, e).event))
    for (const event of taken) this.#held.events.push(event)
    this.#lastSeq = lastSeq
    for (const { ring } of this.#held.waiting) ring()
  }

  async flush(level: AckLevel): Promise<AckLevel> {
    this.#mustBeOpen()
    mustBeLevel(level)
    return 'buffered'
  }

  async attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<AckLevel> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const whole = await gather(bytes)
    if (this.#held.attachments.has(name)) throw new LogUsageError('exists', `the log already has an attachment "${name}"`)
    this.#held.attachments.set(name, whole)
    return 'buffered'
  }

  async keyframe(fold: string, keyframe: NewKeyframe): Promise<AckLevel> {
    this.#mustBeOpen()
    const { seq, since, changes } = takenKeyframe(fold, keyframe, this.#lastSeq)
    const held = this.#held.keyframes.get(fold) ?? new Map<number, ReadonlyMap<string, Uint8Array>>()
    if (held.has(seq)) throw keyframeExists(fold, seq)
    const base = since === null ? new Map<string, Uint8Array>() : held.get(since)
    if (base === undefined) throw noSuchKeyframe(fold, since!)
    const parts = withChanges(base, changes)
    mustFit(
      parts.size,
      parts.values().reduce((bytes, part) => bytes + part.length, 0),
    )
    this.#held.keyframes.set(fold, held.set(seq, parts))
    return 'buffered'
  }

  async close(): Promise<AckLevel> {
    if (!this.#closed) this.#held.writing = false
    this.#closed = true
    return 'buffered'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closedError('writer')
  }
}

/** Events that a block is made of. */
const BLOCK_EVENTS = 4096

function summaryOf(events: readonly AnyEvent[]): BlockSummary {
  const times = events.map(({ time }) => time)
  const entries = events.flatMap(({ entry }) => entry ?? [])
  return {
    count: events.length,
    firstSeq: events[0]!.seq,
    lastSeq: events.at(-1)!.seq,
    minTime: Math.min(...times),
    maxTime: Math.max(...times),
    entries: entries.length === 0 ? null : { first: Math.min(...entries), last: Math.max(...entries) },
  }
}

class MemoryReader implements LogReader {
  readonly tornTail = null
  readonly lastSeq: number
  readonly #held: Held
  readonly #count: number
  readonly #followers = new Followers()
  #closed = false

  constructor(held: Held) {
    this.#held = held
    this.#count = held.events.length
    this.lastSeq = held.events.at(-1)?.seq ?? 0
  }

  get meta(): LogMeta {
    return this.#held.meta
  }

  async *read(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    const checked = checkedRange(range)
    for (let i = 0; i < this.#count; i++) {
      range.signal?.throwIfAborted()
      this.#mustBeOpen()
      const event = this.#held.events[i]!
      if (event.seq > checked.to) return
      if (isInRange(checked, event)) yield event
    }
  }

  async *blocks(range: ReadRange = {}): AsyncIterable<ColumnBlock> {
    const checked = checkedRange(range)
    const views = new EventViews()
    for (const events of this.#pieces()) {
      range.signal?.throwIfAborted()
      this.#mustBeOpen()
      if (events[0]!.seq > checked.to) return
      if (events.some((event) => isInRange(checked, event))) yield this.#block(events, views)
    }
  }

  follow(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    return this.#followers.follow((waiting) => eachOf(this.#followed(range, waiting), () => this.#mustGoOn(range)))
  }

  followBatches(range: ReadRange = {}): AsyncIterable<readonly AnyEvent[]> {
    return this.#followers.follow((waiting) => this.#followed(range, waiting))
  }

  async *#followed(range: ReadRange, waiting: Waiting): AsyncGenerator<readonly AnyEvent[], void> {
    const checked = checkedRange(range)
    this.#mustGoOn(range)
    const { events, waiting: all } = this.#held
    all.add(waiting)
    range.signal?.addEventListener('abort', waiting.ring)
    try {
      for (let [next, lastSeq] = [0, 0]; !isPast(checked, lastSeq) && !waiting.isOver; this.#mustGoOn(range)) {
        const some = events.slice(next, next + BLOCK_EVENTS)
        next += some.length
        lastSeq = some.at(-1)?.seq ?? lastSeq
        const fitting = some.filter((event) => isInRange(checked, event))
        if (fitting.length > 0) yield fitting
        else if (some.length === 0) await waiting.more()
      }
    } finally {
      all.delete(waiting)
      range.signal?.removeEventListener('abort', waiting.ring)
    }
  }

  #mustGoOn({ signal }: ReadRange): void {
    signal?.throwIfAborted()
    this.#mustBeOpen()
  }

  #block(events: readonly AnyEvent[], views: EventViews): BlockReader {
    const { vocabulary } = this.#held
    const builder = new BlockBuilder(vocabulary)
    for (const event of events) builder.add(event)
    const { count, lastSeq } = builder
    const body = new ByteWriter(64 * count)
    builder.finish(body)
    return new BlockReader(body.written(), { count, lastSeq }, new Dictionary(), vocabulary, { views })
  }

  *#pieces(): Generator<readonly AnyEvent[]> {
    for (let at = 0; at < this.#count; at += BLOCK_EVENTS) {
      yield this.#held.events.slice(at, Math.min(this.#count, at + BLOCK_EVENTS))
    }
  }

  async summaries(): Promise<readonly BlockSummary[]> {
    this.#mustBeOpen()
    return Array.from(this.#pieces(), summaryOf)
  }

  async attachments(): Promise<readonly AttachmentInfo[]> {
    this.#mustBeOpen()
    const names = [...this.#held.attachments.keys()].toSorted()
    return names.map((name) => ({ name, bytes: this.#held.attachments.get(name)!.length }))
  }

  async attachment(name: string): Promise<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const bytes = this.#held.attachments.get(name)
    if (bytes === undefined) throw new LogUsageError('not-found', `the log has no attachment "${name}"`)
    return bytes.slice()
  }

  async *attachmentChunks(name: string): AsyncIterable<Uint8Array> {
    yield await this.attachment(name)
  }

  async keyframes(fold: string): Promise<readonly number[]> {
    this.#mustBeOpen()
    mustBeFoldName(fold)
    const seqs = [...(this.#held.keyframes.get(fold)?.keys() ?? [])]
    return seqs.filter((seq) => seq <= this.lastSeq).toSorted((a, b) => a - b)
  }

  async keyframe(fold: string, atOrBefore: number): Promise<Keyframe | null> {
    mustBePosition(atOrBefore)
    const seq = (await this.keyframes(fold)).findLast((s) => s <= atOrBefore)
    if (seq === undefined) return null
    const parts = this.#held.keyframes.get(fold)!.get(seq)!
    return { seq, parts: new Map([...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, bytes]) => [name, bytes.slice()])) }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#followers.close(closedError('reader'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closedError('reader')
  }
}

/**
 * A place in this process's memory for one log: for tests, simulation and the browser. Events are visible to readers at
 * once, and yet never more than `buffered`: they die with the process.
 */
export function memoryStore(vocabulary: Vocabulary): LogStore {
  let held: Held | null = null
  const existing = (): Held => {
    if (held === null) throw new LogUsageError('not-found', 'no log has been created in this memory store')
    return held
  }
  const write = (log: Held): LogWriter => {
    if (log.writing) throw new LogUsageError('locked', 'another writer has this log open; close it first')
    log.writing = true
    return new MemoryWriter(log)
  }
  return {
    async create(meta) {
      if (held !== null) throw new LogUsageError('exists', 'this memory store already holds a log; append to it or use another store')
      held = {
        vocabulary,
        meta: checkedMeta(meta),
        events: [],
        attachments: new Map(),
        waiting: new Set(),
        keyframes: new Map(),
        writing: false,
      }
      return write(held)
    },
    async append() {
      return write(existing())
    },
    async open() {
      return new MemoryReader(existing())
    },
  }
}
