/** Folders in which atomic logs are written: `.NAME.unfinished-XXXXXX` beside NAME, until they get that name as a whole. */
import { basename, dirname, join } from 'node:path'
import { LogUsageError } from '../errors.ts'
import { errorCode, type Disk } from './disk.ts'
import { LOCK_FOLDER } from './layout.ts'
import { isLeftBehind } from './lock.ts'

function prefixOf(folder: string): string {
  return `.${basename(folder)}.unfinished-`
}

/** Makes a folder for what is to become `folder`. */
export function makeAside(disk: Disk, folder: string): Promise<string> {
  return disk.mkdtemp(join(dirname(folder), prefixOf(folder)), folder)
}

/** Removes a folder aside. Its lock goes last: what is left of a removal that is cut short still tells whose it was. */
export async function removeAside(disk: Disk, aside: string): Promise<void> {
  for (const name of await disk.list(aside).catch(() => [])) if (name !== LOCK_FOLDER) await disk.remove(join(aside, name))
  await disk.remove(aside)
}

/** Removes what killed writers left that were to become `folder`. */
export async function removeLeftovers(disk: Disk, folder: string): Promise<void> {
  const parent = dirname(folder)
  for (const name of await disk.list(parent)) {
    const path = join(parent, name)
    if (name.startsWith(prefixOf(folder)) && (await isLeftBehind(disk, path))) await takeAway(disk, path)
  }
}

/**
 * Whoever comes at the same moment may be about to lock a folder that looks left behind. So it first gets another name, under which
 * nobody comes into it any more, and is looked at again.
 */
async function takeAway(disk: Disk, aside: string): Promise<void> {
  const taken = `${aside}~`
  try {
    await disk.rename(aside, taken)
    if (await isLeftBehind(disk, taken)) await removeAside(disk, taken)
    else await disk.rename(taken, aside)
  } catch (error) {
    // Another one takes it away, too.
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

/** Gives a finished folder its final name. @throws LogUsageError `exists` when something took the name meanwhile. */
export async function publish(disk: Disk, folder: string, publishAs: string): Promise<void> {
  try {
    await disk.rename(folder, publishAs)
  } catch (error) {
    await removeAside(disk, folder)
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error
    throw new LogUsageError('exists', `${publishAs} came into being while the log for it was written; nothing was replaced`, {
      cause: error,
    })
  }
  await disk.syncFolder(dirname(publishAs))
}
