/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyEvent, BlockSummary, ColumnBlock, Vocabulary } from '@devtrail/events'
import {
  ATTACHMENT_BYTES_MAX,
  LogDamagedError,
  LogUsageError,
  type AttachmentInfo,
  type Keyframe,
  type KeyframeOptions,
  type LogMeta,
  type LogReader,
  type GoneHead,
  type ReadRange,
} from '@devtrail/event-log'
import {
  Chain,
  Followers,
  checkedRange,
  firstSeqOf,
  fitting,
  isPast,
  mayHold,
  mustBeAttachmentName,
  mustBeFoldName,
  mustBePosition,
  type BlockReader,
  type CheckedRange,
  type Waiting,
} from '@devtrail/event-log/store'
import { findAttachment, listAttachments } from './attachments.ts'
import { blockOf, MessagesAhead, mustNotBeLetGo, readingOf } from './block-fetch.ts'
import { beginOfLog, type Index } from './block-index.ts'
import { isBlock } from './index-entry.ts'
import { followedBlocks, tellOrThrow } from './following.ts'
import { getKeyframe, listKeyframes } from './keyframes.ts'
import { lostIn, type LostBlocks } from './lost.ts'
import { joined } from './pieces.ts'
import { damagedIn, type Log } from './place.ts'

export class JetStreamReader implements LogReader {
  /** A message is whole or not there. */
  readonly tornTail = null
  readonly lastSeq: number
  readonly gone: GoneHead
  readonly #log: Log
  readonly #vocabulary: Vocabulary
  readonly #index: Index
  readonly #followers = new Followers()
  #closed = false

  constructor(log: Log, index: Index, vocabulary: Vocabulary) {
    this.#log = log
    this.#vocabulary = vocabulary
    this.#index = index
    this.gone = index.gone
    this.lastSeq = Math.max(index.entries.findLast(isBlock)?.lastSeq ?? index.gone.seq, index.end.lastSeq)
  }

  get meta(): LogMeta {
    return this.#log.meta
  }

  /** What of the log cannot be read; `isRead`: also by reading all of it. */
  lost(isRead: boolean): Promise<LostBlocks[]> {
    this.#mustBeOpen()
    return lostIn(this.#log, this.#index, this.#vocabulary, isRead)
  }

  async *read(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    const checked = checkedRange(range)
    for await (const block of this.#blocks(range, checked)) yield* this.#eventsOf(block, checked, range)
  }

  async *blocks(range: ReadRange = {}): AsyncIterable<ColumnBlock> {
    yield* this.#blocks(range, checkedRange(range))
  }

  *#eventsOf(block: BlockReader, checked: CheckedRange, range: ReadRange): Generator<AnyEvent> {
    for (const i of fitting(block, checked)) {
      let event: AnyEvent
      try {
        event = block.event(i)
      } catch (error) {
        if (!(error instanceof LogDamagedError)) throw error
        tellOrThrow(range, error)
        continue
      }
      this.#mustGoOn(range)
      yield event
    }
  }

  async *#blocks(range: ReadRange, checked: CheckedRange): AsyncGenerator<BlockReader> {
    this.#mustGoOn(range)
    const { entries } = this.#index
    const chain = new Chain()
    chain.enter({ firstIndex: this.gone.events, lastSeq: this.gone.seq })
    const reading = readingOf(this.#vocabulary)
    const ahead = new MessagesAhead(
      this.#log,
      entries.filter(isBlock).filter((block) => mayHold(block, checked)),
    )
    /** What is damaged before the next block, which says whether it is within the range. */
    let damaged: LogDamagedError[] = []
    for (const entry of entries) {
      this.#mustGoOn(range)
      const before = chain.lastSeq
      if (isPast(checked, before)) return
      if (!isBlock(entry)) {
        damaged.push(entry)
        chain.broken()
        continue
      }
      const fault = chain.follow(entry)
      if (fault !== null) damaged.push(damagedIn(this.#log)(fault, entry.seq))
      const first = firstSeqOf(entry)
      if (first === 0 || first > checked.from) damaged.forEach((damage) => tellOrThrow(range, damage))
      damaged = []
      if (first > checked.to) return
      if (!mayHold(entry, checked)) continue
      const message = await ahead.next()
      this.#mustGoOn(range)
      const block = await blockOf(this.#log, entry, message, reading)
      if (block instanceof LogDamagedError) {
        if (message === null) await mustNotBeLetGo(this.#log, entry.firstIndex, () => beginOfLog(this.#log))
        chain.broken()
        tellOrThrow(range, block)
      } else yield block
    }
    damaged.forEach((damage) => tellOrThrow(range, damage))
  }

  follow(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    return this.#followers.follow((waiting) => this.#followedEvents(range, waiting))
  }

  followBatches(range: ReadRange = {}): AsyncIterable<readonly AnyEvent[]> {
    return this.#followers.follow((waiting) => this.#followedBatches(range, waiting))
  }

  async *#followedEvents(range: ReadRange, waiting: Waiting): AsyncGenerator<AnyEvent, void> {
    const checked = checkedRange(range)
    for await (const block of this.#followed(range, checked, waiting)) yield* this.#eventsOf(block, checked, range)
  }

  async *#followedBatches(range: ReadRange, waiting: Waiting): AsyncGenerator<readonly AnyEvent[], void> {
    const checked = checkedRange(range)
    for await (const block of this.#followed(range, checked, waiting)) {
      const batch = [...this.#eventsOf(block, checked, range)]
      this.#mustGoOn(range)
      if (batch.length > 0) yield batch
    }
  }

  /** The blocks there are, then those that come. */
  async *#followed(range: ReadRange, checked: CheckedRange, waiting: Waiting): AsyncGenerator<BlockReader, void> {
    const { end, last } = this.#index
    yield* this.#blocks(range, checked)
    if (waiting.isOver || isPast(checked, end.lastSeq)) return
    const start = { log: this.#log, end, message: last + 1, reading: readingOf(this.#vocabulary), mustGoOn: () => this.#mustGoOn(range) }
    yield* followedBlocks(start, range, checked, waiting)
  }

  #mustGoOn({ signal }: ReadRange): void {
    signal?.throwIfAborted()
    this.#mustBeOpen()
  }

  async summaries(): Promise<readonly BlockSummary[]> {
    this.#mustBeOpen()
    return this.#index.entries.filter(isBlock).map(({ count, lastSeq, minTime, maxTime, entries }) => {
      return { count, firstSeq: firstSeqOf({ count, lastSeq }), lastSeq, minTime, maxTime, entries }
    })
  }

  async attachments(): Promise<readonly AttachmentInfo[]> {
    this.#mustBeOpen()
    return listAttachments(this.#log)
  }

  async attachment(name: string): Promise<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const { bytes, pieces } = await findAttachment(this.#log, name)
    if (bytes > ATTACHMENT_BYTES_MAX) {
      throw new LogUsageError('bad-range', `attachment "${name}" has ${bytes} bytes; read it with attachmentChunks()`)
    }
    const parts: Uint8Array[] = []
    for await (const piece of pieces) parts.push(piece)
    return joined(parts)
  }

  async *attachmentChunks(name: string): AsyncIterable<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    yield* (await findAttachment(this.#log, name)).pieces
  }

  async keyframes(fold: string): Promise<readonly number[]> {
    this.#mustBeOpen()
    mustBeFoldName(fold)
    return (await listKeyframes(this.#log, fold)).filter((seq) => seq <= this.lastSeq)
  }

  async keyframe(fold: string, atOrBefore: number, { onDamage }: KeyframeOptions = {}): Promise<Keyframe | null> {
    this.#mustBeOpen()
    mustBeFoldName(fold)
    mustBePosition(atOrBefore)
    for (const seq of (await this.keyframes(fold)).toReversed()) {
      if (seq > atOrBefore) continue
      try {
        const keyframe = await getKeyframe(this.#log, fold, seq, this.#eventsUpTo(seq))
        if (keyframe !== null) return keyframe
      } catch (error) {
        if (!(error instanceof LogDamagedError)) throw error
        onDamage?.(error)
      }
    }
    return null
  }

  /** Events of the log up to a `seq`; null where no block tells how large the baseline is. */
  #eventsUpTo(seq: number): number | null {
    const last = this.#index.entries.findLast(isBlock)
    if (last === undefined) return this.gone.seq === 0 ? null : this.gone.events - this.gone.seq + seq
    return last.lastSeq === 0 ? null : last.firstIndex + last.count - last.lastSeq + seq
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#followers.close(closedError())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closedError()
  }
}

function closedError(): LogUsageError {
  return new LogUsageError('closed', 'this reader is closed; open another one')
}
