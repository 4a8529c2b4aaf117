/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyEvent, EventRows, Vocabulary } from '@devtrail/events'
import { mustBeStorable } from '../codec/check-event.ts'
import { Slab } from '../codec/slab.ts'
import type { AckLevel, LogMeta, LogWriter, NewKeyframe, TornTail } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { takenKeyframe } from '../keyframe.ts'
import { IO_BYTES } from '../limits.ts'
import { mustBeAttachmentName } from '../names.ts'
import { mustBeLevel } from '../levels.ts'
import { mustFollow, sequenceAfter } from '../sequence.ts'
import { publish, removeAside } from './aside.ts'
import { readEntries, writeAttachment, writeEntries } from './attachments.ts'
import type { Disk } from './disk.ts'
import { writeHead, type Closed } from './head.ts'
import { KeyframeWriter } from './keyframe-writer.ts'
import { LateDisk } from './late-disk.ts'
import { compressSegment } from './compress.ts'
import type { Lock } from './lock.ts'
import { Packing } from './packing.ts'
import { SegmentMaker } from './segment-maker.ts'
import { SegmentOutput, type OpenSegment } from './segment-output.ts'
import type { Sizes } from './sizes.ts'
import { compress } from './zstd.ts'

/**
 * Part of a closed segment that must not be compressed yet for it to be made anew: closing a log often does not write it
 * over and over.
 */
const CLOSED_PART_MIN = 1 / 4

/** What a writer starts from. */
export interface WriterStart {
  readonly disk: Disk
  /** The folder written to. */
  readonly folder: string
  /** The folder's final name when it is renamed on close, else null. */
  readonly publishAs: string | null
  readonly meta: LogMeta
  readonly logId: Uint8Array
  /** What there was when the log was closed last. */
  readonly closed: Closed | null
  readonly vocabulary: Vocabulary
  readonly lock: Lock
  readonly sizes: Sizes
  /** Whether sealed segments are compressed. */
  readonly compress: boolean
  readonly segment: OpenSegment
  /** Events in the log. */
  readonly index: number
  readonly lastSeq: number
  readonly cutTail: TornTail | null
}

/** Writes one log folder. Blocks are made at once, in call order; their I/O is a {@link SegmentOutput}'s. */
export class FileLogWriter implements LogWriter {
  readonly #start: WriterStart
  #lastSeq: number
  /** Where blocks lie until they are written. */
  readonly #slab = new Slab()
  /** What is to be waited for before more is packed. */
  #room: Promise<unknown> | null = null
  #segment: SegmentMaker
  readonly #output: SegmentOutput
  /** Null where blocks are compressed once their segment is sealed, or never. */
  readonly #packing: Packing | null
  #compressing: Promise<unknown> = Promise.resolve()
  readonly #attaching = new Map<string, Promise<void>>()
  readonly #keyframes: KeyframeWriter
  /** What is not published need not be durable before. */
  readonly #late: LateDisk | null
  #closing: Promise<AckLevel> | null = null

  constructor(start: WriterStart) {
    const { segment } = start
    this.#start = start
    this.#lastSeq = start.lastSeq
    this.#segment = new SegmentMaker(start, this.#slab, segment.number, start, segment)
    this.#output = new SegmentOutput(start, segment, (block) => this.#slab.give(block))
    const isPacked = start.compress && start.publishAs !== null
    this.#packing = isPacked ? new Packing(this.#output, start.sizes.compress ?? compress, (body) => this.#slab.give(body)) : null
    this.#late = start.publishAs === null ? null : new LateDisk(start.disk)
    this.#keyframes = new KeyframeWriter({ ...start, disk: this.#disk }, this.#late !== null)
  }

  get meta(): LogMeta {
    return this.#start.meta
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get strongest(): AckLevel {
    return this.#atMost('durable')
  }

  get cutTail(): TornTail | null {
    return this.#start.cutTail
  }

  async append(events: readonly AnyEvent[]): Promise<AckLevel> {
    this.#mustBeUsable()
    const lastSeq = sequenceAfter(this.#lastSeq, events)
    this.#take(events)
    this.#lastSeq = lastSeq
    if (this.#room !== null) await this.#room
    if (this.#packing !== null || this.#output.pendingBytes < IO_BYTES) return 'buffered'
    const buffered = this.#segment.count > 0
    await this.#output.write()
    return this.#atMost(buffered ? 'buffered' : 'written')
  }

  take(event: AnyEvent): Promise<AckLevel> | null {
    this.#mustBeUsable()
    mustFollow(this.#lastSeq, event)
    this.#segment.add(event)
    this.#lastSeq = event.seq
    return this.#segment.isBlockFull ? this.#blockTaken() : null
  }

  takeRows(rows: EventRows): Promise<AckLevel> | null {
    this.#mustBeUsable()
    if (rows.count === 0) return null
    mustFollow(this.#lastSeq, { seq: rows.seq, type: 'rows' })
    let waiting: Promise<AckLevel> | null = null
    for (let at = 0; at < rows.count;) {
      const before = this.#segment.count
      try {
        at = this.#segment.addRows(rows, at)
      } finally {
        // Of those before one that is refused all are taken.
        this.#lastSeq += this.#segment.count - before
      }
      if (this.#segment.isBlockFull) waiting = this.#blockTaken() ?? waiting
    }
    return waiting
  }

  #blockTaken(): Promise<AckLevel> | null {
    this.#finishBlock()
    if (this.#packing !== null) return this.#room === null ? null : this.#room.then(() => 'buffered' as const)
    return this.#output.pendingBytes < IO_BYTES ? null : this.#output.write().then(() => this.#atMost('written'))
  }

  async flush(level: AckLevel): Promise<AckLevel> {
    this.#mustBeUsable()
    mustBeLevel(level)
    if (level === 'buffered') return level
    this.#finishBlock()
    if (level === 'durable') await this.#afterPacking(() => this.#output.sync())
    else await this.#afterPacking(() => this.#output.write())
    return this.#atMost(level)
  }

  async attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<AckLevel> {
    this.#mustBeUsable()
    mustBeAttachmentName(name)
    if (this.#attaching.has(name)) throw nameTakenError(name)
    const attaching = this.#attach(name, bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes)
    this.#attaching.set(name, attaching)
    try {
      await attaching
    } finally {
      this.#attaching.delete(name)
    }
    return this.#atMost('durable')
  }

  async keyframe(fold: string, keyframe: NewKeyframe): Promise<AckLevel> {
    this.#mustBeUsable()
    const taken = takenKeyframe(fold, keyframe, this.#lastSeq)
    this.#finishBlock()
    const events = this.#segment.end.index - (this.#lastSeq - taken.seq)
    const durable = this.#late === null ? this.#afterPacking(() => this.#output.sync()) : Promise.resolve()
    await this.#keyframes.write(taken, events, durable)
    return this.#atMost('durable')
  }

  async close(): Promise<AckLevel> {
    return (this.#closing ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever closed it was told how that went; told again, `await using` would wrap the error into a SuppressedError.
    if (this.#closing !== null) await this.#closing.catch(() => {})
    else if (this.#start.publishAs === null) await this.close()
    else await (this.#closing = this.#discard())
  }

  /** Before it is published nobody finds the log, so nothing in it is acknowledged. */
  #atMost(level: AckLevel): AckLevel {
    return this.#start.publishAs === null ? level : 'buffered'
  }

  #mustBeUsable(): void {
    if (this.#closing !== null) throw new LogUsageError('closed', 'this writer is closed; open another one')
    this.#output.mustNotHaveFailed()
  }

  /** Takes all of a batch or, when one of them is refused, none. */
  #take(events: readonly AnyEvent[]): void {
    const { blockEvents } = this.#start.sizes
    // A batch that fits into one block goes into one: it is then checked as it is taken, and only once.
    if (events.length <= blockEvents && this.#segment.count + events.length > blockEvents && this.#segment.count >= blockEvents / 2) {
      this.#finishBlock()
    }
    const before = this.#segment.count
    // What is in a finished block cannot be taken back: by then nothing that follows may be refused any more.
    let allChecked = false
    try {
      for (let i = 0; i < events.length; i++) {
        this.#segment.add(events[i]!)
        if (!this.#segment.isBlockFull) continue
        if (!allChecked) this.#mustTakeAll(events, i + 1)
        allChecked = true
        this.#finishBlock()
      }
    } catch (error) {
      if (!allChecked) this.#segment.cut(before)
      throw error
    }
  }

  #mustTakeAll(events: readonly AnyEvent[], from: number): void {
    for (let i = from; i < events.length; i++) mustBeStorable(this.#start.vocabulary, events[i]!)
  }

  /** Makes a block of what has come in since the last one. */
  #finishBlock(): void {
    const segment = this.#segment
    if (segment.count === 0) return
    if (this.#packing === null) this.#output.putBlock(segment.block(this.#output.syncedOf(segment.number)))
    else this.#room = this.#packing.add(segment, segment.body())
    if (segment.isFull) this.#roll()
  }

  /** Does something when all blocks so far are with the output: at once where none is packed. */
  #afterPacking<T>(job: () => Promise<T>): Promise<T> {
    return this.#packing === null ? job() : this.#packing.after(job)
  }

  /** Ends the segment and goes on with the next one. */
  #roll(): void {
    const ended = this.#segment
    const { end, number } = ended
    this.#segment = new SegmentMaker(this.#start, this.#slab, number + 1, end)
    const roll = (): void =>
      this.#output.roll(ended.seal(), { firstIndex: end.index, lastSeq: end.lastSeq }, (sealed) => this.#compress(sealed, 0))
    if (this.#packing === null) roll()
    else void this.#packing.after(async () => roll())
  }

  /** Compresses a sealed segment beside all other work. What goes wrong (a full disk) leaves it as it is, whole and durable. */
  #compress(number: number, partMin: number): void {
    const { disk, folder, logId, sizes } = this.#start
    if (!this.#start.compress || this.#packing !== null) return
    const name = { folder, logId, number, isLast: false, before: 0 }
    this.#compressing = this.#compressing.then(() => compressSegment(disk, name, sizes.compress ?? compress, partMin)).catch(() => {})
  }

  /** For keyframes and attachments. */
  get #disk(): Disk {
    return this.#late?.disk ?? this.#start.disk
  }

  /** Only the listing is queued: the source may come from whoever appends events meanwhile. */
  async #attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const disk = this.#disk
    const { folder } = this.#start
    if ((await readEntries(disk, folder)).some((e) => e.name === name)) throw nameTakenError(name)
    const entry = await writeAttachment(disk, folder, name, bytes)
    await this.#output.queue(async () => {
      const entries = [...(await readEntries(disk, folder)), entry]
      await writeEntries(
        disk,
        folder,
        entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      )
    })
  }

  async #close(): Promise<AckLevel> {
    const { disk, folder, publishAs, lock } = this.#start
    try {
      this.#finishBlock()
      await this.#afterPacking(() => this.#output.seal(this.#segment.seal()))
      await Promise.allSettled([...this.#attaching.values(), this.#keyframes.settled()])
      await this.#late?.settle()
    } catch (error) {
      await this.#discard()
      throw error
    }
    await this.#output.close()
    await this.#recordClosing()
    this.#compress(this.#segment.number, CLOSED_PART_MIN)
    await this.#compressing
    if (publishAs !== null) await publish(disk, folder, publishAs)
    await lock.release(publishAs ?? folder)
    return 'durable'
  }

  /** From now on it is damage when the end is missing. All is durable: where that cannot be recorded, the log is no less whole. */
  async #recordClosing(): Promise<void> {
    const { disk, folder, meta, logId, closed } = this.#start
    const { index: events, lastSeq } = this.#segment.end
    if (closed?.events === events && closed.lastSeq === lastSeq) return
    await writeHead(disk, folder, { meta, logId, closed: { events, lastSeq } }).catch(() => {})
  }

  /** Lets go of everything; what was to be published is removed. */
  async #discard(): Promise<AckLevel> {
    const { disk, folder, publishAs, lock } = this.#start
    await Promise.allSettled([...this.#attaching.values(), this.#keyframes.settled()])
    await this.#afterPacking(() => this.#output.settled()).catch(() => {})
    await this.#output.settled()
    await this.#late?.drop()
    await this.#compressing
    await this.#output.close().catch(() => {})
    await (publishAs === null ? lock.release(folder) : removeAside(disk, folder))
    return 'buffered'
  }
}

function nameTakenError(name: string): LogUsageError {
  return new LogUsageError('exists', `the log already has an attachment "${name}"`)
}
