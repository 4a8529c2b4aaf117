/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyEvent, BlockSummary, ColumnBlock, Vocabulary } from '@devtrail/events'
import { BlockReader } from '../codec/block-reader.ts'
import { ColumnPool } from '../codec/column-pool.ts'
import { EventViews } from '../codec/event-view.ts'
import { firstSeqOf } from '../codec/segment.ts'
import type { AttachmentInfo, Keyframe, KeyframeOptions, LogMeta, LogReader, GoneHead, ReadRange, TornTail } from '../contract.ts'
import { LogDamagedError, LogUsageError } from '../errors.ts'
import { Followers, isPast, type Waiting } from '../follow.ts'
import { mustBeFoldName, mustBePosition } from '../keyframe.ts'
import { ATTACHMENT_BYTES_MAX } from '../limits.ts'
import { mustBeAttachmentName } from '../names.ts'
import { checkedRange, type CheckedRange } from '../sequence.ts'
import { attachmentPieces, findEntry, mustHaveItsSize, readEntries } from './attachments.ts'
import { Chain } from '../chain.ts'
import { damagedBlock } from './damage.ts'
import { errorCode, type Disk } from './disk.ts'
import { lossSince, type Closed } from './head.ts'
import { Follower } from './follower.ts'
import { foldFolder, listKeyframes, type FoldFolder } from './fold-folder.ts'
import { newestKeyframe } from './keyframe-reader.ts'
import { FileWindow } from './file-window.ts'
import { fitting, mayFit } from '../fitting.ts'
import { loadBlock, type Looking } from './load-block.ts'
import { loadSegment } from './load-segment.ts'
import { endOf, segmentPath, tornTailOf, type SegmentFile, type SegmentName } from './segment-file.ts'

/** What a reader starts from. */
export interface ReaderStart {
  readonly disk: Disk
  readonly folder: string
  readonly vocabulary: Vocabulary
  readonly meta: LogMeta
  readonly logId: Uint8Array
  /** What there was when the log was closed last. */
  readonly closed: Closed | null
  /** What the first segment says was before it. */
  readonly gone: GoneHead
  /** Every segment but the last, with the `seq` before it. */
  readonly earlier: readonly { readonly number: number; readonly before: number }[]
  /** The last segment, as it was when the reader was opened. */
  readonly last: SegmentFile
  /** Events in the log. */
  readonly index: number
  readonly lastSeq: number
  readonly pollMs: number
  /** Whether what a block says of its events is held against them. */
  readonly checksSummaries: boolean
}

interface FoundBlock {
  readonly block: BlockReader
  /** Reports damage found in it. */
  readonly tell: (damage: LogDamagedError) => void
}

function tellOrThrow({ onDamage }: ReadRange, damage: LogDamagedError): void {
  if (onDamage === undefined) throw damage
  onDamage(damage)
}

export class FileLogReader implements LogReader {
  readonly #start: ReaderStart
  readonly #followers = new Followers()
  #summaries: BlockSummary[] | null = null
  #closed = false

  constructor(start: ReaderStart) {
    this.#start = start
  }

  get meta(): LogMeta {
    return this.#start.meta
  }

  get lastSeq(): number {
    return this.#start.lastSeq
  }

  get gone(): GoneHead {
    return this.#start.gone
  }

  /** Events with `seq` 0; null when no later event tells that these are all. */
  get baseline(): number | null {
    const { index, lastSeq } = this.#start
    return lastSeq === 0 ? null : index - lastSeq
  }

  get tornTail(): TornTail | null {
    return tornTailOf(this.#start.last)
  }

  read(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    return this.#events(range, (checked) => this.#blocks(range, checked))
  }

  follow(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    return this.#followers.follow((waiting) => this.#events(range, (checked) => this.#followed(range, checked, waiting)))
  }

  followBatches(range: ReadRange = {}): AsyncIterable<readonly AnyEvent[]> {
    return this.#followers.follow((waiting) => this.#batches(range, waiting))
  }

  async *#events(range: ReadRange, blocksOf: (checked: CheckedRange) => AsyncIterable<FoundBlock>): AsyncGenerator<AnyEvent, void> {
    const checked = checkedRange(range)
    for await (const { block, tell } of blocksOf(checked)) {
      for (const i of fitting(block, checked)) {
        this.#mustGoOn(range)
        let event: AnyEvent
        try {
          event = block.event(i)
        } catch (error) {
          if (!(error instanceof LogDamagedError)) throw error
          tell(error)
          continue
        }
        yield event
      }
    }
  }

  async *#batches(range: ReadRange, waiting: Waiting): AsyncGenerator<readonly AnyEvent[], void> {
    const checked = checkedRange(range)
    for await (const { block, tell } of this.#followed(range, checked, waiting)) {
      let batch: AnyEvent[] = []
      for (const i of fitting(block, checked)) {
        try {
          batch.push(block.event(i))
        } catch (error) {
          if (batch.length > 0) yield batch
          batch = []
          if (!(error instanceof LogDamagedError)) throw error
          tell(error)
        }
      }
      this.#mustGoOn(range)
      if (batch.length > 0) yield batch
    }
  }

  async *blocks(range: ReadRange = {}): AsyncIterable<ColumnBlock> {
    for await (const { block } of this.#blocks(range, checkedRange(range))) yield block
  }

  async summaries(): Promise<readonly BlockSummary[]> {
    this.#mustBeOpen()
    return (this.#summaries ??= await this.#summarise())
  }

  async #summarise(): Promise<BlockSummary[]> {
    const summaries: BlockSummary[] = []
    const add = ({ blocks }: SegmentFile): void => {
      for (const { count, lastSeq, minTime, maxTime, entries, ...rest } of blocks) {
        summaries.push({ count, firstSeq: firstSeqOf({ count, lastSeq, ...rest }), lastSeq, minTime, maxTime, entries })
      }
    }
    for (const { number } of this.#start.earlier) {
      const segment = await this.#segment(number, () => {})
      if (segment === null) continue
      await segment.file.close()
      add(segment)
    }
    add(this.#start.last)
    return summaries
  }

  #mustGoOn({ signal }: ReadRange): void {
    signal?.throwIfAborted()
    this.#mustBeOpen()
  }

  async *#blocks(range: ReadRange, checked: CheckedRange): AsyncGenerator<FoundBlock> {
    this.#mustGoOn(range)
    const damaged = (damage: LogDamagedError): void => tellOrThrow(range, damage)
    const { earlier, last } = this.#start
    const first = this.#firstFor(checked)
    const chain = new Chain()
    const looking = this.#looking()
    for (const number of [...earlier.map((segment) => segment.number), last.place.segment]) {
      if (number < first) continue
      const segment = number === last.place.segment ? last : await this.#segment(number, damaged)
      if (segment === null) chain.broken()
      else {
        chain.enter(segment.start)
        try {
          yield* this.#blocksOf(segment, checked, range, chain, looking, damaged)
        } finally {
          if (segment !== last) await segment.file.close()
        }
      }
      if (chain.lastSeq > checked.to) return
    }
    const loss = checked.to > this.lastSeq ? this.#loss() : null
    if (loss !== null) damaged(loss)
  }

  /** What is missing at the end since the log was closed, unless damage there says so. */
  #loss(): LogDamagedError | null {
    const { closed, index, lastSeq, last } = this.#start
    if (last.damages.some(({ offset }) => offset >= endOf(last))) return null
    return lossSince(closed, { events: index, lastSeq }, last.path, last.size)
  }

  async *#followed(range: ReadRange, checked: CheckedRange, waiting: Waiting): AsyncGenerator<FoundBlock, void> {
    const mustGoOn = (): void => this.#mustGoOn(range)
    mustGoOn()
    if (isPast(checked, 0)) return
    const chain = new Chain()
    const tell = (damage: LogDamagedError): void => {
      chain.broken()
      tellOrThrow(range, damage)
    }
    const looking = this.#looking()
    const { disk, folder, logId, pollMs } = this.#start
    let loss = this.#loss()
    const caughtUp = (): void => {
      if (loss !== null) tellOrThrow(range, loss)
      loss = null
    }
    range.signal?.addEventListener('abort', waiting.ring)
    try {
      const first = this.#firstFor(checked)
      const follower = new Follower({ disk, folder, logId, pollMs, waiting, mustGoOn, tell, caughtUp, first })
      for await (const part of follower.parts()) {
        chain.enter(part.start)
        yield* this.#blocksOf(part, checked, range, chain, looking, tell)
        if (isPast(checked, chain.lastSeq)) return
      }
    } finally {
      range.signal?.removeEventListener('abort', waiting.ring)
    }
  }

  #looking(): Looking {
    const { vocabulary, checksSummaries } = this.#start
    return { vocabulary, checksSummaries, views: new EventViews(), pool: new ColumnPool() }
  }

  /** Number of the first segment that may hold events of a range. */
  #firstFor({ from }: CheckedRange): number {
    const { earlier, last } = this.#start
    // The baseline may go on in the next segment.
    const first = earlier.findLast(({ before }, i) => i === 0 || (before > 0 && before < from))
    const beforeLast = last.start?.lastSeq ?? 0
    return first === undefined || (beforeLast > 0 && beforeLast < from) ? last.place.segment : first.number
  }

  /** An earlier segment; null when its file is gone, which is damage. */
  async #segment(number: number, damaged: (damage: LogDamagedError) => void): Promise<SegmentFile | null> {
    const { disk, folder, logId } = this.#start
    const name: SegmentName = { folder, logId, number, isLast: false, before: 0 }
    try {
      return await loadSegment(disk, name)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      damaged(damagedBlock(segmentPath(folder, number), 0, { expected: 'a segment', found: 'no such file' }, error))
      return null
    }
  }

  async *#blocksOf(
    segment: SegmentFile,
    range: CheckedRange,
    asked: ReadRange,
    chain: Chain,
    looking: Looking,
    damaged: (damage: LogDamagedError) => void,
  ): AsyncGenerator<FoundBlock> {
    const window = new FileWindow(segment.file, segment.size)
    const damages = [...segment.damages]
    const tell = (damage: LogDamagedError): void => {
      chain.broken()
      damaged(damage)
    }
    for (const info of segment.blocks) {
      while (damages.length > 0 && damages[0]!.offset <= info.offset) tell(damages.shift()!)
      const fault = chain.follow(info)
      if (fault !== null) tell(damagedBlock(segment.path, info.offset, fault))
      if (firstSeqOf(info) > range.to) return
      if (!mayFit(info, range, segment.dictionary)) continue
      this.#mustGoOn(asked)
      const block = await loadBlock(segment, window, info, looking)
      if (block instanceof BlockReader) yield { block, tell }
      else tell(block)
    }
    for (const damage of damages) tell(damage)
  }

  async attachments(): Promise<readonly AttachmentInfo[]> {
    this.#mustBeOpen()
    return (await readEntries(this.#start.disk, this.#start.folder)).map(({ name, bytes }) => ({ name, bytes }))
  }

  async attachment(name: string): Promise<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const { disk, folder } = this.#start
    const entry = findEntry(await readEntries(disk, folder), name)
    if (entry.bytes > ATTACHMENT_BYTES_MAX) {
      throw new LogUsageError('bad-range', `attachment "${name}" has ${entry.bytes} bytes; read it with attachmentChunks()`)
    }
    await mustHaveItsSize(disk, folder, entry)
    const whole = new Uint8Array(entry.bytes)
    let at = 0
    for await (const piece of attachmentPieces(disk, folder, entry)) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  async *attachmentChunks(name: string): AsyncIterable<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const { disk, folder } = this.#start
    yield* attachmentPieces(disk, folder, findEntry(await readEntries(disk, folder), name))
  }

  async keyframes(fold: string): Promise<readonly number[]> {
    return (await listKeyframes(this.#fold(fold))).filter((seq) => seq <= this.lastSeq)
  }

  async keyframe(fold: string, atOrBefore: number, options?: KeyframeOptions): Promise<Keyframe | null> {
    mustBePosition(atOrBefore)
    return newestKeyframe(this.#fold(fold), Math.min(atOrBefore, this.lastSeq), options)
  }

  #fold(fold: string): FoldFolder {
    this.#mustBeOpen()
    mustBeFoldName(fold)
    return foldFolder({ ...this.#start, baseline: this.baseline }, fold)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#followers.close(closedError())
    await this.#start.last.file.close()
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
