import { createHash, randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { LogDamagedError, LogUsageError, type LogMeta, type LogReader, type LogWriter } from '@devtrail/event-log'
import { createFileLog, openFileLog } from '@devtrail/event-log/file'
import type { Recording } from '@devtrail/linux-trace'
import { openRecording, type OpenedRecording } from '@devtrail/linux-trace/node'
import { History, type EventSource } from '@devtrail/time-travel'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { isAddress, mustBePath } from '../fleet/address.ts'
import { models, vocabulary } from '@devtrail/survey'
import { cacheFolder, prepareCache, tidy, touch, writingCache } from './cache.ts'
import { foldVersion, importerVersion } from './code-version.ts'
import { importInto, metaOf, SUMMARY, type Imported } from './import.ts'
import { openJsonLines, READ_BACK, readBack, type JsonLines, type ReadBack } from './json-lines.ts'
import { knownFrom } from './known-from.ts'
import { withSpooled } from './spool.ts'
import { makeFolders, writing } from './writable.ts'

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
  const source = await knownFrom(given, reader, session)
  return {
    given,
    folder,
    reader,
    source,
    history: new History(source, models, { entries: imported?.summary.entries ?? null, fold: foldVersion() }),
    imported,
  }
}

async function mustExist(given: string): Promise<Stats> {
  return stat(given).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    mustBePath(given)
    throw new Failure(
      exit.damaged,
      `there is nothing at ${given}; name a log folder, a recording's folder, a trace file, events as JSON lines, nats://SERVER/STREAM/HOST, or - for stdin`,
    )
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

/** What can be read into a log: a recording, or events as JSON lines. */
type Readable = OpenedRecording | JsonLines

const isJsonLines = (opened: Readable): opened is JsonLines => 'lines' in opened

const openReadable = async (path: string, name?: string): Promise<Readable> => {
  const lines = (await stat(path)).isFile() ? await openJsonLines(path, name) : null
  if (lines !== null) return lines
  const { recording, fingerprint } = await openRecording(path)
  return { recording: { ...recording, ...(name !== undefined && { name }) }, fingerprint }
}

/** Reads into a folder, written aside and renamed; removed again when it fails or is interrupted. */
async function importTo(folder: string, opened: Readable, session: Session): Promise<void> {
  const create = (meta: LogMeta): Promise<LogWriter> => createFileLog(folder, meta, vocabulary, { atomic: true, compress: true })
  const onProgress = (n: number): void => session.progress(n)
  await session.interrupt.shield((signal) =>
    isJsonLines(opened)
      ? readBack(opened, create, { signal, onProgress })
      : importRecordingTo(create, opened.recording, { signal, onProgress }),
  )
  session.clearProgress()
}

async function importRecordingTo(
  create: (meta: LogMeta) => Promise<LogWriter>,
  recording: Recording,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (entries: number) => void },
): Promise<void> {
  // At once: a thread that reads takes a while to begin, and one that is never asked keeps no process.
  recording.begin?.()
  const importer = importerVersion()
  await using writer = await create(metaOf(recording, importer))
  await importInto(writer, recording, importer, { signal, onProgress })
  signal.throwIfAborted()
  await writer.close()
}

/** What an entry of the cache is that cannot be used. */
class UnusableError extends Error {
  override readonly name = 'UnusableError'
}

/** Reads an entry of the cache from end to end. @throws LogDamagedError, LogUsageError, UnusableError */
async function mustBeWhole(folder: string): Promise<void> {
  await using reader = await openFileLog(folder, vocabulary)
  if (reader.tornTail !== null) throw new UnusableError(`${folder} is cut`)
  let [last, events] = [null as string | null, 0]
  for await (const event of reader.read()) [last, events] = [event.type, events + 1]
  const readBack = (await reader.attachments()).some(({ name }) => name === READ_BACK)
  if (readBack) {
    const told = JSON.parse(new TextDecoder().decode(await reader.attachment(READ_BACK))) as ReadBack
    if (told.events !== events) throw new UnusableError(`${folder} has ${events} of ${told.events} events`)
    return
  }
  if (last !== 'log/ended') throw new UnusableError(`${folder} does not reach the end of the recording`)
  await reader.attachment(SUMMARY)
}

/** A file that is not there: another devtrail takes the entry away while it is read. */
const isUnusable = (error: unknown): boolean =>
  error instanceof LogUsageError ||
  error instanceof LogDamagedError ||
  error instanceof UnusableError ||
  (error as NodeJS.ErrnoException).code === 'ENOENT'

async function isWhole(folder: string): Promise<boolean> {
  try {
    await mustBeWhole(folder)
    return true
  } catch (error) {
    if (!isUnusable(error)) throw error
    return false
  }
}

/** Takes an entry that cannot be used out of the cache, unless another devtrail has put a good one there meanwhile. */
async function discard(folder: string): Promise<void> {
  // Whoever reads a good one must not find it away, not even for a moment.
  if (await isWhole(folder)) return
  const aside = join(dirname(folder), `.${basename(folder)}.damaged-${randomUUID()}`)
  try {
    await rename(folder, aside)
    await mustBeWhole(aside)
    await rename(aside, folder)
  } catch (error) {
    // Gone already, really not to be used, or one more has come in its place; whatever else there is, it stays.
    if (!isUnusable(error) && !['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await rm(aside, { recursive: true, force: true })
  }
}

/** How often an entry of the cache is made before giving up; others may remove it at the same time. */
const IMPORTS_MAX = 3

/** The log of a recording in the cache, imported first where it is not there yet, or not whole. */
async function fromCache(given: string, opened: Readable, session: Session): Promise<OpenLog> {
  const cache = cacheFolder()
  const key = createHash('sha256')
    .update(await opened.fingerprint())
    .update('\0')
    .update(importerVersion())
    .digest('hex')
    .slice(0, 32)
  const folder = join(cache, key)
  for (let imports = 0; ; imports++) {
    try {
      if (imports === 0) await mustBeWhole(folder)
      const log = await openFolder(given, folder, session)
      await touch(folder)
      // The same content may have been imported under another name.
      return { ...log, imported: log.imported && { ...log.imported, name: isJsonLines(opened) ? opened.name : opened.recording.name } }
    } catch (error) {
      if (!isUnusable(error) || imports === IMPORTS_MAX) throw error
      if (!(error instanceof LogUsageError && error.code === 'not-found')) {
        session.note(`the log of ${given} in the cache is damaged and is made anew`)
        await writingCache(cache, () => discard(folder))
      }
    }
    await prepareCache(cache)
    try {
      await writingCache(cache, () => importTo(folder, opened, session))
    } catch (error) {
      // Another devtrail was quicker with the same recording.
      if (!(error instanceof LogUsageError && error.code === 'exists')) throw error
    }
    await tidy(cache)
  }
}

/** Below what something is spooled: the cache; where that is not to be needed, the system's folder for temporary files. */
async function spoolFolder(needsCache: boolean): Promise<string> {
  if (!needsCache) return tmpdir()
  const folder = cacheFolder()
  await prepareCache(folder)
  return folder
}

/** Opens a recording, for as long as the work takes; what can be read only once (stdin, a pipe) is kept in a file meanwhile. */
async function withRecording<T>(given: string, needsCache: boolean, session: Session, work: (opened: Readable) => Promise<T>): Promise<T> {
  const found = given === '-' ? null : await mustExist(given)
  if (found?.isFile() || found?.isDirectory()) return work(await openReadable(given))
  return session.interrupt.shield(async (signal) => {
    const folder = await spoolFolder(needsCache)
    return writing(folder, `what comes in to ${folder}`, `name another folder with ${needsCache ? 'XDG_CACHE_HOME' : 'TMPDIR'}`, () =>
      withSpooled(given, folder, signal, async (file) => work(await openReadable(file, given === '-' ? 'stdin' : basename(given)))),
    )
  })
}

/** Imports a recording: into a folder that is not there yet, or into the cache. `ahead`: the recording, where it is open already. */
export async function importLog(
  given: string,
  folder: string | undefined,
  session: Session,
  ahead: OpenedRecording | null = null,
): Promise<OpenLog> {
  if (isAddress(given))
    throw new Failure(exit.usage, 'a log on a server is no recording; ask it as it is, or keep it with devtrail export --format log -o LOG')
  if (folder === '-' || folder === '')
    throw new Failure(exit.usage, `a log is a folder, so it cannot be written to "${folder}"; name a folder with -o`)
  const take = async (opened: Readable): Promise<OpenLog> => {
    if (folder === undefined) return fromCache(given, opened, session)
    const above = dirname(resolve(folder))
    await writing(above, `a log at ${folder}`, 'name another folder with -o', async () => {
      await makeFolders(above)
      await importTo(folder, opened, session)
    })
    return openFolder(given, folder, session)
  }
  return ahead === null ? withRecording(given, folder === undefined, session, take) : take(ahead)
}

/** A log on a server, read from its copy in the cache. */
async function openRemote(given: string, isFollowed: boolean, session: Session): Promise<OpenLog> {
  const { keepUp, mirrorOf, remoteLog, tellHoles } = await import('../fleet/index.ts')
  const remote = await remoteLog(given, session)
  const folder = await mirrorOf(remote, session)
  const log = await openFolder(remote.text, folder, session)
  tellHoles(
    (await log.reader.attachments()).map(({ name }) => name),
    remote.text,
    session,
  )
  if (isFollowed) keepUp(folder, remote, session)
  return log
}

export interface OpenOptions {
  /** What is added to the log is read, too. */
  readonly follow?: boolean
}

/** Opens what a LOG argument names: a log folder, a recording that is imported into the cache, or a log on a server. */
export async function openLog(given: string, session: Session, { follow = false }: OpenOptions = {}): Promise<OpenLog> {
  if (isAddress(given)) return openRemote(given, follow, session)
  return (given === '-' ? null : await tryLog(given, session)) ?? importLog(given, undefined, session)
}

/** Opens a log that grows; a recording is refused, for all of it would be imported first, and what never ends would never come. @throws Failure. */
export async function openGrowing(given: string, session: Session, instead: string): Promise<OpenLog> {
  if (isAddress(given)) return openRemote(given, true, session)
  const log = given === '-' ? null : await tryLog(given, session)
  if (log !== null) return log
  throw new Failure(
    exit.usage,
    `${given === '-' ? 'stdin' : given} is no log yet, so nothing of it would be there before its end; make one of it with devtrail import ${given} --follow -o live.log, and beside it ${instead}`,
  )
}

/**
 * Opens a log for a command that goes on with it. A recording in a folder is whole, and is told to its end; a trace that is a file, a pipe
 * or stdin may grow, and has to become a log meanwhile. @throws Failure
 */
export async function openFollowed(given: string, session: Session, instead: string): Promise<OpenLog> {
  const isFolder = !isAddress(given) && given !== '-' && (await mustExist(given)).isDirectory()
  return isFolder ? openLog(given, session, { follow: true }) : openGrowing(given, session, instead)
}

/** A short name for headings; in the cache a simulated log is called as its scenario. */
export function nameOf({ imported, given, reader }: OpenLog): string {
  if (imported !== null) return imported.name
  const name = basename(given)
  const { scenario } = reader.meta.source
  return /^[0-9a-f]{32}$/.test(name) && typeof scenario === 'string' ? `${scenario} (simulated)` : name
}
