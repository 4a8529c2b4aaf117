/// <reference lib="esnext.disposable" preserve="true" />
import { crc32 } from 'node:zlib'
import type { AnyEvent, EventRows, Vocabulary } from '@devtrail/events'
import { LogUsageError, type AckLevel, type LogMeta, type LogWriter, type NewKeyframe } from '@devtrail/event-log'
import {
  StandaloneBuilder,
  mustBeAttachmentName,
  mustBeLevel,
  mustBeStorable,
  mustFollow,
  sequenceAfter,
  takenKeyframe,
} from '@devtrail/event-log/store'
import { putAttachment } from './attachments.ts'
import { blockHeaders, fenceHeaders } from './block-message.ts'
import { putKeyframe } from './keyframes.ts'
import { mustBePromised, type Promised } from './levels.ts'
import { Outbox } from './outbox.ts'
import type { Log } from './place.ts'
import { OvertakenError } from './publish.ts'
import { StreamError } from './refusals.ts'
import { Upkeep } from './upkeep.ts'
import type { Lease } from './writer-lease.ts'
import { zstd } from './zstd.ts'

export class JetStreamWriter implements LogWriter {
  /** A message is whole or not there. */
  readonly cutTail = null
  readonly #log: Log
  readonly #lease: Lease
  readonly strongest: Promised
  readonly #vocabulary: Vocabulary
  readonly #builder: StandaloneBuilder
  #lastSeq: number
  /** Of what was put into blocks: how many, their events, and the `seq` of the last. */
  #blocks: number
  #index: number
  #blocksSeq: number
  readonly #outbox: Outbox
  readonly #upkeep: Upkeep
  #renewals = 0
  /** The last block that was sent. */
  #sending: Promise<unknown> = Promise.resolve()
  /** The last keyframe. */
  #keyframing: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null
  readonly #attaching = new Map<string, Promise<void>>()
  #closing: Promise<AckLevel> | null = null

  constructor(log: Log, lease: Lease, vocabulary: Vocabulary, strongest: Promised) {
    this.#log = log
    this.strongest = strongest
    this.#lease = lease
    this.#vocabulary = vocabulary
    this.#builder = new StandaloneBuilder(vocabulary)
    this.#lastSeq = lease.end.lastSeq
    this.#blocks = lease.end.blocks
    this.#index = lease.end.index
    this.#blocksSeq = lease.end.lastSeq
    const { stream, subjects, patienceMs } = log
    this.#upkeep = new Upkeep(log, { renewLease: () => lease.renew(), renewEnd: () => this.#renewEnd() })
    this.#outbox = new Outbox(stream, { subject: subjects.events, pieces: subjects.pieces, last: lease.last, patienceMs })
  }

  get meta(): LogMeta {
    return this.#log.meta
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  async append(events: readonly AnyEvent[]): Promise<AckLevel> {
    this.#mustBeUsable()
    const lastSeq = sequenceAfter(this.#lastSeq, events)
    this.#take(events)
    this.#lastSeq = lastSeq
    await this.#outbox.room()
    return 'buffered'
  }

  take(event: AnyEvent): Promise<AckLevel> | null {
    this.#mustBeUsable()
    mustFollow(this.#lastSeq, event)
    this.#builder.add(event)
    this.#lastSeq = event.seq
    if (!this.#builder.isFull) return null
    this.#finishBlock()
    return this.#outbox.room()?.then(() => 'buffered' as const) ?? null
  }

  takeRows(rows: EventRows): Promise<AckLevel> | null {
    let waiting: Promise<AckLevel> | null = null
    for (const event of rows.events()) waiting = this.take(event) ?? waiting
    return waiting
  }

  async flush(level: AckLevel): Promise<AckLevel> {
    this.#mustBeUsable()
    mustBeLevel(level)
    mustBePromised(level, this.strongest)
    if (level === 'buffered') return level
    this.#finishBlock()
    await this.#sent()
    return level
  }

  async attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<AckLevel> {
    this.#mustBeUsable()
    mustBeAttachmentName(name)
    if (this.#attaching.has(name)) throw new LogUsageError('exists', `the log already has an attachment "${name}"`)
    const source = bytes instanceof Uint8Array ? [new Uint8Array(bytes)] : bytes
    const attaching = putAttachment(this.#log, name, source, this.#lease.id)
    this.#attaching.set(name, attaching)
    try {
      await attaching
    } finally {
      this.#attaching.delete(name)
    }
    return this.strongest
  }

  async keyframe(fold: string, keyframe: NewKeyframe): Promise<AckLevel> {
    this.#mustBeUsable()
    const taken = takenKeyframe(fold, keyframe, this.#lastSeq)
    this.#finishBlock()
    const events = this.#index - (this.#lastSeq - taken.seq)
    const [before, sending] = [this.#keyframing, this.#sending]
    const put = async (): Promise<void> => {
      // Never ahead of its events.
      await Promise.all([before, sending])
      this.#mustNotHaveFailed()
      await putKeyframe(this.#log, taken, events, this.#lease.id)
    }
    const made = put()
    this.#keyframing = made.catch(() => {})
    await made
    return this.strongest
  }

  close(): Promise<AckLevel> {
    return (this.#closing ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever closed it was told how that went.
    if (this.#closing !== null) await this.#closing.catch(() => {})
    else await this.close()
  }

  #mustBeUsable(): void {
    if (this.#closing !== null) throw new LogUsageError('closed', 'this writer is closed; open another one')
    this.#mustNotHaveFailed()
  }

  #mustNotHaveFailed(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Takes all of a batch or, when one of them is refused, none. */
  #take(events: readonly AnyEvent[]): void {
    const builder = this.#builder
    const before = builder.count
    // What is in a finished block cannot be taken back: by then nothing that follows may be refused any more.
    let allChecked = false
    try {
      for (let i = 0; i < events.length; i++) {
        builder.add(events[i]!)
        if (!builder.isFull) continue
        if (!allChecked) for (let j = i + 1; j < events.length; j++) mustBeStorable(this.#vocabulary, events[j]!)
        allChecked = true
        this.#finishBlock()
      }
    } catch (error) {
      if (!allChecked) builder.cut(before)
      throw error
    }
  }

  /** Makes a block of what has come in since the last one, and sends it when those before are there. */
  #finishBlock(): void {
    if (this.#builder.count === 0) return
    const { logId } = this.#log
    const number = ++this.#blocks
    const { bytes, info } = this.#builder.finish({ logId, number, crc32 }, this.#index, zstd)
    this.#index += info.count
    this.#blocksSeq = info.lastSeq
    const sent = this.#outbox.send(bytes, blockHeaders(logId, number, info), `${this.#lease.id}.${number}`)
    sent.then(
      () => this.#upkeep.block(bytes.length),
      () => {},
    )
    this.#sending = sent.catch((error: unknown) => {
      this.#failure ??= { error: error instanceof OvertakenError ? this.#overtaken(info.firstIndex, error) : error }
    })
  }

  /** Says where the log ends, behind the blocks that are on their way. */
  async #renewEnd(): Promise<void> {
    const end = { blocks: this.#blocks, index: this.#index, lastSeq: this.#blocksSeq }
    await this.#outbox.send(new Uint8Array(0), fenceHeaders(this.#log.logId, end), `${this.#lease.id}.end.${++this.#renewals}`)
  }

  #overtaken(index: number, cause: OvertakenError): LogUsageError | StreamError {
    const { stream, host } = this.#log
    const log = `${stream.name}/${host}`
    if (cause.seq === 0)
      return new StreamError('gone', `the messages of ${log} are gone: the stream was purged; begin the log anew`, { cause })
    return new LogUsageError('locked', `another writer took ${log} over; of this one's events ${index} are kept`, { cause })
  }

  /** Resolves when the server has all that was sent. */
  async #sent(): Promise<void> {
    await this.#sending
    await this.#keyframing
    this.#mustNotHaveFailed()
  }

  async #close(): Promise<AckLevel> {
    try {
      if (this.#failure === null) this.#finishBlock()
      await this.#sent()
      await Promise.allSettled(this.#attaching.values())
    } finally {
      await this.#upkeep.end()
      await this.#lease.release()
    }
    return this.strongest
  }
}
