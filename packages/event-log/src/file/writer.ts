import { dirname, join } from 'node:path'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from '../codec/block-builder.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { mustBeStorable } from '../codec/check-event.ts'
import { DICTIONARY_ENTRIES_MAX, DictionaryWriter } from '../codec/dictionary.ts'
import { EVENTS } from '../codec/frame.ts'
import { SEGMENT_BLOCKS_MAX, SEGMENT_HEADER_BYTES, frameBlock, sealSegment, segmentHeader, type BlockInfo } from '../codec/segment.ts'
import type { AckLevel, LogMeta, LogWriter, NewKeyframe, TornTail } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { takenKeyframe } from '../keyframe.ts'
import { CAUSES_MAX, IO_BYTES } from '../limits.ts'
import { mustBeAttachmentName } from '../names.ts'
import { mustBeLevel } from '../levels.ts'
import { mustFollow, sequenceAfter } from '../sequence.ts'
import { removeAside } from './aside.ts'
import { readEntries, writeAttachment, writeEntries } from './attachments.ts'
import { errorCode, type Disk, type DiskFile } from './disk.ts'
import { KeyframeWriter } from './keyframe-writer.ts'
import { SEGMENTS_FOLDER } from './layout.ts'
import { compressSegment } from './compress.ts'
import type { Lock } from './lock.ts'
import { placeOf, segmentPath } from './segment-file.ts'
import { compress, type Compress } from './zstd.ts'

/** Sizes at which blocks and segments end; smaller ones are for tests. */
export interface Sizes {
  readonly blockEvents: number
  readonly segmentBytes: number
  /** Another way to compress, for tests. */
  readonly compress?: Compress
}

export const SIZES: Sizes = { blockEvents: 4096, segmentBytes: 64 * 1024 * 1024 }
const DICTIONARY_BYTES_MAX = 8 * 1024 * 1024
/**
 * Part of a closed segment that must not be compressed yet for it to be made anew: closing a log often does not write it
 * over and over.
 */
const CLOSED_PART_MIN = 1 / 4

/** The segment that a writer goes on with. */
export interface OpenSegment {
  readonly number: number
  readonly file: DiskFile
  /** Its size in bytes, all of it durable. */
  readonly position: number
  readonly blocks: readonly BlockInfo[]
  readonly dictionary: DictionaryWriter
}

/** What a writer starts from. */
export interface WriterStart {
  readonly disk: Disk
  /** The folder written to. */
  readonly folder: string
  /** The folder's final name when it is renamed on close, else null. */
  readonly publishAs: string | null
  readonly meta: LogMeta
  readonly logId: Uint8Array
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

/**
 * Makes a segment with nothing but its header. Its name is durable on return; its header becomes so with the first block,
 * and until then a segment without one is nothing lost.
 */
export async function createSegment(
  disk: Disk,
  folder: string,
  logId: Uint8Array,
  number: number,
  start: { readonly firstIndex: number; readonly lastSeq: number },
): Promise<OpenSegment> {
  const file = await disk.open(segmentPath(folder, number), 'w')
  try {
    await file.write(segmentHeader(placeOf(logId, number), start), 0)
    await disk.syncFolder(join(folder, SEGMENTS_FOLDER))
  } catch (error) {
    await file.close()
    throw error
  }
  return { number, file, position: SEGMENT_HEADER_BYTES, blocks: [], dictionary: new DictionaryWriter() }
}

/**
 * Writes one log folder. Blocks are made at once, in call order; all I/O runs one after the other in `#work`, but for
 * syncs, which run beside it and serve all who wait for what was written before them. The first I/O error ends the
 * writer, a failed sync above all: after one nothing can be known about what was written before.
 */
export class FileLogWriter implements LogWriter {
  readonly #start: WriterStart
  #lastSeq: number
  /** Events in finished blocks. */
  #index: number

  // The segment that blocks are made for; its file is made when the work gets there.
  #segment: number
  #position: number
  #blocks: BlockInfo[]
  #dictionary: DictionaryWriter
  #builder: BlockBuilder
  readonly #body = new ByteWriter(128 * 1024)
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  // The segment that is written to.
  #file: DiskFile
  #fileNumber: number
  #filePosition: number
  /** Bytes that were handed to the system, and those of them that are durable; of all segments together. */
  #written = 0
  #durable = 0
  /** Durable bytes of the segment that is written to. */
  #synced: number
  #syncing: Promise<void> | null = null

  #work: Promise<unknown> = Promise.resolve()
  #compressing: Promise<unknown> = Promise.resolve()
  readonly #attaching = new Map<string, Promise<void>>()
  readonly #keyframes: KeyframeWriter
  #failure: { readonly error: unknown } | null = null
  #closing: Promise<AckLevel> | null = null

  constructor(start: WriterStart) {
    const { segment } = start
    this.#start = start
    this.#keyframes = new KeyframeWriter(start)
    this.#lastSeq = start.lastSeq
    this.#index = start.index
    this.#segment = segment.number
    this.#position = segment.position
    this.#blocks = [...segment.blocks]
    this.#dictionary = segment.dictionary
    this.#builder = new BlockBuilder(start.vocabulary, segment.dictionary)
    this.#file = segment.file
    this.#fileNumber = segment.number
    this.#filePosition = segment.position
    this.#synced = segment.position
  }

  get meta(): LogMeta {
    return this.#start.meta
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get cutTail(): TornTail | null {
    return this.#start.cutTail
  }

  async append(events: readonly AnyEvent[]): Promise<AckLevel> {
    this.#mustBeUsable()
    const lastSeq = sequenceAfter(this.#lastSeq, events)
    this.#take(events)
    this.#lastSeq = lastSeq
    if (this.#pendingBytes < IO_BYTES) return 'buffered'
    const buffered = this.#builder.count > 0
    await this.#write()
    return this.#atMost(buffered ? 'buffered' : 'written')
  }

  take(event: AnyEvent): Promise<AckLevel> | null {
    this.#mustBeUsable()
    mustFollow(this.#lastSeq, event)
    this.#builder.add(event)
    this.#lastSeq = event.seq
    if (!this.#isFull()) return null
    this.#finishBlock()
    return this.#pendingBytes < IO_BYTES ? null : this.#write().then(() => this.#atMost('written'))
  }

  async flush(level: AckLevel): Promise<AckLevel> {
    this.#mustBeUsable()
    mustBeLevel(level)
    if (level === 'buffered') return level
    this.#finishBlock()
    if (level === 'durable') await this.#sync()
    else await this.#write()
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
    const events = this.#index - (this.#lastSeq - taken.seq)
    await this.#keyframes.write(taken, events, this.#sync())
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
    this.#mustNotHaveFailed()
  }

  #mustNotHaveFailed(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Takes all of a batch or, when one of them is refused, none. */
  #take(events: readonly AnyEvent[]): void {
    const { blockEvents } = this.#start.sizes
    // A batch that fits into one block goes into one: it is then checked as it is taken, and only once.
    if (events.length <= blockEvents && this.#builder.count + events.length > blockEvents && this.#builder.count >= blockEvents / 2) {
      this.#finishBlock()
    }
    const before = this.#builder.count
    // What is in a finished block cannot be taken back: by then nothing that follows may be refused any more.
    let allChecked = false
    try {
      for (let i = 0; i < events.length; i++) {
        this.#builder.add(events[i]!)
        if (!this.#isFull()) continue
        if (!allChecked) this.#mustTakeAll(events, i + 1)
        allChecked = true
        this.#finishBlock()
      }
    } catch (error) {
      if (!allChecked) this.#builder.cut(before)
      throw error
    }
  }

  #mustTakeAll(events: readonly AnyEvent[], from: number): void {
    for (let i = from; i < events.length; i++) mustBeStorable(this.#start.vocabulary, events[i]!)
  }

  #isFull(): boolean {
    const builder = this.#builder
    return builder.count >= this.#start.sizes.blockEvents || builder.bytes >= IO_BYTES || builder.causes >= CAUSES_MAX
  }

  /** Makes a block of what has come in since the last one. */
  #finishBlock(): void {
    const count = this.#builder.count
    if (count === 0) return
    const { lastSeq } = this.#builder
    this.#body.clear()
    const summary = this.#builder.finish(this.#body)
    const place = placeOf(this.#start.logId, this.#segment)
    const about = { kind: EVENTS, count, firstIndex: this.#index, lastSeq, synced: this.#syncedOfSegment() }
    const block = frameBlock(this.#body.written(), place, this.#position, about)
    this.#blocks.push({ ...summary, offset: this.#position, bytes: block.length, count, firstIndex: this.#index, lastSeq })
    this.#index += count
    this.#put(block)
    const isFull =
      this.#position >= this.#start.sizes.segmentBytes ||
      this.#blocks.length >= SEGMENT_BLOCKS_MAX ||
      this.#dictionary.size >= DICTIONARY_ENTRIES_MAX / 2 ||
      this.#dictionary.bytes >= DICTIONARY_BYTES_MAX
    if (isFull) this.#roll(lastSeq)
  }

  /** Durable bytes of the segment that blocks are made for, whose file may not be made yet. */
  #syncedOfSegment(): number {
    return this.#segment === this.#fileNumber ? this.#synced : 0
  }

  #put(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#position += bytes.length
  }

  /** To be written only when all blocks are durable: whoever finds an index relies on it. */
  #putIndex(lastSeq: number): void {
    const place = placeOf(this.#start.logId, this.#segment)
    const end = { firstIndex: this.#index, lastSeq, synced: this.#position }
    this.#put(sealSegment(this.#blocks, this.#dictionary, place, this.#position, end))
  }

  /** Ends the segment and goes on with the next one, whose file comes into being only when this one is durable. */
  #roll(lastSeq: number): void {
    this.#background(this.#write())
    this.#background(this.#io(() => this.#syncFile()))
    this.#putIndex(lastSeq)
    const start = { firstIndex: this.#index, lastSeq }
    const number = ++this.#segment
    this.#position = SEGMENT_HEADER_BYTES
    this.#blocks = []
    this.#dictionary = new DictionaryWriter()
    this.#builder = new BlockBuilder(this.#start.vocabulary, this.#dictionary)
    this.#background(this.#write())
    this.#background(
      this.#io(async () => {
        await this.#syncFile()
        await this.#file.close()
        const { file, position } = await createSegment(this.#start.disk, this.#start.folder, this.#start.logId, number, start)
        this.#file = file
        this.#fileNumber = number
        this.#filePosition = position
        this.#synced = position
        this.#compress(number - 1, 0)
      }),
    )
  }

  /** Compresses a sealed segment beside all other work. What goes wrong (a full disk) leaves it as it is, whole and durable. */
  #compress(number: number, partMin: number): void {
    const { disk, folder, logId, sizes } = this.#start
    if (!this.#start.compress) return
    const name = { folder, logId, number, isLast: false, before: 0 }
    this.#compressing = this.#compressing.then(() => compressSegment(disk, name, sizes.compress ?? compress, partMin)).catch(() => {})
  }

  /** Its failure is the writer's, and told by the next call. */
  #background(work: Promise<void>): void {
    work.catch(() => {})
  }

  /** Only the listing is queued: the source may come from whoever appends events meanwhile. */
  async #attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { disk, folder } = this.#start
    if ((await readEntries(disk, folder)).some((e) => e.name === name)) throw nameTakenError(name)
    const entry = await writeAttachment(disk, folder, name, bytes)
    await this.#queue(async () => {
      const entries = [...(await readEntries(disk, folder)), entry]
      await writeEntries(
        disk,
        folder,
        entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      )
    })
  }

  #queue<T>(job: () => Promise<T>): Promise<T> {
    const run = this.#work.then(() => {
      this.#mustNotHaveFailed()
      return job()
    })
    this.#work = run.catch(() => {})
    return run
  }

  /** Does I/O on the events; its failure is the writer's. */
  #io(job: () => Promise<void>): Promise<void> {
    return this.#queue(async () => {
      try {
        await job()
      } catch (error) {
        this.#failure ??= { error }
        throw error
      }
    })
  }

  /** Hands all finished blocks over to the system. */
  #write(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    return this.#io(async () => {
      for (let next = 0; next < pending.length;) {
        const first = next
        let bytes = 0
        while (next < pending.length && (next === first || bytes + pending[next]!.length <= IO_BYTES)) bytes += pending[next++]!.length
        const piece = next === first + 1 ? pending[first]! : joined(pending.slice(first, next), bytes)
        await this.#file.write(piece, this.#filePosition)
        this.#filePosition += bytes
        this.#written += bytes
      }
    })
  }

  /** Makes all finished blocks durable. Of those who wait while a sync runs, one more sync serves all. */
  async #sync(): Promise<void> {
    let mark = 0
    await Promise.all([
      this.#write(),
      this.#io(async () => {
        mark = this.#written
      }),
    ])
    while (this.#durable < mark) {
      this.#mustNotHaveFailed()
      await (this.#syncing ?? this.#syncFile())
    }
  }

  /** Syncs the segment that is written to, after the sync that may be under way. */
  async #syncFile(): Promise<void> {
    while (this.#syncing !== null) await this.#syncing
    const syncing = this.#syncOnce()
    this.#syncing = syncing
    try {
      await syncing
    } finally {
      this.#syncing = null
    }
  }

  async #syncOnce(): Promise<void> {
    const written = this.#written
    const position = this.#filePosition
    try {
      await this.#file.sync()
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
    this.#durable = written
    this.#synced = position
  }

  async #close(): Promise<AckLevel> {
    const { disk, folder, publishAs, lock } = this.#start
    try {
      this.#finishBlock()
      await this.#sync()
      this.#putIndex(this.#lastSeq)
      await this.#sync()
      await Promise.allSettled([...this.#attaching.values(), this.#keyframes.settled()])
    } catch (error) {
      await this.#discard()
      throw error
    }
    await this.#file.close()
    this.#compress(this.#fileNumber, CLOSED_PART_MIN)
    await this.#compressing
    if (publishAs !== null) await publish(disk, folder, publishAs)
    await lock.release(publishAs ?? folder)
    return 'durable'
  }

  /** Lets go of everything; what was to be published is removed. */
  async #discard(): Promise<AckLevel> {
    const { disk, folder, publishAs, lock } = this.#start
    await Promise.allSettled([...this.#attaching.values(), this.#keyframes.settled()])
    await this.#work
    await this.#compressing
    await this.#file.close().catch(() => {})
    await (publishAs === null ? lock.release(folder) : removeAside(disk, folder))
    return 'buffered'
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function nameTakenError(name: string): LogUsageError {
  return new LogUsageError('exists', `the log already has an attachment "${name}"`)
}

/** Gives a finished folder its final name. @throws LogUsageError `exists` when something took the name meanwhile. */
async function publish(disk: Disk, folder: string, publishAs: string): Promise<void> {
  try {
    await disk.rename(folder, publishAs)
  } catch (error) {
    await removeAside(disk, folder)
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error
    throw new LogUsageError('exists', `${publishAs} came into being while the log for it was written; nothing was replaced`, {
      cause: error,
    })
  }
  await disk.syncFolder(dirname(publishAs))
}
