import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LogDamagedError, LogUsageError, type LogReader } from '@devtrail/event-log'
import { createFileLog, openFileLog } from '@devtrail/event-log/file'
import type { Recording } from '@devtrail/linux-trace'
import { openRecording, type OpenedRecording } from '@devtrail/linux-trace/node'
import { History, type EventSource } from '@devtrail/time-travel'
import { exit, Failure } from '../cli/failure.ts'
import type { Session } from '../cli/session.ts'
import { models, vocabulary } from '../models.ts'
import { cacheFolder, prepareCache, tidy, touch } from './cache.ts'
import { importerVersion } from './importer-version.ts'
import { importInto, metaOf, SUMMARY, type Imported } from './import.ts'
import { withSpooledStdin } from './stdin.ts'

/** A log that can be asked. */
export interface OpenLog {
  /** What the user named. */
  readonly given: string
  /** Where the log lies. */
  readonly folder: string
  readonly reader: LogReader
  readonly source: EventSource
  readonly history: History
  /** What the import said; null for a log that no import made. */
  readonly imported: Imported | null
}

async function openFolder(given: string, folder: string, session: Session): Promise<OpenLog> {
  const reader = await openFileLog(folder, vocabulary)
  session.owns(reader)
  const names = new Set((await reader.attachments()).map((a) => a.name))
  const imported = names.has(SUMMARY) ? (JSON.parse(new TextDecoder().decode(await reader.attachment(SUMMARY))) as Imported) : null
  if (reader.tornTail !== null) {
    session.note(`${given}: its writer did not finish; ${reader.tornTail.bytes} bytes after event ${reader.tornTail.afterSeq} are left out`)
  }
  const source: EventSource = { read: () => reader.read() }
  return { given, folder, reader, source, history: new History(source, models, imported?.summary.entries ?? null), imported }
}

async function mustExist(given: string): Promise<Stats> {
  return stat(given).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new Failure(exit.damaged, `there is nothing at ${given}; name a log folder, a recording's folder, a trace file, or - for stdin`)
  })
}

/** A log folder that devtrail wrote; null when something else is there. */
async function tryLog(given: string, session: Session): Promise<OpenLog | null> {
  if (!(await mustExist(given)).isDirectory()) return null
  try {
    return await openFolder(given, given, session)
  } catch (error) {
    if (error instanceof LogUsageError && (error.code === 'not-a-log' || error.code === 'not-found')) return null
    throw error
  }
}

/** Imports a recording into a folder, written aside and renamed; removed again when it fails or is interrupted. */
async function importTo(folder: string, recording: Recording, session: Session): Promise<void> {
  const importer = importerVersion()
  await session.interrupt.shield(async (signal) => {
    await using writer = await createFileLog(folder, metaOf(recording, importer), vocabulary, { atomic: true })
    await importInto(writer, recording, importer, { signal, onProgress: (n) => session.progress(n) })
    signal.throwIfAborted()
    await writer.close()
  })
  session.clearProgress()
}

/** The log of a recording in the cache, imported first where it is not there yet. */
async function fromCache(given: string, opened: OpenedRecording, cache: string, session: Session): Promise<OpenLog> {
  const key = createHash('sha256')
    .update(await opened.fingerprint())
    .update('\0')
    .update(importerVersion())
    .digest('hex')
    .slice(0, 32)
  const folder = join(cache, key)
  const open = async (): Promise<OpenLog> => {
    const log = await openFolder(given, folder, session)
    await touch(folder)
    // The same content may have been imported under another name.
    return { ...log, imported: log.imported && { ...log.imported, name: opened.recording.name } }
  }
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof LogUsageError || error instanceof LogDamagedError)) throw error
    // Not there yet; or not readable, and what is in the cache can be made anew.
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await importTo(folder, opened.recording, session)
  } catch (error) {
    // Another devtrail was quicker with the same recording.
    if (!(error instanceof LogUsageError && error.code === 'exists')) throw error
  }
  await tidy(cache)
  return open()
}

/** Opens a recording, or a trace on stdin, for as long as the work takes. */
async function withRecording<T>(given: string, session: Session, work: (opened: OpenedRecording, cache: string) => Promise<T>): Promise<T> {
  const cache = cacheFolder()
  await prepareCache(cache)
  if (given !== '-') return work(await openRecording(given), cache)
  return session.interrupt.shield((signal) =>
    withSpooledStdin(cache, signal, async (file) => {
      const { recording, fingerprint } = await openRecording(file)
      return work({ recording: { ...recording, name: 'stdin' }, fingerprint }, cache)
    }),
  )
}

/** Imports a recording: into a folder that is not there yet, or into the cache. */
export async function importLog(given: string, folder: string | undefined, session: Session): Promise<OpenLog> {
  if (given !== '-') await mustExist(given)
  return withRecording(given, session, async (opened, cache) => {
    if (folder === undefined) return fromCache(given, opened, cache, session)
    await importTo(folder, opened.recording, session)
    return openFolder(given, folder, session)
  })
}

/** Opens what a LOG argument names: a log folder, or a recording that is imported into the cache. */
export async function openLog(given: string, session: Session): Promise<OpenLog> {
  return (given === '-' ? null : await tryLog(given, session)) ?? importLog(given, undefined, session)
}

/** A short name for headings. */
export const nameOf = (log: OpenLog): string => log.imported?.name ?? basename(log.given)
