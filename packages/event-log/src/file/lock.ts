/**
 * One writer at a time. Each writer puts an empty file into the log's `lock` folder whose name says who it is, then
 * looks at who else is there. Whoever finds a living other steps back; files of dead writers are removed. A name is
 * never used twice (process id, start time and boot say which process, a counter which writer), so removing a dead
 * one's file can never hit a living one, and of two that come at once at least one sees the other.
 *
 * Who is alive can be told on the same host, boot and process namespace only. A writer of another host or container
 * counts as alive; the error says which file to delete. Without /proc (macOS, Windows) a process id that is used
 * again counts as alive, too.
 */
import { join } from 'node:path'
import { LogUsageError } from '../errors.ts'
import { errorCode, type Disk } from './disk.ts'
import type { Holder } from './holder.ts'
import { LOCK_FOLDER } from './layout.ts'

const NAME = /^pid=(\d+),start=(\d+),boot=([0-9a-f]*),ns=(\d*),host=([a-zA-Z0-9.-]*),n=\d+$/

let writers = 0

function parse(name: string): Holder | null {
  const m = NAME.exec(name)
  return m && { pid: Number(m[1]), start: m[2]!, boot: m[3]!, namespace: m[4]!, host: m[5]! }
}

/** The lock files of others in a log folder, by whether their writer may be alive. */
async function others(disk: Disk, folder: string, me: Holder, own: string): Promise<{ alive: string[]; dead: string[] }> {
  const alive: string[] = []
  const dead: string[] = []
  for (const name of await disk.list(join(folder, LOCK_FOLDER))) {
    if (name === own) continue
    const holder = parse(name)
    const list = holder !== null && (await disk.isDead(holder, me)) ? dead : alive
    list.push(name)
  }
  return { alive, dead }
}

/** Whether nobody is at work in a log folder: all who locked it are dead, or it is empty, as before a lock comes and after it went. */
export async function isLeftBehind(disk: Disk, folder: string): Promise<boolean> {
  try {
    const names = await disk.list(folder)
    if (!names.includes(LOCK_FOLDER)) return names.length === 0
    const { alive, dead } = await others(disk, folder, await disk.self(), '')
    return alive.length === 0 && (dead.length > 0 || names.length === 1)
  } catch {
    return false
  }
}

/** A held lock. */
export interface Lock {
  /** Lets the next writer in. `folder` is the log's folder, which may have been renamed since. */
  readonly release: (folder: string) => Promise<void>
}

/** @throws LogUsageError `locked`, naming the writer that holds it. */
export async function acquireLock(disk: Disk, folder: string): Promise<Lock> {
  const me = await disk.self()
  const name = `pid=${me.pid},start=${me.start},boot=${me.boot},ns=${me.namespace},host=${me.host},n=${++writers}`
  const path = join(folder, LOCK_FOLDER, name)
  await disk.mkdir(join(folder, LOCK_FOLDER)).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  await (await disk.open(path, 'wx')).close()
  const release = (folder: string): Promise<void> => disk.remove(join(folder, LOCK_FOLDER, name))
  try {
    const { alive, dead } = await others(disk, folder, me, name)
    for (const stale of dead) await disk.remove(join(folder, LOCK_FOLDER, stale))
    if (alive.length > 0) throw lockedError(folder, alive[0]!)
  } catch (error) {
    await release(folder)
    throw error
  }
  return { release }
}

function lockedError(folder: string, name: string): LogUsageError {
  const holder = parse(name)
  const who = holder === null ? 'something' : `process ${holder.pid} on ${holder.host}`
  return new LogUsageError(
    'locked',
    `${folder} is being written by ${who}; wait for it, or delete ${join(folder, LOCK_FOLDER, name)} if that writer is gone for good`,
  )
}
