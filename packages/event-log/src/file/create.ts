import { dirname, join, resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import type { LogMeta, GoneHead, LogWriter } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { SEGMENT_HEADER_BYTES } from '../codec/segment.ts'
import { checkedMeta } from '../meta.ts'
import { mustBeVocabulary } from '../must-be-vocabulary.ts'
import { makeAside, removeAside, removeLeftovers } from './aside.ts'
import { writeEntries } from './attachments.ts'
import { blockingDisk } from './blocking-disk.ts'
import { errorCode, type Disk } from './disk.ts'
import { makeFolder } from './make-folder.ts'
import { nodeDisk } from './node-disk.ts'
import { ATTACHMENTS_FILE, ATTACHMENTS_FOLDER, LOCK_FOLDER, META_FILE, SEGMENTS_FOLDER, segmentName } from './layout.ts'
import { acquireLock } from './lock.ts'
import { writeHead } from './head.ts'
import { ASIDE } from './sealed-json.ts'
import { createSegment } from './segment-output.ts'
import { sizesOf, type Sizes } from './sizes.ts'
import { FileLogWriter } from './writer.ts'

export interface CreateOptions {
  /**
   * Write into a temporary sibling folder and give it its name on `close()`, as a whole: a log that is not finished is
   * never seen. Until then everything is `buffered`, whatever is flushed. A writer that is disposed of without
   * `close()` (an exception under `await using`) leaves nothing behind; what a killed one leaves, the next
   * `createFileLog` for the same folder removes.
   */
  readonly atomic?: boolean
  /**
   * Compress each segment when it is full and when the log is closed, with zstd. It halves most logs, and takes some
   * time of another thread. A segment that cannot be compressed, because the disk is full for instance, stays as it is.
   */
  readonly compress?: boolean
  /**
   * Write and sync with calls that block the thread. Events are durable sooner, as no other thread has to be heard of, and
   * nothing else runs meanwhile: for a writer in a process or worker of its own.
   */
  readonly blocking?: boolean
  /** Bytes after which a segment ends, with the block that reaches them: 4096 to 2^30. Default: 64 MiB. @throws RangeError */
  readonly segmentBytes?: number
  /** For a log whose head is gone: what there was before its first event. Default: nothing. */
  readonly gone?: GoneHead
}

function existsError(folder: string, what: string): LogUsageError {
  return new LogUsageError('exists', `${folder} ${what}; a new log needs a name that is free, or an empty folder`)
}

/** Whether a folder's entries are what a creation leaves that was cut short: nothing in it was ever acknowledged. */
async function isUnfinished(disk: Disk, folder: string, entries: readonly string[]): Promise<boolean> {
  const known = [LOCK_FOLDER, SEGMENTS_FOLDER, ATTACHMENTS_FOLDER, ATTACHMENTS_FILE, ATTACHMENTS_FILE + ASIDE, META_FILE + ASIDE]
  if (!entries.every((e) => known.includes(e))) return false
  if (entries.includes(SEGMENTS_FOLDER)) {
    const segments = await disk.list(join(folder, SEGMENTS_FOLDER))
    if (segments.some((name) => name !== segmentName(1))) return false
    if (segments.length > 0 && (await disk.stat(join(folder, SEGMENTS_FOLDER, segmentName(1)))).size > SEGMENT_HEADER_BYTES) return false
  }
  return !entries.includes(ATTACHMENTS_FOLDER) || (await disk.list(join(folder, ATTACHMENTS_FOLDER))).length === 0
}

/** @throws LogUsageError `exists`. */
async function mustBeFree(disk: Disk, folder: string): Promise<void> {
  let entries: string[]
  try {
    entries = await disk.list(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    if (errorCode(error) === 'ENOTDIR') throw existsError(folder, 'is a file')
    throw error
  }
  if (entries.includes(META_FILE)) throw existsError(folder, 'already holds a log')
  if (!(await isUnfinished(disk, folder, entries))) throw existsError(folder, 'is not empty')
}

async function makeFolderIn(disk: Disk, folder: string, name: string): Promise<void> {
  await disk.mkdir(join(folder, name)).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
}

/** @throws LogUsageError `bad-range`. */
function mustBeGone(gone: GoneHead | undefined): void {
  if (gone === undefined) return
  const { events, seq } = gone
  const isCount = Number.isSafeInteger(events) && Number.isSafeInteger(seq) && seq >= 0 && events >= seq
  if (isCount) return
  throw new LogUsageError('bad-range', `a log starts behind a seq and at least as many events; found ${seq} and ${events}`)
}

const TRIES = 8

/** Fills a free folder with an empty log. `log.json` comes last: with it, all is there. */
async function fill(
  disk: Disk,
  folder: string,
  meta: LogMeta,
  vocabulary: Vocabulary,
  publishAs: string | null,
  { compress = false, gone = { events: 0, seq: 0 } }: CreateOptions,
  sizes: Sizes,
): Promise<LogWriter> {
  const lock = await acquireLock(disk, folder)
  try {
    await mustBeFree(disk, folder)
    const logId = disk.newId()
    await makeFolderIn(disk, folder, SEGMENTS_FOLDER)
    await makeFolderIn(disk, folder, ATTACHMENTS_FOLDER)
    const segment = await createSegment({ disk, folder, logId }, 1, { firstIndex: gone.events, lastSeq: gone.seq })
    try {
      await writeEntries(disk, folder, [])
      await writeHead(disk, folder, { meta, logId, closed: null })
      if (publishAs === null) await disk.syncFolder(dirname(folder))
      const common = { disk, folder, publishAs, meta, logId, closed: null, vocabulary, lock, sizes, compress }
      return new FileLogWriter({ ...common, segment, index: gone.events, lastSeq: gone.seq, cutTail: null })
    } catch (error) {
      await segment.file.close()
      throw error
    }
  } catch (error) {
    if (publishAs === null) await lock.release(folder)
    throw error
  }
}

/**
 * Creates an empty log in `folder`, which should not exist or be empty (folders above it are made). On return its meta
 * is durable and readable, unless it is `atomic`.
 * @throws LogUsageError `exists` (nothing is changed), `bad-meta`, `unsupported`, `locked`. TypeError without a vocabulary.
 */
export function createFileLog(folder: string, meta: LogMeta, vocabulary: Vocabulary, options: CreateOptions = {}): Promise<LogWriter> {
  return createOn(options.blocking === true ? blockingDisk : nodeDisk, folder, meta, vocabulary, options)
}

export async function createOn(
  disk: Disk,
  folder: string,
  meta: LogMeta,
  vocabulary: Vocabulary,
  options: CreateOptions = {},
  sizes: Sizes = sizesOf(options),
): Promise<LogWriter> {
  mustBeVocabulary(vocabulary)
  const checked = checkedMeta(meta)
  mustBeGone(options.gone)
  const path = resolve(folder)
  await mustBeFree(disk, path)
  if (!options.atomic) {
    await makeFolder(disk, path)
    return fill(disk, path, checked, vocabulary, null, options, sizes)
  }
  await makeFolder(disk, dirname(path))
  for (let tries = 1; ; tries++) {
    await removeLeftovers(disk, path)
    const aside = await makeAside(disk, path)
    try {
      return await fill(disk, aside, checked, vocabulary, path, options, sizes)
    } catch (error) {
      // What cannot be removed now, the next one removes.
      await removeAside(disk, aside).catch(() => {})
      // Another one that comes at the same moment may take it for left behind, before there is a lock in it.
      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error
    }
  }
}
