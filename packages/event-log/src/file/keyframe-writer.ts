/** Writes the files of keyframes: aside, as a whole, and under their names only when the events in them are durable. */
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { KEYFRAME_HEADER_BYTES, keyframeHeader, keyframeTable, keyframeCrc, type PartEntry } from '../codec/keyframe.ts'
import { keyframeExists, mustFit, noSuchKeyframe, withChanges, type TakenKeyframe } from '../keyframe.ts'
import { IO_BYTES } from '../limits.ts'
import { errorCode, type Disk, type DiskFile } from './disk.ts'
import { foldFolder, keyframePath, type FoldFolder, type LogFolder } from './fold-folder.ts'
import { readKeyframeFile } from './keyframe-reader.ts'
import { ASIDE } from './sealed-json.ts'

const compress = promisify(zstdCompress)

/** A part's bytes as they are to be stored. */
export interface StoredPart {
  readonly stored: Uint8Array
  readonly isPacked: boolean
  readonly bytes: number
}

/** Compressed where that saves an eighth; smaller parts are not worth the time. */
const PACKED_BYTES_MIN = 4096

async function packed(bytes: Uint8Array): Promise<StoredPart> {
  const stored = bytes.length < PACKED_BYTES_MIN ? bytes : await compress(bytes)
  const isPacked = stored.length <= (bytes.length / 8) * 7 && bytes.length > 0
  return { stored: isPacked ? stored : bytes, isPacked, bytes: bytes.length }
}

/** The parts of one file in a row, from the header's end on. */
export function layOut(fold: FoldFolder, seq: number, parts: Iterable<readonly [string, StoredPart]>): Map<string, PartEntry> {
  const entries = new Map<string, PartEntry>()
  let offset = KEYFRAME_HEADER_BYTES
  for (const [name, { stored, isPacked, bytes }] of parts) {
    const crc = keyframeCrc(fold.place, seq, stored)
    entries.set(name, { name, seq, offset, storedBytes: stored.length, isPacked, bytes, crc })
    offset += stored.length
  }
  return entries
}

/** What is to be written as a keyframe's file. */
export interface KeyframeContent {
  readonly seq: number
  readonly events: number
  /** Those of this file, in the order of their names, as they were laid out. */
  readonly stored: readonly Uint8Array[]
  /** All of them. */
  readonly entries: readonly PartEntry[]
}

/** Writes a keyframe's file aside; its content is durable on return. Leaves nothing when it fails. @returns its path. */
async function writeAside(fold: FoldFolder, content: KeyframeContent): Promise<string> {
  const path = keyframePath(fold, content.seq) + ASIDE
  await writeAt(path, fold, content)
  return path
}

async function writeAt(path: string, fold: FoldFolder, { seq, events, stored, entries }: KeyframeContent): Promise<void> {
  const { table, count } = keyframeTable(seq, entries)
  const tableOffset = stored.reduce((end, bytes) => end + bytes.length, KEYFRAME_HEADER_BYTES)
  const header = keyframeHeader(fold.place, { seq, events, parts: count, tableOffset }, table)
  const file = await fold.disk.open(path, 'w')
  try {
    await writeInARow(file, [header, ...stored, table])
    await file.sync()
  } catch (error) {
    await fold.disk.remove(path).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
}

/** Writes from the file's start, small pieces together. */
async function writeInARow(file: DiskFile, pieces: readonly Uint8Array[]): Promise<void> {
  const small = new Uint8Array(
    Math.min(
      IO_BYTES,
      pieces.reduce((sum, piece) => sum + piece.length, 0),
    ),
  )
  let [filled, position] = [0, 0]
  const put = async (bytes: Uint8Array): Promise<void> => {
    await file.write(bytes, position)
    position += bytes.length
  }
  for (const piece of pieces) {
    if (filled > 0 && filled + piece.length > small.length) {
      await put(small.subarray(0, filled))
      filled = 0
    }
    if (piece.length > small.length) await put(piece)
    else {
      small.set(piece, filled)
      filled += piece.length
    }
  }
  if (filled > 0) await put(small.subarray(0, filled))
}

async function makeDurably(disk: Disk, path: string): Promise<void> {
  await disk.mkdir(path).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  // A folder that is there may have been made by one who was killed before this.
  await disk.syncFolder(dirname(path))
}

async function isThere(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.stat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Stores the keyframes of one log one after the other, in the order of the calls. */
export class KeyframeWriter {
  readonly #log: Omit<LogFolder, 'baseline'>
  /** Folds whose folder is durable. */
  readonly #folders = new Set<string>()
  readonly #isAlone: boolean
  /** Where nobody else has a hand in the log: what there is of each fold, and what the last one holds. */
  readonly #own = new Map<string, { readonly seqs: Set<number>; readonly last: { seq: number; entries: readonly PartEntry[] } }>()
  #work: Promise<unknown> = Promise.resolve()

  /** `isAlone`: whether nobody else can find the log, and what was written needs no second look. */
  constructor(log: Omit<LogFolder, 'baseline'>, isAlone: boolean) {
    this.#log = log
    this.#isAlone = isAlone
  }

  /**
   * Stores one; durable on return. One that fails is not there.
   * @param events up to and with its `seq`, the baseline included.
   * @param durable resolves when they are.
   * @throws LogUsageError `exists`, `not-found`, `bad-keyframe`; LogDamagedError when the one with the changes since is.
   */
  write(taken: TakenKeyframe, events: number, durable: Promise<unknown>): Promise<void> {
    durable.catch(() => {})
    const run = this.#work.then(() => this.#write(taken, events, durable))
    this.#work = run.catch(() => {})
    return run
  }

  /** Resolves when all calls so far are over. */
  async settled(): Promise<void> {
    await this.#work
  }

  async #write({ fold, seq, since, changes }: TakenKeyframe, events: number, durable: Promise<unknown>): Promise<void> {
    const at = foldFolder({ ...this.#log, baseline: events - seq }, fold)
    const path = keyframePath(at, seq)
    if (await this.#isThere(at, fold, seq)) throw keyframeExists(fold, seq)
    const base = since === null ? [] : await this.#entriesOf(at, fold, since)
    if (base === undefined) throw noSuchKeyframe(fold, since!)
    const sizes = withChanges(
      base.map((e) => [e.name, e.bytes] as const),
      changes.entries().map(([name, bytes]) => [name, bytes && bytes.length] as const),
    )
    mustFit(
      sizes.size,
      sizes.values().reduce((sum, bytes) => sum + bytes, 0),
    )
    const stored: [string, StoredPart][] = []
    for (const [name, bytes] of [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (bytes !== null) stored.push([name, await packed(bytes)])
    }
    const own = layOut(at, seq, stored)
    const entries = withChanges(
      base.map((e) => [e.name, e] as const),
      changes.keys().map((name) => [name, own.get(name) ?? null] as const),
    )
    await this.#makeFolder(fold, at)
    const content = { seq, events, stored: stored.map(([, part]) => part.stored), entries: [...entries.values()] }
    if (this.#isAlone) await this.#writeOwn(at, fold, content)
    else await this.#publish(at, await writeAside(at, content), path, durable)
  }

  async #isThere(at: FoldFolder, fold: string, seq: number): Promise<boolean> {
    return this.#isAlone ? this.#own.get(fold)?.seqs.has(seq) === true : isThere(at.disk, keyframePath(at, seq))
  }

  async #entriesOf(at: FoldFolder, fold: string, seq: number): Promise<readonly PartEntry[] | undefined> {
    const last = this.#own.get(fold)?.last
    return last?.seq === seq ? last.entries : (await readKeyframeFile(at, seq))?.entries
  }

  /** Writes one at once under its name: nobody looks before all is there. */
  async #writeOwn(at: FoldFolder, fold: string, content: KeyframeContent): Promise<void> {
    const { seq, entries } = content
    await writeAt(keyframePath(at, seq), at, content)
    await at.disk.syncFolder(at.path)
    const seqs = this.#own.get(fold)?.seqs ?? new Set()
    this.#own.set(fold, { seqs: seqs.add(seq), last: { seq, entries } })
  }

  async #makeFolder(fold: string, { disk, path }: FoldFolder): Promise<void> {
    if (this.#folders.has(fold)) return
    await makeDurably(disk, dirname(path))
    await makeDurably(disk, path)
    this.#folders.add(fold)
  }

  async #publish({ disk, path: folder }: FoldFolder, aside: string, path: string, durable: Promise<unknown>): Promise<void> {
    let name = aside
    try {
      await durable
      await disk.rename(aside, path)
      name = path
      await disk.syncFolder(folder)
    } catch (error) {
      await disk.remove(name).catch(() => {})
      throw error
    }
  }
}
