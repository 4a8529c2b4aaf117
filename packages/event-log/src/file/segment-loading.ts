import { BrokenBlockError } from '../codec/bytes.ts'
import { Dictionary } from '../codec/dictionary.ts'
import { EVENTS, FRAME_ALIGN, FRAME_BYTES, INDEX, type Frame, type Place } from '../codec/frame.ts'
import {
  SEGMENT_BLOCKS_MAX,
  SEGMENT_HEADER_BYTES,
  TRAILER_BYTES,
  hasUnwrittenSector,
  readBlockStart,
  readIndex,
  readSegmentHeader,
  readTrailer,
  type BlockInfo,
  type SegmentStart,
} from '../codec/segment.ts'
import type { LogDamagedError } from '../errors.ts'
import { damagedBlock } from './damage.ts'
import type { DiskFile } from './disk.ts'
import { FileWindow } from './file-window.ts'
import { placeOf, type SegmentFile, type SegmentName } from './segment-file.ts'
import { readBlock } from './stored-block.ts'
import { TornTailSearch } from './torn-tail.ts'

/** What damage of a segment's end says that it expected. */
export const INDEX_WANTED = "the segment's index"
export const TRAILER_WANTED = "the index's trailer"

/** One look at a segment's file. */
export class Loading {
  readonly #name: SegmentName
  readonly #path: string
  readonly #file: DiskFile
  readonly #size: number
  readonly #place: Place
  readonly #window: FileWindow
  readonly #tail: TornTailSearch
  readonly #damages: LogDamagedError[] = []
  #start: SegmentStart | null = null
  /** Where a whole trailer says that the index is. */
  #index: number | null = null

  constructor(name: SegmentName, path: string, file: DiskFile, size: number) {
    this.#name = name
    this.#path = path
    this.#file = file
    this.#size = size
    this.#place = placeOf(name.logId, name.number)
    this.#window = new FileWindow(file, size)
    this.#tail = new TornTailSearch(this.#window, this.#place, size)
  }

  async load(): Promise<SegmentFile> {
    const torn = await this.#readHeader()
    if (torn !== null) return torn
    return (await this.#indexed()) ?? this.#scan()
  }

  async scanAll(): Promise<SegmentFile> {
    return (await this.#readHeader()) ?? this.#scan()
  }

  async loadMore({ start, dictionary, at }: Pick<SegmentFile, 'start' | 'dictionary'> & { readonly at: number }): Promise<SegmentFile> {
    this.#start = start
    if (this.#size < at) this.#damaged(this.#size, 'blocks that were there', `a file of ${this.#size} bytes`)
    await this.#findIndex()
    return this.#scan({ at, dictionary, isSealed: this.#index !== null })
  }

  /** Reads the header; gives the whole segment when its creation was cut short. */
  async #readHeader(): Promise<SegmentFile | null> {
    const bytes = await this.#window.bytes(0, SEGMENT_HEADER_BYTES)
    const header = readSegmentHeader(bytes, this.#place)
    if (typeof header !== 'string') this.#start = header
    else {
      const unwritten = bytes.length < SEGMENT_HEADER_BYTES || bytes.every((byte) => byte === 0)
      if (this.#name.isLast && unwritten) {
        return this.#torn([], new Dictionary(), 0, this.#name.before)
      }
      this.#damaged(0, "a segment's header", header)
    }
    return null
  }

  #as(blocks: readonly BlockInfo[], dictionary: Dictionary, sealed = false): SegmentFile {
    return {
      path: this.#path,
      place: this.#place,
      file: this.#file,
      size: this.#size,
      start: this.#start,
      blocks,
      dictionary,
      sealed,
      damages: this.#damages,
      tornTail: null,
    }
  }

  async #torn(blocks: readonly BlockInfo[], dictionary: Dictionary, offset: number, afterSeq: number): Promise<SegmentFile> {
    const tornTail = { bytes: await this.#tail.bytesFrom(offset), afterSeq, offset }
    return { ...this.#as(blocks, dictionary), size: offset, tornTail }
  }

  #damaged(offset: number, expected: string, found: string): void {
    this.#damages.push(damagedBlock(this.#path, offset, { expected, found }))
  }

  /** By its index; null when it has none, or none that can be believed. */
  async #indexed(): Promise<SegmentFile | null> {
    const index = await this.#findIndex()
    if (index === null) return null
    const found = await readBlock(this.#window, this.#place, index, this.#size)
    if (!('frame' in found) || found.frame.kind !== INDEX) return null
    const dictionary = new Dictionary()
    try {
      const blocks = readIndex(found.body, dictionary, this.#place, index)
      return this.#as(blocks, dictionary, true)
    } catch (error) {
      if (error instanceof BrokenBlockError) return null
      throw error
    }
  }

  async #findIndex(): Promise<number | null> {
    const at = this.#size - TRAILER_BYTES
    if (at >= SEGMENT_HEADER_BYTES) {
      this.#index = readTrailer(await this.#window.bytes(at, TRAILER_BYTES), this.#place, at)?.offset ?? null
    }
    return this.#index
  }

  /**
   * Block by block, over damaged ones to the next.
   * @param from where, and what is known until there; `isSealed`: the index that the trailer names needs no reading.
   */
  async #scan(from = { at: SEGMENT_HEADER_BYTES, dictionary: new Dictionary(), isSealed: false }): Promise<SegmentFile> {
    const blocks: BlockInfo[] = []
    const { dictionary, isSealed } = from
    let lastSeq = this.#start?.lastSeq ?? this.#name.before
    for (let { at } = from; at < this.#size;) {
      if (isSealed && at === this.#index) return this.#as(blocks, dictionary, true)
      const found = await readBlock(this.#window, this.#place, at, this.#size)
      if ('frame' in found && found.frame.kind === INDEX) {
        const isTorn = await this.#isTornAfter(at, FRAME_BYTES + found.frame.bodyBytes)
        return isTorn ? this.#torn(blocks, dictionary, at, lastSeq) : this.#as(blocks, dictionary)
      }
      const block = 'frame' in found ? this.#block(at, found.frame, found.body, dictionary) : null
      if (block !== null) {
        blocks.push(block)
        lastSeq = block.lastSeq
        at += block.bytes
        continue
      }
      if (blocks.length + this.#damages.length > SEGMENT_BLOCKS_MAX) {
        this.#damaged(at, `at most ${SEGMENT_BLOCKS_MAX} blocks`, 'more, whole and damaged; the rest is not looked at')
        return this.#as(blocks, dictionary)
      }
      const bytes = 'frame' in found ? FRAME_BYTES + found.frame.bodyBytes : found.bytes
      const next = await this.#tail.nextBlock(at + (bytes ?? FRAME_ALIGN))
      if (this.#name.isLast && 'fault' in found && (await this.#tail.isTorn(at, next, found))) {
        return this.#torn(blocks, dictionary, at, lastSeq)
      }
      if ('fault' in found) this.#damaged(at, at === this.#index ? INDEX_WANTED : 'a block', found.fault)
      if (at === this.#index) break
      at = next ?? this.#size
    }
    if (!this.#name.isLast && this.#damages.every((d) => d.expected !== INDEX_WANTED)) {
      this.#damaged(this.#size, INDEX_WANTED, 'none that is whole')
    }
    return this.#as(blocks, dictionary)
  }

  #block(offset: number, frame: Frame, body: Uint8Array<ArrayBuffer>, dictionary: Dictionary): BlockInfo | null {
    if (frame.kind === EVENTS && frame.count > 0) {
      try {
        const summary = readBlockStart(body, dictionary)
        const { count, firstIndex, lastSeq, bodyBytes } = frame
        return { ...summary, offset, bytes: FRAME_BYTES + bodyBytes, count, firstIndex, lastSeq }
      } catch (error) {
        if (!(error instanceof BrokenBlockError)) throw error
        this.#damaged(offset, 'a block', error.message)
        return null
      }
    }
    this.#damaged(offset, 'a block of events', `kind ${frame.kind} with ${frame.count} events`)
    return null
  }

  /** Whether a whole index that no trailer led to is a torn tail: its trailer was not written. Else there is damage behind it. */
  async #isTornAfter(index: number, bytes: number): Promise<boolean> {
    const rest = await this.#window.bytes(index + bytes, TRAILER_BYTES)
    const written = rest.length === TRAILER_BYTES && !hasUnwrittenSector(rest, index + bytes)
    if (this.#name.isLast && !written) return true
    this.#damaged(index + bytes, TRAILER_WANTED, written ? 'other bytes' : `${rest.length} bytes`)
    return false
  }
}
