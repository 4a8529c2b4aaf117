/** Who holds a lock, and whether that one is still alive: told by process, start time, boot, host and process namespace. */
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

export interface Holder {
  readonly pid: number
  /** Start time of the process in clock ticks since boot (field 22 of /proc/PID/stat); "0" without /proc. */
  readonly start: string
  readonly boot: string
  readonly namespace: string
  readonly host: string
}

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

/** This process. */
export async function self(): Promise<Holder> {
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

/** Whether the holder is surely dead. */
export async function isDead(holder: Holder, me: Holder): Promise<boolean> {
  if (holder.host !== me.host) return false
  if (holder.boot !== me.boot) return true
  if (holder.namespace !== me.namespace) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  const stat = await processStat(holder.pid)
  if (stat === null) return false
  return stat.state === 'Z' || stat.state === 'X' || stat.start !== holder.start
}
