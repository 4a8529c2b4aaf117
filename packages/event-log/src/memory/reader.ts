/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyEvent, BlockSummary, ColumnBlock } from '@devtrail/events'
import { EventViews } from '../codec/event-view.ts'
import type { AttachmentInfo, Keyframe, LogMeta, LogReader, ReadRange } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { Followers, eachOf, isPast, type Waiting } from '../follow.ts'
import { mustBeFoldName, mustBePosition } from '../keyframe.ts'
import { mustBeAttachmentName } from '../names.ts'
import { checkedRange, isInRange } from '../sequence.ts'
import { BLOCK_EVENTS, blockOf } from './encoded.ts'
import { closedError, type Held } from './held.ts'

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

export class MemoryReader implements LogReader {
  readonly tornTail = null
  readonly gone = { events: 0, seq: 0 }
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
      if (events.some((event) => isInRange(checked, event))) yield blockOf(events, this.#held.vocabulary, views)
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
