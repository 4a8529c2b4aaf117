import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CACHE_BYTES_MAX, cacheEntries, cacheFolder } from '../logs/cache.ts'
import { bytes, plural } from '@devtrail/survey'
import { broken, ok, type Finding } from './finding.ts'

/** As much as a small recording's log has: a file system that is full may still take a few bytes, and a name. */
const TRIED_BYTES = 1 << 20

/** Throws what keeping a file in a folder would, by writing one through to the disk and removing it: permissions alone tell nothing. */
async function mustTakeFiles(folder: string): Promise<void> {
  const own = await mkdtemp(join(folder, '.devtrail-doctor-'))
  try {
    // What repeats could be packed to nothing.
    await writeFile(join(own, 'tried'), randomBytes(TRIED_BYTES), { flush: true })
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

/** The folder itself or, where it is not there yet, the one that it would be made in. */
async function whereMade(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      if (!(await stat(at)).isDirectory()) throw new Error(`${at} is not a folder`)
      return at
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error
    }
  }
}

/** The cache of imported recordings; leaves nothing behind. */
export async function cacheFinding(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const todo = 'name a folder that can be written and has room with XDG_CACHE_HOME'
  try {
    const folder = cacheFolder(env)
    await mustTakeFiles(await whereMade(folder))
    const entries = await cacheEntries(folder)
    const size = entries.reduce((sum, entry) => sum + entry.bytes, 0)
    return ok('cache', `${folder}: ${plural(entries.length, 'log')}, ${bytes(size)} of ${bytes(CACHE_BYTES_MAX)} at most`)
  } catch (error) {
    return broken('cache', `cannot be written: ${(error as Error).message}`, todo)
  }
}

/** Where a pipe is kept while it is imported, and what is exported in another form while it is made. Nobody makes this folder. */
export async function temporaryFinding(folder: string = tmpdir()): Promise<Finding> {
  const name = 'temporary files'
  try {
    await mustTakeFiles(folder)
    return ok(name, folder)
  } catch (error) {
    return broken(name, `cannot be written: ${(error as Error).message}`, 'name a folder that can be written and has room with TMPDIR')
  }
}
