/// <reference lib="esnext.disposable" preserve="true" />
import { crc32 } from 'node:zlib'
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
  ColumnPool,
  EventViews,
  Followers,
  checkedRange,
  firstSeqOf,
  fitting,
  isPast,
  mayHold,
  mustBeAttachmentName,
  mustBeFoldName,
  mustBePosition,
  readStandalone,
  type BlockReader,
  type CheckedRange,
  type Fault,
  type StandaloneReading,
  type Waiting,
} from '@devtrail/event-log/store'
import type { JsMsg, StoredMsg } from '@nats-io/jetstream'
import { findAttachment, listAttachments } from './attachments.ts'
import { consume, entryOf, isBlock, type Index, type IndexEntry } from './block-index.ts'
import type { BlockInfo } from './block-message.ts'
import { getKeyframe, listKeyframes } from './keyframes.ts'
import { joined } from './pieces.ts'
import { damagedIn, type Log } from './place.ts'
import { sealedContent } from './sealed.ts'
import { messageAt } from './stream.ts'
import { unzstd } from './zstd.ts'

/** Blocks that are asked for before they are wanted. */
const AHEAD = 8

type Message = Pick<StoredMsg, 'seq' | 'data' | 'header'>
type Reading = Pick<StandaloneReading, 'vocabulary' | 'views' | 'pool'>

export class JetStreamReader implements LogReader {
  /** A message is whole or not there. */
  readonly tornTail = null
  readonly lastSeq: number
  readonly gone: GoneHead
  readonly #log: Log
  readonly #vocabulary: Vocabulary
  readonly #entries: readonly IndexEntry[]
  /** Number of the last message there was. */
  readonly #last: number
  readonly #followers = new Followers()
  #closed = false

  constructor(log: Log, { entries, last, gone }: Index, vocabulary: Vocabulary) {
    this.#log = log
    this.#vocabulary = vocabulary
    this.#entries = entries
    this.#last = last
    this.gone = gone
    this.lastSeq = entries.findLast(isBlock)?.lastSeq ?? gone.seq
  }

  get meta(): LogMeta {
    return this.#log.meta
  }

  async *read(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    const checked = checkedRange(range)
    for await (const block of this.#blocks(range, checked)) {
      for (const event of this.#eventsOf(block, checked, range)) {
        this.#mustGoOn(range)
        yield event
      }
    }
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
      yield event
    }
  }

  #reading(): Reading {
    return { vocabulary: this.#vocabulary, views: new EventViews(), pool: new ColumnPool() }
  }

  async *#blocks(range: ReadRange, checked: CheckedRange): AsyncGenerator<BlockReader> {
    this.#mustGoOn(range)
    const chain = new Chain()
    chain.enter({ firstIndex: this.gone.events, lastSeq: this.gone.seq })
    const reading = this.#reading()
    const tell = (damage: LogDamagedError): void => {
      chain.broken()
      tellOrThrow(range, damage)
    }
    const wanted = this.#entries.filter((entry) => !isBlock(entry) || mayHold(entry, checked))
    const asked = new Map<IndexEntry, Promise<StoredMsg | null>>()
    let ahead = 0
    let place = 0
    for (const entry of this.#entries) {
      this.#mustGoOn(range)
      if (!isBlock(entry)) {
        tell(entry)
        place++
        continue
      }
      const fault = chain.follow(entry)
      if (fault !== null) tell(damagedIn(this.#log)(fault, entry.seq))
      if (firstSeqOf(entry) > checked.to) return
      if (!mayHold(entry, checked)) continue
      for (; ahead < wanted.length && ahead < place + AHEAD; ahead++) {
        const next = wanted[ahead]!
        if (!isBlock(next)) continue
        const message = messageAt(this.#log.stream, next.seq)
        message.catch(() => {})
        asked.set(next, message)
      }
      place++
      const message = await asked.get(entry)!
      asked.delete(entry)
      this.#mustGoOn(range)
      const block = await this.#block(entry, message, reading)
      if (block instanceof LogDamagedError) tell(block)
      else yield block
    }
  }

  async #block(info: BlockInfo, message: Message | null, reading: Reading): Promise<BlockReader | LogDamagedError> {
    const { logId, stream } = this.#log
    const damaged = (fault: Fault, cause?: unknown): LogDamagedError => damagedIn(this.#log)(fault, info.seq, cause)
    if (message === null) return damaged({ expected: `${info.count} events up to seq ${info.lastSeq}`, found: 'no such message' })
    try {
      const bytes = await sealedContent(stream, message)
      return readStandalone(bytes, { logId, number: info.number, crc32 }, info, { ...reading, damaged, decompress: unzstd })
    } catch (error) {
      if (error instanceof LogDamagedError) return error
      throw error
    }
  }

  follow(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    return this.#followers.follow((waiting) => this.#followedEvents(range, waiting))
  }

  followBatches(range: ReadRange = {}): AsyncIterable<readonly AnyEvent[]> {
    return this.#followers.follow((waiting) => this.#followedBatches(range, waiting))
  }

  async *#followedEvents(range: ReadRange, waiting: Waiting): AsyncGenerator<AnyEvent, void> {
    const checked = checkedRange(range)
    for await (const block of this.#followed(range, checked, waiting)) {
      for (const event of this.#eventsOf(block, checked, range)) {
        this.#mustGoOn(range)
        yield event
      }
    }
  }

  async *#followedBatches(range: ReadRange, waiting: Waiting): AsyncGenerator<readonly AnyEvent[], void> {
    const checked = checkedRange(range)
    for await (const block of this.#followed(range, checked, waiting)) {
      const batch = [...this.#eventsOf(block, checked, range)]
      this.#mustGoOn(range)
      if (batch.length > 0) yield batch
    }
  }

  async *#followed(range: ReadRange, checked: CheckedRange, waiting: Waiting): AsyncGenerator<BlockReader, void> {
    this.#mustGoOn(range)
    if (isPast(checked, 0)) return
    const reading = this.#reading()
    const chain = new Chain()
    const first = this.#entries.find((entry) => isBlock(entry) && entry.lastSeq >= checked.from)
    const coming = await consume(
      this.#log,
      first !== undefined && isBlock(first) ? first.seq : this.#entries.length > 0 ? this.#last : 1,
      false,
    )
    range.signal?.addEventListener('abort', waiting.ring)
    try {
      const items = coming.messages[Symbol.asyncIterator]()
      for (let next = items.next(); !waiting.isOver; this.#mustGoOn(range)) {
        const found = await Promise.race([next, waiting.more().then(() => null)])
        if (found === null) continue
        if (found.done) return
        next = items.next()
        const block = await this.#follows(found.value, checked, chain, reading, range)
        if (block !== null) yield block
        if (isPast(checked, chain.lastSeq)) return
      }
    } finally {
      range.signal?.removeEventListener('abort', waiting.ring)
      await coming.end()
    }
  }

  /** The block of a message that came, when it may hold what is wanted. */
  async #follows(message: JsMsg, checked: CheckedRange, chain: Chain, reading: Reading, range: ReadRange): Promise<BlockReader | null> {
    const entry = entryOf(this.#log, message)
    if (entry === null) return null
    const tell = (damage: LogDamagedError): void => {
      chain.broken()
      tellOrThrow(range, damage)
    }
    if (!isBlock(entry)) {
      tell(entry)
      return null
    }
    const fault = chain.follow(entry)
    if (fault !== null) tell(damagedIn(this.#log)(fault, entry.seq))
    if (!mayHold(entry, checked)) return null
    const block = await this.#block(entry, { seq: message.seq, data: message.data, header: message.headers! }, reading)
    if (!(block instanceof LogDamagedError)) return block
    tell(block)
    return null
  }

  #mustGoOn({ signal }: ReadRange): void {
    signal?.throwIfAborted()
    this.#mustBeOpen()
  }

  async summaries(): Promise<readonly BlockSummary[]> {
    this.#mustBeOpen()
    return this.#entries.filter(isBlock).map(({ count, lastSeq, minTime, maxTime, entries }) => {
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
    const last = this.#entries.findLast(isBlock)
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

function tellOrThrow({ onDamage }: ReadRange, damage: LogDamagedError): void {
  if (onDamage === undefined) throw damage
  onDamage(damage)
}

function closedError(): LogUsageError {
  return new LogUsageError('closed', 'this reader is closed; open another one')
}
