import { join } from 'node:path'
import { DictionaryWriter } from '../codec/dictionary.ts'
import { SEGMENT_HEADER_BYTES, SPACED_BYTES_MAX, SPACE_ALIGN, SPACE_BYTES_MAX, segmentHeader, type SegmentStart } from '../codec/segment.ts'
import { IO_BYTES } from '../limits.ts'
import type { Disk, DiskFile } from './disk.ts'
import { SEGMENTS_FOLDER } from './layout.ts'
import { placeOf, segmentPath } from './segment-file.ts'
import type { MadeSoFar } from './segment-maker.ts'

/** Space is laid out for so many more writes as large as the one before it. */
const SPACE_FOR = 16

const zeros = new Uint8Array(SPACE_BYTES_MAX)

/** The folder of a log. */
interface LogFolder {
  readonly disk: Disk
  readonly folder: string
  readonly logId: Uint8Array
}

/** Bytes that wait to be written; the block that they are. */
interface Pending {
  readonly bytes: Uint8Array
  readonly block: Uint8Array<ArrayBuffer> | null
}

/** The segment that a writer goes on with; all of it is durable. */
export interface OpenSegment extends MadeSoFar {
  readonly number: number
  readonly file: DiskFile
}

/**
 * Makes a segment with nothing but its header. Its name is durable on return; its header becomes so with the first block,
 * and until then a segment without one is nothing lost.
 */
export async function createSegment({ disk, folder, logId }: LogFolder, number: number, start: SegmentStart): Promise<OpenSegment> {
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
 * Writes a log's segments, one file after the other. All I/O runs one after the other, in the order of the calls, but for
 * syncs, which run beside it and serve all who wait for what was written before them. The first I/O error ends it, a
 * failed sync above all: after one nothing can be known about what was written before.
 */
export class SegmentOutput {
  readonly #log: LogFolder
  #file: DiskFile
  #number: number
  /** Bytes of the segment that are written. */
  #position: number
  #pending: Pending[] = []
  /** Called with each block that was written. */
  readonly #blockDone: (block: Uint8Array<ArrayBuffer>) => void
  #pendingBytes = 0
  /** Bytes that were put, those of them that were handed to the system, and those that are durable; of all segments together. */
  #put = 0
  #written = 0
  #durable = 0
  /** Durable bytes of the segment. */
  #synced: number
  /** Bytes of its file, space that was laid out included. */
  #size: number
  #syncing: Promise<void> | null = null
  /** What was asked for last; and how much is not done yet. */
  #work: Promise<unknown> = Promise.resolve()
  #jobs = 0
  #failure: { readonly error: unknown } | null = null
  #piece: Uint8Array | null = null

  constructor(log: LogFolder, { file, number, position }: OpenSegment, blockDone: (block: Uint8Array<ArrayBuffer>) => void) {
    this.#log = log
    this.#blockDone = blockDone
    this.#file = file
    this.#number = number
    this.#position = position
    this.#synced = position
    this.#size = position
  }

  /** Bytes that wait to be written. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Number of the segment that is written to. */
  get number(): number {
    return this.#number
  }

  /** Durable bytes of a segment, whose file may not be made yet. */
  syncedOf(number: number): number {
    return number === this.#number ? this.#synced : 0
  }

  mustNotHaveFailed(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Adds a block to what waits, which is nobody else's until it is written. */
  putBlock(block: Uint8Array<ArrayBuffer>): void {
    this.#wait({ bytes: block, block })
  }

  /** Adds bytes to those that wait. */
  put(bytes: Uint8Array): void {
    this.#wait({ bytes, block: null })
  }

  #wait(pending: Pending): void {
    const { bytes } = pending
    this.#pending.push(pending)
    this.#pendingBytes += bytes.length
    this.#put += bytes.length
  }

  /** Does something when all that was asked for before is done. Its failure is not the output's. */
  queue<T>(job: () => Promise<T>): Promise<T> {
    return this.#queue(job, () => {})
  }

  /** The same, but its failure ends everything. */
  #io(job: () => Promise<void>): Promise<void> {
    return this.#queue(job, this.#fail)
  }

  #queue<T>(job: () => Promise<T>, fail: (error: unknown) => void): Promise<T> {
    const start = (): Promise<T> => {
      this.mustNotHaveFailed()
      return job()
    }
    // Where nothing is to be waited for it starts at once.
    const run = this.#jobs === 0 && this.#failure === null ? start() : this.#work.then(start)
    this.#jobs++
    this.#work = run.then(this.#done, (error: unknown) => {
      fail(error)
      this.#done()
    })
    return run
  }

  readonly #done = (): void => void this.#jobs--
  readonly #fail = (error: unknown): void => void (this.#failure ??= { error })

  /** Hands what waits over to the system. */
  write(): Promise<void> {
    return this.#write(false)
  }

  #write(isSynced: boolean): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    return this.#io(() => this.#writeOut(pending, isSynced))
  }

  async #writeOut(pending: readonly Pending[], isSynced: boolean): Promise<void> {
    for (let next = 0; next < pending.length;) {
      const first = next
      let bytes = 0
      while (next < pending.length && (next === first || bytes + pending[next]!.bytes.length <= IO_BYTES))
        bytes += pending[next++]!.bytes.length
      const piece = next === first + 1 ? pending[first]!.bytes : this.#joined(pending.slice(first, next))
      const end = this.#position + bytes
      await this.#file.write(piece, this.#position)
      this.#position = end
      this.#written += bytes
      for (const { block } of pending.slice(first, next)) if (block !== null) this.#blockDone(block)
      if (end <= this.#size) continue
      this.#size = end
      if (isSynced && bytes <= SPACED_BYTES_MAX) await this.#layOut(bytes)
    }
  }

  /** What is written at once; until the next write, which comes when this one is over. */
  #joined(parts: readonly Pending[]): Uint8Array {
    this.#piece ??= new Uint8Array(IO_BYTES)
    let at = 0
    for (const { bytes } of parts) {
      this.#piece.set(bytes, at)
      at += bytes.length
    }
    return this.#piece.subarray(0, at)
  }

  /** Makes all that was put durable. Of those who wait while a sync runs, one more sync serves all. */
  async sync(): Promise<void> {
    const mark = this.#put
    await this.#write(true)
    while (this.#durable < mark) {
      this.mustNotHaveFailed()
      await (this.#syncing ?? this.#syncFile())
    }
  }

  /**
   * Writes zeros behind what was written last, `bytes` bytes, for more of its kind: a sync of a file that got no larger and no
   * new place on the disk is sooner over. It is no harm when that cannot be done.
   */
  async #layOut(bytes: number): Promise<void> {
    const position = this.#position
    const most = position - bytes + SPACE_BYTES_MAX
    const size = Math.min(roundUp(position + SPACE_FOR * bytes), most - (most % SPACE_ALIGN))
    try {
      await this.#file.write(zeros.subarray(0, size - position), position)
      this.#size = size
    } catch {
      // What is wrong with the disk, the write that follows tells. Whatever the size is now, the end is cut there.
      this.#size = Infinity
    }
  }

  /** Takes back what was laid out. */
  async #trim(): Promise<void> {
    if (this.#size === this.#position) return
    await this.#file.truncate(this.#position)
    this.#size = this.#position
  }

  /** Syncs the segment that is written to, after the sync that may be under way. */
  #syncFile(): Promise<void> {
    if (this.#syncing !== null) return this.#syncing.then(() => this.#syncFile())
    const syncing = this.#syncOnce()
    this.#syncing = syncing
    syncing.then(this.#syncOver, this.#syncOver)
    return syncing
  }

  readonly #syncOver = (): void => void (this.#syncing = null)

  async #syncOnce(): Promise<void> {
    const written = this.#written
    const position = this.#position
    try {
      await this.#file.sync()
      this.#durable = written
      this.#synced = position
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  /** Ends the segment with its index, which is written only when all before it is durable, and the file ends there. */
  seal(index: Uint8Array): Promise<void> {
    background(this.write())
    background(this.#io(() => this.#trim()))
    background(this.#io(() => this.#syncFile()))
    this.put(index)
    background(this.write())
    return this.#io(() => this.#syncFile())
  }

  /**
   * Ends the segment and goes on with the next one, whose file comes into being only when this one is durable. What goes
   * wrong is told by the next call.
   * @param ended called with the number of the segment when it is durable.
   */
  roll(index: Uint8Array, start: SegmentStart, ended: (number: number) => void): void {
    background(this.seal(index))
    background(
      this.#io(async () => {
        await this.#file.close()
        const { number, file, position } = await createSegment(this.#log, this.#number + 1, start)
        this.#file = file
        this.#number = number
        this.#position = position
        this.#synced = position
        this.#size = position
        ended(number - 1)
      }),
    )
  }

  /** Resolves when all that was asked for is done, or failed. */
  async settled(): Promise<void> {
    await this.#work
  }

  /** Closes the file; nothing may be asked for any more. */
  close(): Promise<void> {
    return this.#file.close()
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / SPACE_ALIGN) * SPACE_ALIGN
}

function background(work: Promise<void>): void {
  work.catch(() => {})
}
