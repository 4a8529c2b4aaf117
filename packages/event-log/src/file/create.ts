import { mkdir, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import type { LogMeta, LogWriter } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { checkedMeta } from '../meta.ts'
import { writeEntries } from './attachments.ts'
import { errorCode, makeFolder, syncFolder } from './disk.ts'
import { ATTACHMENTS_FILE, ATTACHMENTS_FOLDER, EVENTS_FILE, LOCK_FOLDER, META_FILE } from './layout.ts'
import { acquireLock, isLockedByDead } from './lock.ts'
import { ASIDE, writeSealed } from './sealed-json.ts'
import { FileLogWriter } from './writer.ts'

export interface CreateOptions {
  /**
   * Write into a temporary sibling folder and give it its name on `close()`, as a whole: a log that is not finished is
   * never seen. Until then everything is `buffered`, whatever is flushed. A writer that is disposed of without
   * `close()` (an exception under `await using`) leaves nothing behind; what a killed one leaves, the next
   * `createFileLog` for the same folder removes.
   */
  readonly atomic?: boolean
}

function existsError(folder: string, what: string): LogUsageError {
  return new LogUsageError('exists', `${folder} ${what}; a new log needs a name that is free, or an empty folder`)
}

/** Whether a folder's entries are what a creation leaves that was cut short: nothing in it was ever acknowledged. */
async function isUnfinished(folder: string, entries: readonly string[]): Promise<boolean> {
  const known = [LOCK_FOLDER, EVENTS_FILE, ATTACHMENTS_FOLDER, ATTACHMENTS_FILE, ATTACHMENTS_FILE + ASIDE, META_FILE + ASIDE]
  if (!entries.every((e) => known.includes(e))) return false
  if (entries.includes(EVENTS_FILE) && (await stat(join(folder, EVENTS_FILE))).size > 0) return false
  return !entries.includes(ATTACHMENTS_FOLDER) || (await readdir(join(folder, ATTACHMENTS_FOLDER))).length === 0
}

/** @throws LogUsageError `exists`. */
async function mustBeFree(folder: string): Promise<void> {
  let entries: string[]
  try {
    entries = await readdir(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    if (errorCode(error) === 'ENOTDIR') throw existsError(folder, 'is a file')
    throw error
  }
  if (entries.includes(META_FILE)) throw existsError(folder, 'already holds a log')
  if (!(await isUnfinished(folder, entries))) throw existsError(folder, 'is not empty')
}

/** Fills a free folder with an empty log. `log.json` comes last: with it, all is there. */
async function fill(folder: string, meta: LogMeta, vocabulary: Vocabulary, publishAs: string | null): Promise<LogWriter> {
  const lock = await acquireLock(folder)
  try {
    await mustBeFree(folder)
    const file = await open(join(folder, EVENTS_FILE), 'w')
    try {
      await file.sync()
      await mkdir(join(folder, ATTACHMENTS_FOLDER), { recursive: true })
      await writeEntries(folder, [])
      await writeSealed(folder, META_FILE, meta)
      await syncFolder(dirname(folder))
      return new FileLogWriter({
        folder,
        publishAs,
        meta,
        vocabulary,
        lock,
        file,
        position: 0,
        lastSeq: 0,
        cutTail: null,
      })
    } catch (error) {
      await file.close()
      throw error
    }
  } catch (error) {
    await lock.release(folder)
    throw error
  }
}

/** Where atomic logs are written: `.NAME.unfinished-XXXXXX` beside NAME. */
function asidePrefix(folder: string): string {
  return `.${basename(folder)}.unfinished-`
}

/** Removes what killed writers left that were to become `folder`. */
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder)
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    if (name.startsWith(asidePrefix(folder)) && (await isLockedByDead(path))) await rm(path, { recursive: true, force: true })
  }
}

/**
 * Creates an empty log in `folder`, which should not exist or be empty (folders above it are made). On return its meta
 * is durable and readable, unless it is `atomic`.
 * @throws LogUsageError `exists` (nothing is changed), `bad-meta`, `unsupported`, `locked`.
 */
export async function createFileLog(
  folder: string,
  meta: LogMeta,
  vocabulary: Vocabulary,
  options: CreateOptions = {},
): Promise<LogWriter> {
  const checked = checkedMeta(meta)
  const path = resolve(folder)
  await mustBeFree(path)
  if (!options.atomic) {
    await makeFolder(path)
    return fill(path, checked, vocabulary, null)
  }
  await makeFolder(dirname(path))
  await removeLeftovers(path)
  const aside = await mkdtemp(join(dirname(path), asidePrefix(path)))
  try {
    return await fill(aside, checked, vocabulary, path)
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    throw error
  }
}
