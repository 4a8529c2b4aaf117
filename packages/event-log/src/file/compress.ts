/**
 * Sealed segments, made anew with compressed blocks. The new file is written beside the old one under a name that nobody
 * reads, synced, and renamed over it: whoever looks finds one or the other, whole; who reads the old one goes on with it.
 */
import { dirname, join, resolve } from 'node:path'
import { ByteWriter } from '../codec/bytes.ts'
import { packed, unpacked } from '../codec/compression.ts'
import { DictionaryWriter } from '../codec/dictionary.ts'
import { EVENTS, FRAME_BYTES, readFrame, type Frame } from '../codec/frame.ts'
import { frameBlock, sealSegment, segmentHeader, type BlockInfo } from '../codec/segment.ts'
import type { LogDamagedError } from '../errors.ts'
import { IO_BYTES } from '../limits.ts'
import { damagedBlock } from './damage.ts'
import { errorCode, type Disk, type DiskFile } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { SEGMENTS_FOLDER, segmentNumber } from './layout.ts'
import { acquireLock } from './lock.ts'
import { readHead } from './head.ts'
import { listSegments } from './segment-list.ts'
import { ASIDE } from './sealed-json.ts'
import { FileWindow } from './file-window.ts'
import { loadSegment } from './load-segment.ts'
import { readStoredBlock } from './stored-block.ts'
import { type SegmentFile, type SegmentName } from './segment-file.ts'
import { compress as zstdCompress, type Compress } from './zstd.ts'

/** What was done to a log's sealed segments. */
export interface Compression {
  /** Files that were made anew, smaller. */
  readonly compressed: readonly string[]
  /** Bytes of all segments. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Damage that was found; segments with damage stay as they are. */
  readonly damages: readonly LogDamagedError[]
}

/**
 * Compresses the sealed segments of a log: all but the last, and the last when its writer closed it. Those that are
 * compressed already, or would not become smaller, stay.
 * @throws LogUsageError `not-found`, `not-a-log`, `unsupported`, `locked`; LogDamagedError when the meta is damaged.
 */
export function compressFileLog(folder: string): Promise<Compression> {
  return compressOn(nodeDisk, folder)
}

export async function compressOn(disk: Disk, folder: string, compress: Compress = zstdCompress): Promise<Compression> {
  const path = resolve(folder)
  const { logId } = await readHead(disk, path)
  const lock = await acquireLock(disk, path)
  try {
    await removeUnfinished(disk, path)
    const { earlier, last } = await listSegments(disk, path, logId)
    const compressed: string[] = []
    const damages: LogDamagedError[] = []
    let [bytesBefore, bytesAfter] = [0, 0]
    for (const name of [...earlier, last]) {
      const done = await compressSegment(disk, { folder: path, logId, ...name, isLast: name === last }, compress)
      bytesBefore += done.bytesBefore
      bytesAfter += done.bytesAfter
      if (done.bytesAfter < done.bytesBefore) compressed.push(done.path)
      damages.push(...done.damages)
    }
    return { compressed, bytesBefore, bytesAfter, damages }
  } finally {
    await lock.release(path)
  }
}

/** Removes what a writer that died was about to replace segments with. */
export async function removeUnfinished(disk: Disk, folder: string): Promise<void> {
  const segments = join(folder, SEGMENTS_FOLDER)
  const names = await disk.list(segments).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    return []
  })
  for (const name of names) {
    if (name.endsWith(ASIDE) && segmentNumber(name.slice(0, -ASIDE.length)) !== null) await disk.remove(join(segments, name))
  }
}

/** What was done to one segment. */
export interface SegmentCompression {
  readonly path: string
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly damages: readonly LogDamagedError[]
}

/** A block is not what its checksum or the index says. */
class UnfitError extends Error {
  override readonly name = 'UnfitError'
  readonly damage: LogDamagedError

  constructor(damage: LogDamagedError) {
    super(damage.message)
    this.damage = damage
  }
}

/**
 * Makes a segment anew if it is sealed, whole, and gets smaller. Nobody may write in it meanwhile.
 * @param partMin of its blocks, by bytes, that must not be compressed yet; else it is left as it is.
 */
export async function compressSegment(disk: Disk, name: SegmentName, compress: Compress, partMin = 0): Promise<SegmentCompression> {
  const segment = await loadSegment(disk, name)
  const { path, size: bytesBefore, damages } = segment
  const left = { path, bytesBefore, bytesAfter: bytesBefore, damages }
  try {
    if (!segment.sealed || damages.length > 0) return left
    const { plain, all } = await bytesOf(segment)
    if (plain === 0 || plain < all * partMin) return left
    const bytesAfter = await new Remaking(disk, segment, compress).remake()
    return { ...left, bytesAfter: bytesAfter ?? bytesBefore }
  } catch (error) {
    if (error instanceof UnfitError) return { ...left, damages: [error.damage] }
    throw error
  } finally {
    await segment.file.close()
  }
}

/** Bytes of a segment's blocks: of those that are not compressed, and of all. */
async function bytesOf({ path, file, size, place, blocks }: SegmentFile): Promise<{ plain: number; all: number }> {
  const window = new FileWindow(file, size)
  let [plain, all] = [0, 0]
  for (const { offset, bytes } of blocks) {
    const frame = readFrame(await window.bytes(offset, FRAME_BYTES), place, offset)
    if (typeof frame === 'string') throw new UnfitError(damagedBlock(path, offset, { expected: 'a block', found: frame }))
    all += bytes
    if (frame.rawBytes === 0) plain += bytes
  }
  return { plain, all }
}

/** A block's body as it is to be stored. */
interface Stored {
  readonly frame: Frame
  readonly body: Uint8Array
  readonly rawBytes: number
  readonly isSmaller: boolean
}

/** One segment's new file while it is written. */
class Remaking {
  readonly #disk: Disk
  readonly #old: SegmentFile
  readonly #window: FileWindow
  readonly #compress: Compress
  readonly #pending = new ByteWriter(IO_BYTES)
  /** Bytes of the new file that were handed to the system. */
  #written = 0

  constructor(disk: Disk, old: SegmentFile, compress: Compress) {
    this.#disk = disk
    this.#old = old
    this.#window = new FileWindow(old.file, old.size)
    this.#compress = compress
  }

  /** @returns the new file's bytes; null when no block gets smaller, and then nothing is written. */
  async remake(): Promise<number | null> {
    if (!(await this.#isWorth())) return null
    const { path } = this.#old
    const aside = path + ASIDE
    const file = await this.#disk.open(aside, 'w')
    try {
      try {
        await this.#write(file)
        await file.sync()
      } finally {
        await file.close()
      }
      await this.#disk.rename(aside, path)
    } catch (error) {
      await this.#disk.remove(aside)
      throw error
    }
    await this.#disk.syncFolder(dirname(path))
    return this.#written
  }

  async #isWorth(): Promise<boolean> {
    for (const block of this.#old.blocks) if ((await this.#stored(block)).isSmaller) return true
    return false
  }

  async #stored(info: BlockInfo): Promise<Stored> {
    const { path, place, size } = this.#old
    const unfit = (expected: string, found: string): UnfitError => new UnfitError(damagedBlock(path, info.offset, { expected, found }))
    const found = await readStoredBlock(this.#window, place, info.offset, size)
    if ('fault' in found) throw unfit('a block', found.fault)
    const { frame, body } = found
    if (frame.kind !== EVENTS || frame.count !== info.count || frame.firstIndex !== info.firstIndex || frame.lastSeq !== info.lastSeq) {
      throw unfit(`${info.count} events up to seq ${info.lastSeq}`, `${frame.count} up to seq ${frame.lastSeq}`)
    }
    const asItIs = { frame, body, rawBytes: frame.rawBytes, isSmaller: false }
    if (frame.rawBytes > 0) return asItIs
    const smaller = packed(await this.#compress(body), body.length)
    if (smaller === null) return asItIs
    // Before the only other copy goes.
    if (Buffer.compare(unpacked(smaller, body.length, place.decompress), body) !== 0) throw new Error(`zstd changes a block of ${path}`)
    return { frame, body: smaller, rawBytes: body.length, isSmaller: true }
  }

  async #write(file: DiskFile): Promise<void> {
    const { place, start, dictionary } = this.#old
    const blocks: BlockInfo[] = []
    await this.#put(file, segmentHeader(place, start!))
    for (const info of this.#old.blocks) {
      const { frame, body, rawBytes } = await this.#stored(info)
      // Nobody sees the block before all of the file is durable.
      const offset = this.#position
      const block = frameBlock(body, place, offset, { ...frame, rawBytes, synced: offset })
      blocks.push({ ...info, offset, bytes: block.length })
      await this.#put(file, block)
    }
    const { firstIndex, count, lastSeq } = blocks.at(-1)!
    const end = { firstIndex: firstIndex + count, lastSeq, synced: this.#position }
    await this.#put(file, sealSegment(blocks, DictionaryWriter.of(dictionary), place, this.#position, end))
    await this.#flush(file)
  }

  get #position(): number {
    return this.#written + this.#pending.length
  }

  async #put(file: DiskFile, bytes: Uint8Array): Promise<void> {
    this.#pending.raw(bytes)
    if (this.#pending.length >= IO_BYTES) await this.#flush(file)
  }

  async #flush(file: DiskFile): Promise<void> {
    const bytes = this.#pending.written()
    await file.write(bytes, this.#written)
    this.#written += bytes.length
    this.#pending.clear()
  }
}
