/** One segment's file as it is found: its blocks, its dictionary, what is damaged and what was left half-written. */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { LogDamagedError } from '../errors.ts'
import type { TornTail } from '../contract.ts'
import { BrokenBlockError } from '../codec/bytes.ts'
import { unpacked } from '../codec/compression.ts'
import { Dictionary } from '../codec/dictionary.ts'
import { EVENTS, FRAME_ALIGN, FRAME_BYTES, FRAME_MAGIC, INDEX, bodyCrc, readFrame, unmask, type Frame, type Place } from '../codec/frame.ts'
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
import { IO_BYTES } from '../limits.ts'
import { damagedBlock } from './damage.ts'
import type { Disk, DiskFile } from './disk.ts'
import { SEGMENTS_FOLDER, segmentName } from './layout.ts'
import { decompress } from './zstd.ts'

export function placeOf(logId: Uint8Array, segment: number): Place {
  return { logId, segment, crc32, decompress }
}

/** A file read in pieces of IO_BYTES. */
export class FileWindow {
  readonly #file: DiskFile
  readonly #end: number
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #start = 0
  #length = 0

  /** Nothing from byte `end` on is read. */
  constructor(file: DiskFile, end: number) {
    this.#file = file
    this.#end = end
  }

  /** Up to `n` bytes from `at`; fewer where the file ends. Valid until the next call. */
  async bytes(at: number, n: number): Promise<Uint8Array<ArrayBuffer>> {
    if (at < this.#start || at + n > this.#start + this.#length) await this.#fill(at, n)
    return this.#bytes.subarray(at - this.#start, Math.min(at - this.#start + n, this.#length))
  }

  /** All bytes from `at` on that are at hand, at least `n` where the file has them. Valid until the next call. */
  async rest(at: number, n: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.bytes(at, n)
    return this.#bytes.subarray(at - this.#start, this.#length)
  }

  async #fill(at: number, n: number): Promise<void> {
    const length = Math.max(0, Math.min(Math.max(n, IO_BYTES), this.#end - at))
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length)
    this.#length = await this.#file.read(this.#bytes.subarray(0, length), at)
    this.#start = at
  }
}

/** A segment as it was when it was looked at. */
export interface SegmentFile {
  readonly path: string
  readonly place: Place
  readonly file: DiskFile
  /** Bytes that belong to it: a reader goes no further. */
  readonly size: number
  /** Null when the header is damaged. */
  readonly start: SegmentStart | null
  readonly blocks: readonly BlockInfo[]
  readonly dictionary: Dictionary
  /** Whether its index was read, so that nothing can be missing at its end. */
  readonly sealed: boolean
  /** Damage found without reading the events of an indexed segment, by offset. */
  readonly damages: readonly LogDamagedError[]
  readonly tornTail: (TornTail & { readonly offset: number }) | null
}

/** The torn tail as users hear of it: a segment of no byte is none. */
export function tornTailOf({ tornTail }: SegmentFile): TornTail | null {
  return tornTail === null || tornTail.bytes === 0 ? null : { bytes: tornTail.bytes, afterSeq: tornTail.afterSeq }
}

export interface SegmentName {
  readonly folder: string
  readonly logId: Uint8Array
  readonly number: number
  /** Whether a writer may have been at work on it last. */
  readonly isLast: boolean
  /** `seq` before it, for a segment whose header is not readable. */
  readonly before: number
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, SEGMENTS_FOLDER, segmentName(number))
}

/** Looks at a segment: through its index where it has one, else block by block. */
export async function loadSegment(disk: Disk, name: SegmentName): Promise<SegmentFile> {
  const path = segmentPath(name.folder, name.number)
  const file = await disk.open(path, 'r')
  try {
    return await new Loading(name, path, file, await file.size()).load()
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Looks at the same file as if it had no index. */
export function scanSegment(name: SegmentName, { path, file, size }: SegmentFile): Promise<SegmentFile> {
  return new Loading(name, path, file, size).scanAll()
}

/** What came into a segment's file behind byte `at` since it was looked at, where its blocks ended then. Its dictionary grows. */
export async function loadMore(name: SegmentName, { path, file, start, dictionary }: SegmentFile, at: number): Promise<SegmentFile> {
  return new Loading(name, path, file, await file.size()).loadMore({ start, dictionary, at })
}

/** What damage of a segment's end says that it expected. */
export const INDEX_WANTED = "the segment's index"
export const TRAILER_WANTED = "the index's trailer"

type Found = { readonly frame: Frame; readonly body: Uint8Array<ArrayBuffer> } | Faulty

interface Faulty {
  readonly fault: string
  /** Whether the file ends within it. */
  readonly cut: boolean
  /** Bytes of header and body where the header is whole, so that what lies in the body is not looked at. */
  readonly bytes?: number
}

/** A block's header and body, checked; or what is wrong with it. The body is valid until the next read. */
export async function readBlock(window: FileWindow, place: Place, offset: number, size: number): Promise<Found> {
  const found = await readStoredBlock(window, place, offset, size)
  if ('fault' in found || found.frame.rawBytes === 0) return found
  try {
    return { frame: found.frame, body: unpacked(found.body, found.frame.rawBytes, place.decompress) }
  } catch (error) {
    if (error instanceof BrokenBlockError) return { fault: error.message, cut: false }
    throw error
  }
}

/** The same with the body as it is stored, but unmasked. */
export async function readStoredBlock(window: FileWindow, place: Place, offset: number, size: number): Promise<Found> {
  const header = await window.bytes(offset, FRAME_BYTES)
  const frame = readFrame(header, place, offset)
  if (typeof frame === 'string') return { fault: frame, cut: size - offset < FRAME_BYTES }
  const total = FRAME_BYTES + frame.bodyBytes
  if (offset + total > size) return { fault: `a block of ${total} bytes cut after ${size - offset}`, cut: true }
  let body = (await window.bytes(offset, total)).subarray(FRAME_BYTES)
  if (body.length !== frame.bodyBytes) return { fault: 'a file that became shorter', cut: true }
  if (bodyCrc(place, offset, body) !== frame.bodyCrc) return { fault: 'a block with a wrong checksum', cut: false, bytes: total }
  if (frame.mask !== 0) {
    body = body.slice()
    unmask(body, frame.mask)
  }
  return { frame, body }
}

class Loading {
  readonly #name: SegmentName
  readonly #path: string
  readonly #file: DiskFile
  readonly #size: number
  readonly #place: Place
  readonly #window: FileWindow
  readonly #damages: LogDamagedError[] = []
  #start: SegmentStart | null = null
  /** Where a whole trailer says that the index is. */
  #index: number | null = null
  /** Bytes that some block knows to be durable; null: nobody asked yet. */
  #durable: number | null = null

  constructor(name: SegmentName, path: string, file: DiskFile, size: number) {
    this.#name = name
    this.#path = path
    this.#file = file
    this.#size = size
    this.#place = placeOf(name.logId, name.number)
    this.#window = new FileWindow(file, size)
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
        return this.#as({ blocks: [], dictionary: new Dictionary(), sealed: false, torn: 0, afterSeq: this.#name.before })
      }
      this.#damaged(0, "a segment's header", header)
    }
    return null
  }

  #as(found: {
    blocks: readonly BlockInfo[]
    dictionary: Dictionary
    sealed: boolean
    torn: number | null
    afterSeq: number
  }): SegmentFile {
    const { blocks, dictionary, sealed, torn, afterSeq } = found
    return {
      path: this.#path,
      place: this.#place,
      file: this.#file,
      size: torn ?? this.#size,
      start: this.#start,
      blocks,
      dictionary,
      sealed,
      damages: this.#damages,
      tornTail: torn === null ? null : { bytes: this.#size - torn, afterSeq, offset: torn },
    }
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
      return this.#as({ blocks, dictionary, sealed: true, torn: null, afterSeq: 0 })
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
      if (isSealed && at === this.#index) return this.#as({ blocks, dictionary, sealed: true, torn: null, afterSeq: lastSeq })
      const found = await readBlock(this.#window, this.#place, at, this.#size)
      if ('frame' in found && found.frame.kind === INDEX) {
        const torn = await this.#endsAfter(at, FRAME_BYTES + found.frame.bodyBytes)
        return this.#as({ blocks, dictionary, sealed: false, torn, afterSeq: lastSeq })
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
        return this.#as({ blocks, dictionary, sealed: false, torn: null, afterSeq: lastSeq })
      }
      const bytes = 'frame' in found ? FRAME_BYTES + found.frame.bodyBytes : found.bytes
      const next = await this.#nextBlock(at + (bytes ?? FRAME_ALIGN))
      if (this.#name.isLast && 'fault' in found && (await this.#isTorn(at, next, found.cut))) {
        return this.#as({ blocks, dictionary, sealed: false, torn: at, afterSeq: lastSeq })
      }
      if ('fault' in found) this.#damaged(at, at === this.#index ? INDEX_WANTED : 'a block', found.fault)
      if (at === this.#index) break
      at = next ?? this.#size
    }
    if (!this.#name.isLast && this.#damages.every((d) => d.expected !== INDEX_WANTED)) {
      this.#damaged(this.#size, INDEX_WANTED, 'none that is whole')
    }
    return this.#as({ blocks, dictionary, sealed: false, torn: null, afterSeq: lastSeq })
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

  /** What follows a whole index that no trailer led to: null, or where the torn tail starts. */
  async #endsAfter(index: number, bytes: number): Promise<number | null> {
    const rest = await this.#window.bytes(index + bytes, TRAILER_BYTES)
    const written = rest.length === TRAILER_BYTES && !hasUnwrittenSector(rest, index + bytes)
    if (this.#name.isLast && !written) return index
    this.#damaged(index + bytes, TRAILER_WANTED, written ? 'other bytes' : `${rest.length} bytes`)
    return null
  }

  /** The next place at which a whole header stands. */
  async #nextBlock(from: number): Promise<number | null> {
    for (let at = from; at + FRAME_BYTES <= this.#size;) {
      const piece = await this.#window.rest(at, FRAME_BYTES)
      const view = new DataView(piece.buffer, piece.byteOffset, piece.length)
      let i = 0
      for (; i + FRAME_BYTES <= piece.length; i += FRAME_ALIGN) {
        if (view.getUint32(i, true) !== FRAME_MAGIC) continue
        if (typeof readFrame(piece.subarray(i, i + FRAME_BYTES), this.#place, at + i) !== 'string') return at + i
      }
      if (i === 0) return null
      at += i
    }
    return null
  }

  /**
   * Bytes that some block from `next` on, the first behind the first bad one, knows to be durable. Asked again for a later
   * bad block the answer is the same: no block knows more than what lies before it.
   */
  async #knownDurable(next: number | null): Promise<number> {
    if (this.#durable !== null) return this.#durable
    this.#durable = 0
    for (let at = next; at !== null; at = await this.#nextBlock(at + FRAME_ALIGN)) {
      const frame = readFrame(await this.#window.bytes(at, FRAME_BYTES), this.#place, at)
      if (typeof frame !== 'string') this.#durable = Math.max(this.#durable, frame.synced)
    }
    return this.#durable
  }

  /**
   * Whether what starts at a bad block was never acknowledged as durable, and looks as a write does that was cut short:
   * its end is missing, or a sector of it (no block has one that is all zero), and no later block knows it durable.
   */
  async #isTorn(bad: number, next: number | null, cut: boolean): Promise<boolean> {
    if ((await this.#knownDurable(next)) > bad) return false
    if (cut && next === null) return true
    const end = next ?? this.#size
    for (let at = bad; at < end; at += IO_BYTES) {
      // Pieces end where sectors do.
      const piece = await this.#window.bytes(at, Math.min(IO_BYTES - (at % 512), end - at))
      if (hasUnwrittenSector(piece, at)) return true
      at -= at % 512
    }
    return false
  }
}
