/**
 * What a log grows by, while others write it. Blocks that were whole once stay where they are in their file for ever; all
 * behind them may change: a write is under way, an index is put there or cut off, a torn tail is left and cut, the file of
 * a sealed segment is replaced by a compressed one. So a follower knows where the last block it has handed out ends, looks
 * from there when something happened, and believes that there is damage only when it finds the same again later.
 */
import { SEGMENT_HEADER_BYTES, type BlockInfo } from '../codec/segment.ts'
import type { LogDamagedError } from '../errors.ts'
import type { Waiting } from '../follow.ts'
import { damagedBlock } from './damage.ts'
import { errorCode, type Disk, type Watch } from './disk.ts'
import { SEGMENTS_FOLDER, join, segmentNumber } from './layout.ts'
import { loadMore, loadSegment } from './load-segment.ts'
import { segmentPath, type SegmentFile, type SegmentName } from './segment-file.ts'

export interface FollowerStart {
  readonly disk: Disk
  readonly folder: string
  readonly logId: Uint8Array
  /** The segment to start with. */
  readonly first: number
  /** Milliseconds between two looks where the system tells of no changes. */
  readonly pollMs: number
  readonly waiting: Waiting
  /** Throws when it is not to go on. */
  readonly mustGoOn: () => void
  /** Takes the damage that a segment is not there. */
  readonly tell: (damage: LogDamagedError) => void
  /** Called when all there is has been handed out, before each wait for more. */
  readonly caughtUp: () => void
}

/** The file of the segment that grows. */
interface Here {
  readonly segment: SegmentFile
  readonly id: string
  /** Where the blocks end that were handed out. */
  at: number
}

const keyOf = ({ offset, expected, found }: LogDamagedError): string => `${offset} ${expected} ${found}`
const endOf = ({ offset, bytes }: BlockInfo): number => offset + bytes

export class Follower {
  readonly #start: FollowerStart
  #number: number
  /** The last segment there was. */
  #newest = 0
  #here: Here | null = null
  #watch: Watch | null = null
  /** Events of the log up to the last block of this segment that was handed out; null before the first. */
  #index: number | null = null
  /** Damage of this segment that was told. */
  readonly #told = new Set<string>()
  /** What looks like damage, and how often was waited before it did. */
  #suspect: { readonly key: string; readonly waits: number } | null = null
  #waits = 0

  constructor(start: FollowerStart) {
    this.#start = start
    this.#number = start.first
  }

  /**
   * Parts of segments: the blocks that have come, and the damage among them; each good until the next is asked for. Ends
   * when the waiting is over.
   * @throws what `mustGoOn` and `tell` throw.
   */
  async *parts(): AsyncGenerator<SegmentFile, void> {
    const { waiting, mustGoOn, caughtUp } = this.#start
    try {
      this.#newest = await this.#last()
      for (; !waiting.isOver; mustGoOn()) {
        const isFinal = this.#number < this.#newest
        const part = isFinal ? await this.#rest() : await this.#grown()
        if (part !== null) yield this.#handedOut(part)
        if (isFinal) await this.#next()
        else if (part === null && (this.#newest = await this.#last()) <= this.#number) {
          caughtUp()
          await this.#wait()
        }
      }
    } finally {
      this.#watch?.close()
      await this.#leave()
    }
  }

  /** Number of the last segment; 0 when there is none. */
  async #last(): Promise<number> {
    const { disk, folder } = this.#start
    const names = await disk.list(join(folder, SEGMENTS_FOLDER)).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error
      return []
    })
    return names.reduce((last, name) => Math.max(last, segmentNumber(name) ?? 0), 0)
  }

  async #wait(): Promise<void> {
    const { disk, folder, pollMs, waiting } = this.#start
    if (this.#watch === null) {
      // What came before it was on is seen by one more look.
      this.#watch = disk.watch(join(folder, SEGMENTS_FOLDER), pollMs, waiting.ring)
      return
    }
    await waiting.more()
    this.#waits++
  }

  #handedOut(part: SegmentFile): SegmentFile {
    const last = part.blocks.at(-1)
    if (last !== undefined) this.#index = last.firstIndex + last.count
    return part
  }

  /** What is left of a segment that has others behind it: nothing comes any more, and what is not whole is damage. */
  async #rest(): Promise<SegmentFile | null> {
    const segment = await this.#load(false)
    return segment && { ...segment, blocks: this.#unseen(segment), damages: this.#untold(segment) }
  }

  async #next(): Promise<void> {
    await this.#leave()
    this.#number++
    this.#index = null
    this.#told.clear()
    this.#suspect = null
  }

  /** What has come into the last segment; null when nothing. */
  async #grown(): Promise<SegmentFile | null> {
    const found = await this.#look()
    if (found === null) return null
    const here = this.#here!
    const untold = this.#untold(found)
    const damages = untold.slice(0, this.#isSure(untold[0]) ? 1 : 0)
    const end = untold[damages.length]?.offset ?? Infinity
    const blocks = found.blocks.filter(({ offset }) => offset < end)
    if (blocks.length === 0 && damages.length === 0) return null
    for (const damage of damages) this.#told.add(keyOf(damage))
    here.at = blocks.length === 0 ? here.at : endOf(blocks.at(-1)!)
    return { ...found, blocks, damages }
  }

  /** The last segment from where it was looked at last; all of it where it has another file now. */
  async #look(): Promise<SegmentFile | null> {
    const { disk, folder } = this.#start
    const here = this.#here
    if (here !== null && here.segment.start !== null) {
      const found = await disk.stat(segmentPath(folder, this.#number)).catch(() => null)
      if (found?.id === here.id) return loadMore(this.#name(true), here.segment, here.at)
    }
    const segment = await this.#load(true)
    if (segment === null) return null
    const blocks = this.#unseen(segment)
    const last = segment.blocks.at(-1 - blocks.length)
    this.#here!.at = last === undefined ? SEGMENT_HEADER_BYTES : endOf(last)
    return { ...segment, blocks }
  }

  #name(isLast: boolean): SegmentName {
    const { folder, logId } = this.#start
    return { folder, logId, number: this.#number, isLast, before: 0 }
  }

  /** The segment anew; null when its file is not there, which is told. */
  async #load(isLast: boolean): Promise<SegmentFile | null> {
    await this.#leave()
    const { disk, folder, tell } = this.#start
    try {
      const segment = await loadSegment(disk, this.#name(isLast))
      this.#here = { segment, id: '', at: 0 }
      this.#here = { ...this.#here, id: await segment.file.id() }
      return segment
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      const damage = damagedBlock(segmentPath(folder, this.#number), 0, { expected: 'a segment', found: 'no such file' }, error)
      if (!this.#told.has(keyOf(damage))) tell(damage)
      this.#told.add(keyOf(damage))
      return null
    }
  }

  /** The blocks of a whole segment that were not handed out. */
  #unseen({ blocks }: SegmentFile): readonly BlockInfo[] {
    const index = this.#index
    if (index === null) return blocks
    const first = blocks.findIndex(({ firstIndex }) => firstIndex >= index)
    return first === -1 ? [] : blocks.slice(first)
  }

  #untold({ damages }: SegmentFile): LogDamagedError[] {
    return damages.filter((damage) => !this.#told.has(keyOf(damage)))
  }

  /** Whether what looks like damage is no write under way: it was found before, and has outlasted a wait. */
  #isSure(damage: LogDamagedError | undefined): boolean {
    const before = this.#suspect
    const key = damage === undefined ? null : keyOf(damage)
    if (key !== null && key === before?.key) return before.waits < this.#waits
    this.#suspect = key === null ? null : { key, waits: this.#waits }
    return false
  }

  async #leave(): Promise<void> {
    const here = this.#here
    this.#here = null
    await here?.segment.file.close()
  }
}
