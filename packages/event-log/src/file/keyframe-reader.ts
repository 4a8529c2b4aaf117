/** Reads the files of keyframes, part by part, each part checked. */
import { unzstd } from '#native'
import { BrokenBlockError } from '../codec/bytes.ts'
import {
  KEYFRAME_HEADER_BYTES,
  isTable,
  keyframeCrc,
  readKeyframeHeader,
  readKeyframeTable,
  type KeyframeHeader,
  type PartEntry,
} from '../codec/keyframe.ts'
import type { Keyframe, KeyframeOptions } from '../contract.ts'
import { LogDamagedError } from '../errors.ts'
import { IO_BYTES, PART_BYTES_MAX } from '../limits.ts'
import { damagedKeyframe } from './damage.ts'
import { errorCode, type DiskFile } from './disk.ts'
import { keyframePath, listKeyframes, type FoldFolder } from './fold-folder.ts'

/** Files that are read at once. */
const FILES_AT_ONCE = 8
/** A window past the largest part is never needed, and so never allocated. */
const WINDOW_LOG_MAX = Math.log2(PART_BYTES_MAX)

function unpacked(stored: Uint8Array, { name, bytes }: PartEntry): Uint8Array {
  let raw: Uint8Array
  try {
    raw = unzstd(stored, bytes, WINDOW_LOG_MAX)
  } catch (error) {
    throw new BrokenBlockError(`part "${name}" that cannot be decompressed`, { cause: error })
  }
  if (raw.length !== bytes) throw new BrokenBlockError(`part "${name}" of ${raw.length} bytes that should have ${bytes}`)
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.length)
}

/** What a keyframe's file holds of its own, and where the rest is. */
export interface KeyframeFile {
  readonly header: KeyframeHeader
  readonly entries: readonly PartEntry[]
}

/**
 * Opens a keyframe's file; null when there is none.
 * @throws LogDamagedError when its header or table is damaged.
 */
async function withKeyframe<T>(fold: FoldFolder, seq: number, use: (file: DiskFile, found: KeyframeFile) => Promise<T>): Promise<T | null> {
  const path = keyframePath(fold, seq)
  const file = await fold.disk.open(path, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null
    throw unreadable(path, error)
  })
  if (file === null) return null
  try {
    return await use(file, await readTableOf(fold, seq, path, file))
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    await file.close()
  }
}

/** A keyframe that the system does not let read is as good as damaged: nothing needs it. */
function unreadable(path: string, error: unknown): unknown {
  if (errorCode(error) === undefined) return error
  return damagedKeyframe(path, 0, { expected: 'a keyframe', found: `one that cannot be read (${errorCode(error)})` }, error)
}

async function readTableOf(fold: FoldFolder, seq: number, path: string, file: DiskFile): Promise<KeyframeFile> {
  const wrong = (offset: number, expected: string, found: string, cause?: unknown): LogDamagedError =>
    damagedKeyframe(path, offset, { expected, found }, cause)
  const first = new Uint8Array(KEYFRAME_HEADER_BYTES)
  const read = await file.read(first, 0)
  const header = readKeyframeHeader(first.subarray(0, read), fold.place, seq, await file.size())
  if (typeof header === 'string') throw wrong(0, "a keyframe's header", header)
  if (fold.baseline !== null && header.events !== fold.baseline + seq) {
    throw wrong(0, `a keyframe of ${fold.baseline + seq} events`, `one of ${header.events}`)
  }
  const table = new Uint8Array(header.tableBytes)
  const length = await file.read(table, header.tableOffset)
  if (!isTable(table.subarray(0, length), fold.place, header)) throw wrong(header.tableOffset, "a keyframe's table", 'a wrong checksum')
  try {
    return { header, entries: readKeyframeTable(table, header) }
  } catch (error) {
    if (error instanceof BrokenBlockError) throw wrong(header.tableOffset, "a keyframe's table", error.message, error)
    throw error
  }
}

/** The header and table of a keyframe; null when there is none. @throws LogDamagedError. */
export function readKeyframeFile(fold: FoldFolder, seq: number): Promise<KeyframeFile | null> {
  return withKeyframe(fold, seq, async (_, found) => found)
}

/** The header and table, and every byte of the file checked; null when there is none. @throws LogDamagedError. */
export function checkKeyframeFile(fold: FoldFolder, seq: number): Promise<KeyframeFile | null> {
  return withKeyframe(fold, seq, async (file, found) => {
    const own = found.entries.filter((e) => e.seq === seq)
    await readParts(fold, file, seq, own, () => {})
    return found
  })
}

/** All parts of a keyframe, in the order of their names; null when there is none. @throws LogDamagedError. */
export async function readKeyframe(fold: FoldFolder, seq: number): Promise<Map<string, Uint8Array> | null> {
  const parts = new Map<string, Uint8Array>()
  const put = ({ name }: PartEntry, bytes: Uint8Array): void => void parts.set(name, bytes)
  const entries = await withKeyframe(fold, seq, async (file, found) => {
    const bySeq = Map.groupBy(found.entries, (e) => e.seq)
    await readParts(fold, file, seq, bySeq.get(seq) ?? [], put)
    bySeq.delete(seq)
    await eachOf([...bySeq], FILES_AT_ONCE, ([earlier, wanted]) => readEarlier(fold, earlier, seq, wanted, put))
    return found.entries
  })
  return entries && new Map(entries.map(({ name }) => [name, parts.get(name)!]))
}

type Put = (entry: PartEntry, bytes: Uint8Array) => void

/** Reads the parts that keyframe `of` has in the file of an earlier one. */
async function readEarlier(fold: FoldFolder, seq: number, of: number, wanted: readonly PartEntry[], put: Put): Promise<void> {
  const path = keyframePath(fold, seq)
  const file = await fold.disk.open(path, 'r').catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    throw damagedKeyframe(path, 0, { expected: `part "${wanted[0]!.name}" of keyframe ${of}`, found: 'no such file' }, error)
  })
  try {
    await readParts(fold, file, seq, wanted, put)
  } finally {
    await file.close()
  }
}

/** Reads parts that are in one file, those that lie side by side at once. @throws LogDamagedError. */
async function readParts(fold: FoldFolder, file: DiskFile, seq: number, wanted: readonly PartEntry[], put: Put): Promise<void> {
  for (const run of runsOf(wanted)) {
    const start = run[0]!.offset
    const last = run.at(-1)!
    const bytes = new Uint8Array(last.offset + last.storedBytes - start)
    const length = await file.read(bytes, start)
    for (const entry of run) {
      const at = entry.offset - start
      const stored = bytes.subarray(at, Math.min(length, at + entry.storedBytes))
      const wrong = (found: string, cause?: unknown): LogDamagedError =>
        damagedKeyframe(keyframePath(fold, seq), entry.offset, { expected: `part "${entry.name}"`, found }, cause)
      if (stored.length < entry.storedBytes) throw wrong(`${stored.length} of ${entry.storedBytes} bytes`)
      if (keyframeCrc(fold.place, seq, stored) !== entry.crc) throw wrong('a wrong checksum')
      try {
        put(entry, entry.isPacked ? unpacked(stored, entry) : stored)
      } catch (error) {
        throw error instanceof BrokenBlockError ? wrong(error.message, error) : error
      }
    }
  }
}

/** Parts that lie side by side, in pieces of about IO_BYTES. */
function runsOf(entries: readonly PartEntry[]): PartEntry[][] {
  const runs: PartEntry[][] = []
  let end = -1
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    const run = runs.at(-1)
    if (run !== undefined && entry.offset === end && end - run[0]!.offset + entry.storedBytes <= IO_BYTES) run.push(entry)
    else runs.push([entry])
    end = entry.offset + entry.storedBytes
  }
  return runs
}

/** Does all jobs, a few at once, and is over only when all are. @throws the first error. */
async function eachOf<T>(jobs: readonly T[], atOnce: number, work: (job: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < jobs.length) await work(jobs[next++]!)
  }
  const done = await Promise.allSettled(Array.from({ length: Math.min(atOnce, jobs.length) }, worker))
  for (const result of done) if (result.status === 'rejected') throw result.reason
}

/** The newest whole keyframe at or before a `seq`; null when there is none. */
export async function newestKeyframe(fold: FoldFolder, atOrBefore: number, { onDamage }: KeyframeOptions = {}): Promise<Keyframe | null> {
  for (const seq of (await listKeyframes(fold)).toReversed()) {
    if (seq > atOrBefore) continue
    try {
      const parts = await readKeyframe(fold, seq)
      if (parts !== null) return { seq, parts }
    } catch (error) {
      if (!(error instanceof LogDamagedError)) throw error
      onDamage?.(error)
    }
  }
  return null
}
