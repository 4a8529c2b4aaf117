/**
 * Logs of recordings that were imported on the fly: `$XDG_CACHE_HOME/devtrail/KEY`, one folder a recording. The file
 * store writes a log aside and renames it when whole, so an entry is complete or not there. The age of an entry is
 * the time it was last used; the oldest go first when the cache is over its size.
 */
import { access, constants, readdir, rm, stat, utimes } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { exit, Failure } from '../session/failure.ts'
import { makeFolders, writing } from './writable.ts'

/** Bytes the cache may hold before the entries used longest ago are removed. */
export const CACHE_BYTES_MAX = 4 * 1024 ** 3
/** An entry used within this time is never removed: another command may be reading it. In milliseconds. */
export const CACHE_GRACE_MS = 10 * 60 * 1000
/** What a writer that died left behind is removed after this time, in milliseconds. */
export const CACHE_LEFTOVER_MS = 24 * 60 * 60 * 1000

/** Whole entries; anything else in the folder is being written, or was. */
const KEY = /^[0-9a-f]{32}$/

const REMEDY =
  'name a folder that can be written with XDG_CACHE_HOME, or import into a log of your own with devtrail import RECORDING -o LOG'

/** The home folder of the system's list of users; null for a user that is not on it. */
function listedHome(): string | null {
  try {
    return userInfo().homedir
  } catch {
    return null
  }
}

/**
 * The cache's folder. Relative paths in XDG_CACHE_HOME are ignored, as its specification asks, and so are those in HOME.
 * @throws Failure when there is no home
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, listed: () => string | null = listedHome): string {
  const xdg = env['XDG_CACHE_HOME'] ?? ''
  if (isAbsolute(xdg)) return join(xdg, 'devtrail')
  const home = [env['HOME'] ?? '', listed() ?? ''].find((folder) => isAbsolute(folder))
  if (home === undefined) throw new Failure(exit.damaged, `there is no home folder to keep the cache in; ${REMEDY}`)
  return join(home, '.cache', 'devtrail')
}

/** Runs work that writes into the cache. @throws Failure that says what to do when that is not possible. */
export const writingCache = <T>(folder: string, work: () => Promise<T>): Promise<T> =>
  writing(folder, `into the cache ${folder}`, REMEDY, work)

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      (s) => s.size,
      () => 0,
    )
  }
  return bytes
}

/** Says that an entry was used just now. */
export async function touch(entry: string, now: Date = new Date()): Promise<void> {
  await utimes(entry, now, now).catch(() => {})
}

/**
 * Makes the cache's folder, readable by its owner alone: recordings say what a machine does.
 * @throws Failure when nothing can be written there
 */
export async function prepareCache(folder: string): Promise<void> {
  try {
    await makeFolders(folder, 0o700)
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Failure(exit.damaged, `there can be no cache at ${folder} (${(error as Error).message}); ${REMEDY}`, { cause: error })
  }
}

/** A log in the cache: when it was used last, in milliseconds. */
export interface CacheEntry {
  readonly path: string
  readonly bytes: number
  readonly usedAt: number
}

/** The logs in the cache; `other` is told of whatever else lies there. */
export async function cacheEntries(
  folder: string,
  now: number = Date.now(),
  other: (path: string, usedAt: number) => Promise<void> = async () => {},
): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = []
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    const usedAt = await stat(path).then(
      (s) => s.mtimeMs,
      () => now,
    )
    if (entry.isDirectory() && KEY.test(entry.name)) entries.push({ path, bytes: await sizeOf(path).catch(() => 0), usedAt })
    else await other(path, usedAt)
  }
  return entries
}

/**
 * Removes leftovers of writers that died and, while the cache holds more than `bytesMax`, the entries used longest
 * ago. Never fails: a cache that cannot be tidied is still a cache.
 */
export async function tidy(folder: string, bytesMax: number = CACHE_BYTES_MAX, now: number = Date.now()): Promise<void> {
  const entries = await cacheEntries(folder, now, async (path, usedAt) => {
    if (now - usedAt > CACHE_LEFTOVER_MS) await rm(path, { recursive: true, force: true }).catch(() => {})
  })
  let size = entries.reduce((sum, e) => sum + e.bytes, 0)
  for (const { path, bytes, usedAt } of entries.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (size <= bytesMax || now - usedAt < CACHE_GRACE_MS) break
    await rm(path, { recursive: true, force: true }).catch(() => {})
    size -= bytes
  }
}
