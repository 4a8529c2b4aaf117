/**
 * Everything a store asks of a disk, in one place: so that tests can put a disk there that fails, tears and forgets.
 * Writes are whole, reads are full, folders remember their entries only once synced.
 */
import { randomBytes } from 'node:crypto'
import { watch, type BigIntStats, type FSWatcher } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDead, self, type Holder } from './holder.ts'

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}

export interface DiskFile {
  /** Reads until `into` is full or the file ends; returns how many bytes were read. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Makes content and size durable. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  /** What tells it from all other files that there are, whatever their names. */
  id(): Promise<string>
  close(): Promise<void>
}

/** A look-out that is on until it is closed. */
export interface Watch {
  close(): void
}

export interface Disk {
  open(path: string, flags: 'r' | 'r+' | 'w' | 'wx'): Promise<DiskFile>
  /** Makes one folder. */
  mkdir(path: string): Promise<void>
  /** Makes a new folder whose name starts with `prefix`. */
  mkdtemp(prefix: string): Promise<string>
  list(folder: string): Promise<string[]>
  /** Gives a file or folder another name; a file of that name is replaced. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a folder with all in it; nothing is there to remove is fine. */
  remove(path: string): Promise<void>
  stat(path: string): Promise<{ readonly isFolder: boolean; readonly size: number; readonly id: string }>
  /** Calls `look` when something in a folder may have changed, late by `pollMs` at most; also when nothing did. */
  watch(folder: string, pollMs: number, look: () => void): Watch
  /** Makes new, changed and removed names in a folder durable. */
  syncFolder(folder: string): Promise<void>
  /** 8 bytes that no other log has. */
  newId(): Uint8Array
  /** Who writes, for locks. */
  self(): Promise<Holder>
  isDead(holder: Holder, me: Holder): Promise<boolean>
}

/** What to do about an error of the system, where something can be done. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'make room there and try again; what was acknowledged is safe',
  EDQUOT: 'raise the quota or make room there, and try again; what was acknowledged is safe',
  EROFS: 'name a folder that can be written',
}

/** An error of the system that says where it happened, and what to do. */
export function placed(error: unknown, path: string): unknown {
  const code = errorCode(error)
  if (code === undefined) return error
  const told = error as NodeJS.ErrnoException
  if (told.path === undefined) {
    told.path = path
    told.message += ` '${path}'`
  }
  if (REMEDIES[code] !== undefined) told.message += `; ${REMEDIES[code]}`
  return told
}

async function at<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw placed(error, path)
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle
  readonly #path: string

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle
    this.#path = path
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return at(this.#path, async () => {
      let filled = 0
      while (filled < into.length) {
        const { bytesRead } = await this.#handle.read(into, filled, into.length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    })
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return at(this.#path, async () => {
      let written = 0
      while (written < bytes.length) {
        written += (await this.#handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten
      }
    })
  }

  sync(): Promise<void> {
    return at(this.#path, () => this.#handle.datasync())
  }

  truncate(size: number): Promise<void> {
    return at(this.#path, () => this.#handle.truncate(size))
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async id(): Promise<string> {
    return idOf(await this.#handle.stat({ bigint: true }))
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

/** Where the system tells of changes it is heard; where it does not, or not of all, there is the clock. */
function watchFolder(folder: string, pollMs: number, look: () => void): Watch {
  const timer = setInterval(look, pollMs)
  let watcher: FSWatcher | null = null
  try {
    watcher = watch(folder, look)
    watcher.on('error', () => watcher?.close())
  } catch {
    // Too many are watched already, or the file system cannot.
  }
  return {
    close() {
      clearInterval(timer)
      watcher?.close()
    },
  }
}

/** The disk of this machine. */
export const nodeDisk: Disk = {
  open: (path, flags) => at(path, async () => new NodeFile(await open(path, flags), path)),
  mkdir: (path) => at(path, () => mkdir(path)),
  mkdtemp: (prefix) => at(prefix, () => mkdtemp(prefix)),
  list: (folder) => readdir(folder),
  rename: (from, to) => at(to, () => rename(from, to)),
  // Again, where another process that clears up takes the same folder away at the same time.
  remove: (path) => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  async stat(path) {
    const found = await stat(path, { bigint: true })
    return { isFolder: found.isDirectory(), size: Number(found.size), id: idOf(found) }
  },
  watch: watchFolder,
  async syncFolder(folder) {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  newId: () => new Uint8Array(randomBytes(8)),
  self,
  isDead,
}

/** Makes a folder and those above it, durably. */
export async function makeFolder(disk: Disk, folder: string): Promise<void> {
  try {
    if ((await disk.stat(folder)).isFolder) return
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeFolder(disk, dirname(folder))
  }
  await disk.mkdir(folder).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  await disk.syncFolder(dirname(folder))
}
