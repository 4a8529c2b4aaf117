/// <reference lib="esnext.disposable" preserve="true" />
/**
 * One writer of an image at a time. Two would each hand out the same free blocks, and sectors of either would be lost without an error.
 *
 * A file is locked by another beside it, `IMAGE.lock`, which tells who writes. It appears whole or not at all (a link), and whoever finds one of
 * a process that is gone takes its place. That is done behind a second file, so that of several who find it only one removes it.
 */
import { linkSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who writes to an image, as its lock file tells. */
export interface ImageWriter {
  readonly pid: number
  readonly host: string
  /** When the process began, in clock ticks since the machine's start; null where the system does not tell. */
  readonly started: string | null
  /** This start of the machine, and its process numbers' namespace; null where the system does not tell. */
  readonly boot: string | null
  readonly pids: string | null
}

/** An image that somebody writes to already. */
export class ImageInUseError extends Error {
  override readonly name = 'ImageInUseError'
  readonly path: string
  /** Null when it is not known who. */
  readonly writer: ImageWriter | null

  constructor(path: string, writer: ImageWriter | null, what: string, options?: ErrorOptions) {
    super(`${path} is in use: ${what}`, options)
    this.path = path
    this.writer = writer
  }
}

/** What `read` gives; null when there is no such thing. */
function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/** Field 22 of /proc/PID/stat; the name before it may hold blanks and brackets. */
const startOf = (pid: number): string | null =>
  orNull(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  })

const ownWriter = (): ImageWriter => ({
  pid: process.pid,
  host: hostname(),
  started: startOf(process.pid),
  boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
  pids: orNull(() => readlinkSync('/proc/self/ns/pid')),
})

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Null: not a lock file's text. */
function decodeWriter(text: string): ImageWriter | null {
  const told = orNull(() => JSON.parse(text) as Partial<Record<keyof ImageWriter, unknown>> | null)
  const { pid, host, started, boot, pids } = told ?? {}
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || typeof host !== 'string') return null
  return { pid, host, started: textOrNull(started), boot: textOrNull(boot), pids: textOrNull(pids) }
}

/** False only of a process that is certainly gone: one of another host or container may be there. */
function mayBeAlive(writer: ImageWriter): boolean {
  const own = ownWriter()
  if (writer.host !== own.host) return true
  if (writer.boot !== own.boot) return false
  if (writer.pids !== own.pids) return true
  try {
    process.kill(writer.pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
  // Its number may be another process's by now.
  return writer.started === null || writer.started === startOf(writer.pid)
}

const lockPathOf = (path: string): string => `${orNull(() => realpathSync(path)) ?? path}.lock`

/** Makes `path` with that content unless it is there. */
function appear(path: string, content: string): boolean {
  const aside = `${path}.${process.pid}.${crypto.randomUUID()}`
  try {
    writeFileSync(aside, content, { flag: 'wx' })
    linkSync(aside, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

const readLock = (lockPath: string): string | null => {
  try {
    return readFileSync(lockPath, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function inUse(path: string, lockPath: string, text: string): ImageInUseError {
  const writer = decodeWriter(text)
  if (writer === null) return new ImageInUseError(path, null, `${lockPath} is there, and not of devtrail; remove it if nobody writes`)
  const own = ownWriter()
  const where = writer.host !== own.host ? ` on ${writer.host}` : writer.pids !== own.pids ? ' of another container' : ''
  const orRemove = where === '' ? '' : `, or remove ${lockPath} if it is gone`
  return new ImageInUseError(path, writer, `process ${writer.pid}${where} writes to it; wait for its end${orRemove}`)
}

/** Removes a lock whose process is gone, which never changes any more: of those who see that, one at a time. */
function takeOver(path: string, lockPath: string): void {
  const guard = `${lockPath}.taking-over`
  if (!appear(guard, String(process.pid)))
    throw new ImageInUseError(path, null, `its lock is being taken over; try again, and remove ${guard} if that stays`)
  try {
    const text = readLock(lockPath)
    const writer = text === null ? null : decodeWriter(text)
    if (writer !== null && !mayBeAlive(writer)) rmSync(lockPath, { force: true })
  } finally {
    rmSync(guard, { force: true })
  }
}

/** The right to write to a file, until it is disposed of or the process is gone. */
export class WriteLock implements Disposable {
  readonly #lockPath: string
  #isHeld = true

  /** @throws ImageInUseError when somebody else has it, or Error of the system when the lock file cannot be made. */
  constructor(path: string) {
    const lockPath = lockPathOf(path)
    this.#lockPath = lockPath
    const own = JSON.stringify(ownWriter())
    // Of several that find a lock of nobody's one takes over, and the others find that one's.
    for (let isFirst = true; !appear(lockPath, own); isFirst = false) {
      const text = readLock(lockPath)
      if (text === null) continue
      const writer = decodeWriter(text)
      if (!isFirst || writer === null || mayBeAlive(writer)) throw inUse(path, lockPath, text)
      takeOver(path, lockPath)
    }
  }

  [Symbol.dispose](): void {
    if (this.#isHeld) rmSync(this.#lockPath, { force: true })
    this.#isHeld = false
  }
}

/** Who writes to a file at the moment, by its lock file; null when nobody does, as far as that tells. */
export function writerOf(path: string): ImageWriter | null {
  const text = orNull(() => readLock(lockPathOf(path)))
  const writer = text === null ? null : decodeWriter(text)
  return writer !== null && mayBeAlive(writer) ? writer : null
}
