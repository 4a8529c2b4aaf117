/** The disk of this machine, as Node has it. */
import { randomBytes } from 'node:crypto'
import { watch, type BigIntStats, type FSWatcher } from 'node:fs'
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { errorCode, type Disk, type DiskFile, type Watch } from './disk.ts'
import { isDead, self } from './holder.ts'

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

const PERMISSIONS = 0o7777

/** The permissions of a folder; of a new one where there is none. */
async function modeLike(folder: string): Promise<number> {
  const found = await stat(folder).catch(() => null)
  return found?.isDirectory() === true ? found.mode & PERMISSIONS : 0o777 & ~process.umask()
}

/** The disk of this machine. */
export const nodeDisk: Disk = {
  open: (path, flags) => at(path, async () => new NodeFile(await open(path, flags), path)),
  mkdir: (path) => at(path, () => mkdir(path)),
  mkdtemp: (prefix, like) =>
    at(prefix, async () => {
      const folder = await mkdtemp(prefix)
      await chmod(folder, await modeLike(like))
      return folder
    }),
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
