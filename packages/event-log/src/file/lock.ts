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
import { mkdir, open, readFile, readdir, readlink, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { LogUsageError } from '../errors.ts'
import { errorCode } from './disk.ts'
import { LOCK_FOLDER } from './layout.ts'

interface Holder {
  readonly pid: number
  /** Start time of the process in clock ticks since boot (field 22 of /proc/PID/stat); "0" without /proc. */
  readonly start: string
  readonly boot: string
  readonly namespace: string
  readonly host: string
}

const NAME = /^pid=(\d+),start=(\d+),boot=([0-9a-f]*),ns=(\d*),host=([a-zA-Z0-9.-]*),n=\d+$/

let writers = 0

async function textOf(read: Promise<string>): Promise<string> {
  try {
    return await read
  } catch {
    return ''
  }
}

/** State letter and start time of a process, from /proc; null where that cannot be read. */
async function processStat(pid: number): Promise<{ state: string; start: string } | null> {
  const text = await textOf(readFile(`/proc/${pid}/stat`, 'latin1'))
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.length < 20 ? null : { state: fields[0]!, start: fields[19]! }
}

async function self(): Promise<Holder> {
  const boot = await textOf(readFile('/proc/sys/kernel/random/boot_id', 'latin1'))
  const namespace = await textOf(readlink('/proc/self/ns/pid'))
  return {
    pid: process.pid,
    start: (await processStat(process.pid))?.start ?? '0',
    boot: boot.replaceAll(/[^0-9a-f]/g, '').slice(0, 16),
    namespace: /\d+/.exec(namespace)?.[0] ?? '',
    host: hostname()
      .replaceAll(/[^a-zA-Z0-9.-]/g, '-')
      .slice(0, 64),
  }
}

function parse(name: string): Holder | null {
  const m = NAME.exec(name)
  return m && { pid: Number(m[1]), start: m[2]!, boot: m[3]!, namespace: m[4]!, host: m[5]! }
}

/** Whether the holder is surely dead. */
async function isDead(holder: Holder, me: Holder): Promise<boolean> {
  if (holder.host !== me.host) return false
  if (holder.boot !== me.boot) return true
  if (holder.namespace !== me.namespace) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return errorCode(error) === 'ESRCH'
  }
  const stat = await processStat(holder.pid)
  if (stat === null) return false
  return stat.state === 'Z' || stat.state === 'X' || stat.start !== holder.start
}

/** The lock files of others in a log folder, by whether their writer may be alive. */
async function others(folder: string, me: Holder, own: string): Promise<{ alive: string[]; dead: string[] }> {
  const alive: string[] = []
  const dead: string[] = []
  for (const name of await readdir(join(folder, LOCK_FOLDER))) {
    if (name === own) continue
    const holder = parse(name)
    const list = holder !== null && (await isDead(holder, me)) ? dead : alive
    list.push(name)
  }
  return { alive, dead }
}

/** Whether a log folder was locked and all who locked it are dead. */
export async function isLockedByDead(folder: string): Promise<boolean> {
  try {
    const { alive, dead } = await others(folder, await self(), '')
    return alive.length === 0 && dead.length > 0
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
export async function acquireLock(folder: string): Promise<Lock> {
  const me = await self()
  const name = `pid=${me.pid},start=${me.start},boot=${me.boot},ns=${me.namespace},host=${me.host},n=${++writers}`
  const path = join(folder, LOCK_FOLDER, name)
  await mkdir(join(folder, LOCK_FOLDER), { recursive: true })
  await (await open(path, 'wx')).close()
  const release = (folder: string): Promise<void> => rm(join(folder, LOCK_FOLDER, name), { force: true })
  try {
    const { alive, dead } = await others(folder, me, name)
    for (const stale of dead) await rm(join(folder, LOCK_FOLDER, stale), { force: true })
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
