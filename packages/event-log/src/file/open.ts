import { open, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogReader } from '../contract.ts'
import { LogUsageError, excerpt } from '../errors.ts'
import { checkedMeta, unsupportedSchema } from '../meta.ts'
import { damagedFile } from './damage.ts'
import { errorCode } from './disk.ts'
import { findEnd } from './end.ts'
import { EVENTS_FILE, META_FILE } from './layout.ts'
import { FileLogReader } from './reader.ts'
import { readSealed, unsealedError } from './sealed-json.ts'

/** @throws LogUsageError `not-found`, `not-a-log`. */
async function mustBeFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
    throw new LogUsageError('not-found', `there is no log at ${folder}: no such folder`, { cause: error })
  }
  throw new LogUsageError('not-a-log', `${folder} is a file; a log is a folder with ${META_FILE} in it`)
}

/** The meta of a log folder. @throws LogUsageError `not-found`, `not-a-log`, `unsupported`; LogDamagedError. */
export async function readMeta(folder: string): Promise<LogMeta> {
  await mustBeFolder(folder)
  const path = join(folder, META_FILE)
  const { content, sealed } = await readSealed(path).catch((error: unknown) => {
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
  try {
    return checkedMeta(content)
  } catch (error) {
    throw damagedFile(path, 0, { expected: "a log's meta", found: excerpt(error) }, error)
  }
}

/** `events.ndjson`, open. @throws LogDamagedError when it is missing. */
export async function openEvents(folder: string, flags: 'r' | 'r+'): Promise<{ file: FileHandle; path: string; size: number }> {
  const path = join(folder, EVENTS_FILE)
  let file: FileHandle
  try {
    file = await open(path, flags)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    throw damagedFile(path, 0, { expected: "the log's events", found: 'no such file' }, error)
  }
  return { file, path, size: (await file.stat()).size }
}

/**
 * Opens the log in `folder` for reading, as it is now.
 * @throws LogUsageError `not-found`, `not-a-log`, `unsupported`; LogDamagedError when its meta is damaged.
 */
export async function openFileLog(folder: string, vocabulary: Vocabulary): Promise<LogReader> {
  const meta = await readMeta(folder)
  const { file, path, size } = await openEvents(folder, 'r')
  try {
    const { lastSeq, tornTail } = await findEnd(file, path, size)
    return new FileLogReader({ folder, vocabulary, meta, file, path, size, lastSeq, tornTail })
  } catch (error) {
    await file.close()
    throw error
  }
}
