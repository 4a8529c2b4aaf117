import { join, resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import { SEGMENT_HEADER_BYTES, readSegmentHeader } from '../codec/segment.ts'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogReader } from '../contract.ts'
import { LogUsageError, excerpt } from '../errors.ts'
import { checkedMeta, unsupportedSchema } from '../meta.ts'
import { damagedFile } from './damage.ts'
import { errorCode, nodeDisk, type Disk } from './disk.ts'
import { META_FILE, SEGMENTS_FOLDER, segmentNumber } from './layout.ts'
import { FileLogReader } from './reader.ts'
import { readSealed, unsealedError } from './sealed-json.ts'
import { findEnd } from './last-segment.ts'
import { placeOf, segmentPath } from './segment-file.ts'

/** @throws LogUsageError `not-found`, `not-a-log`. */
async function mustBeFolder(disk: Disk, folder: string): Promise<void> {
  try {
    if ((await disk.stat(folder)).isFolder) return
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
    throw new LogUsageError('not-found', `there is no log at ${folder}: no such folder`, { cause: error })
  }
  throw new LogUsageError('not-a-log', `${folder} is a file; a log is a folder with ${META_FILE} in it`)
}

/** What `log.json` says. */
export interface LogHead {
  readonly meta: LogMeta
  readonly logId: Uint8Array
}

/** What `log.json` holds for a log. */
export function headContent({ meta, logId }: LogHead): object {
  return { ...meta, id: Buffer.from(logId).toString('hex') }
}

/** The head of a log folder. @throws LogUsageError `not-found`, `not-a-log`, `unsupported`; LogDamagedError. */
export async function readHead(disk: Disk, folder: string): Promise<LogHead> {
  await mustBeFolder(disk, folder)
  const path = join(folder, META_FILE)
  const { content, sealed } = await readSealed(disk, path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    throw new LogUsageError(
      'not-a-log',
      `${folder} has no ${META_FILE}: it is not a log, or its creation was cut short (then delete it and create it again)`,
      { cause: error },
    )
  })
  const version = content['schemaVersion']
  if (Number.isSafeInteger(version) && version !== LOG_SCHEMA_VERSION) throw unsupportedSchema(version, path)
  if (!sealed) throw unsealedError(path)
  const { id } = content
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id))
    throw damagedFile(path, 0, { expected: 'an id of 16 hex digits', found: 'another' })
  try {
    return { meta: checkedMeta(content), logId: new Uint8Array(Buffer.from(id, 'hex')) }
  } catch (error) {
    throw damagedFile(path, 0, { expected: "a log's meta", found: excerpt(error) }, error)
  }
}

/** The numbers of the segments that there should be, each with the `seq` before it where its header tells. */
export interface SegmentList {
  readonly earlier: readonly { readonly number: number; readonly before: number }[]
  readonly last: { readonly number: number; readonly before: number }
}

/** @throws LogDamagedError when there is none. */
export async function listSegments(disk: Disk, folder: string, logId: Uint8Array): Promise<SegmentList> {
  const path = join(folder, SEGMENTS_FOLDER)
  const names = await disk.list(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    throw damagedFile(path, 0, { expected: "the log's segments", found: 'no such folder' }, error)
  })
  const last = Math.max(0, ...names.map((name) => segmentNumber(name) ?? 0))
  if (last === 0) throw damagedFile(path, 0, { expected: "the log's segments", found: 'none' })
  const listed: { number: number; before: number }[] = []
  let before = 0
  for (let number = 1; number <= last; number++) {
    before = (await seqBefore(disk, folder, logId, number)) ?? before
    listed.push({ number, before })
  }
  return { earlier: listed.slice(0, -1), last: listed.at(-1)! }
}

/** The `seq` before a segment; null when its header does not tell. */
async function seqBefore(disk: Disk, folder: string, logId: Uint8Array, number: number): Promise<number | null> {
  try {
    const file = await disk.open(segmentPath(folder, number), 'r')
    try {
      const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
      const header = readSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)), placeOf(logId, number))
      return typeof header === 'string' ? null : header.lastSeq
    } finally {
      await file.close()
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

export interface OpenOptions {
  /**
   * How often `follow` looks for what the system did not tell of, in milliseconds: network file systems tell of nothing.
   * Damage at the end of a log that may still be written is reported after that time. Default 1000.
   */
  readonly pollMs?: number
}

const POLL_MS = 1000
/** What a timer can do. */
const POLL_MS_MAX = 2 ** 31 - 1

/**
 * Opens the log in `folder` for reading, as it is now.
 * @throws LogUsageError `bad-range` for `pollMs`, `not-found`, `not-a-log`, `unsupported`; LogDamagedError when its meta is damaged.
 */
export function openFileLog(folder: string, vocabulary: Vocabulary, options: OpenOptions = {}): Promise<LogReader> {
  return openOn(nodeDisk, folder, vocabulary, options)
}

export async function openOn(disk: Disk, folder: string, vocabulary: Vocabulary, options: OpenOptions = {}): Promise<FileLogReader> {
  const { pollMs = POLL_MS } = options
  if (!Number.isSafeInteger(pollMs) || pollMs < 1 || pollMs > POLL_MS_MAX) {
    throw new LogUsageError('bad-range', `pollMs is a whole number of milliseconds from 1 to ${POLL_MS_MAX}; found ${pollMs}`)
  }
  const path = resolve(folder)
  const { meta, logId } = await readHead(disk, path)
  const list = await listSegments(disk, path, logId)
  const { last, index, lastSeq } = await findEnd(disk, path, logId, list)
  return new FileLogReader({ disk, folder: path, vocabulary, meta, logId, earlier: list.earlier, last, index, lastSeq, pollMs })
}
