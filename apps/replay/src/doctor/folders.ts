import { mkdtemp, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CACHE_BYTES_MAX, cacheEntries, cacheFolder } from '../logs/cache.ts'
import { bytes, plural } from '@devtrail/survey'
import { broken, ok, type Finding } from './finding.ts'

/**
 * Throws what making a folder in it would, by making one and removing it: what may be written is told by no permission alone. A
 * folder that is not there yet is judged by the one it would be made in.
 */
async function mustBeWritable(folder: string): Promise<void> {
  let at = folder
  for (;;) {
    try {
      if (!(await stat(at)).isDirectory()) throw new Error(`${at} is not a folder`)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error
      at = dirname(at)
    }
  }
  await rmdir(await mkdtemp(join(at, '.devtrail-doctor-')))
}

/** The cache of imported recordings; leaves nothing behind. */
export async function cacheFinding(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const todo = 'name a folder that can be written with XDG_CACHE_HOME'
  try {
    const folder = cacheFolder(env)
    await mustBeWritable(folder)
    const entries = await cacheEntries(folder)
    const size = entries.reduce((sum, entry) => sum + entry.bytes, 0)
    return ok('cache', `${folder}: ${plural(entries.length, 'log')}, ${bytes(size)} of ${bytes(CACHE_BYTES_MAX)} at most`)
  } catch (error) {
    return broken('cache', `cannot be written: ${(error as Error).message}`, todo)
  }
}

/** Where what comes from a pipe is kept while it is imported with -o. */
export async function temporaryFinding(folder: string = tmpdir()): Promise<Finding> {
  try {
    await mustBeWritable(folder)
    return ok('temporary', folder)
  } catch (error) {
    return broken('temporary', `cannot be written: ${(error as Error).message}`, 'name a folder that can be written with TMPDIR')
  }
}
