import { LogUsageError } from '../errors.ts'
import type { Disk, DiskFile } from './disk.ts'

/** A file of a log that can be read. */
export interface LogFile {
  /** Reads until `into` is full or the file ends; returns how many bytes were read. */
  read(into: Uint8Array, position: number): Promise<number>
  size(): Promise<number>
}

/** The files of a log, by their paths in its folder: `log.json`, `segments/00000001.seg`. The package's `FORMAT.md` says what there is. */
export interface LogFiles {
  /** Null when there is no such file. */
  open(path: string): Promise<LogFile | null>
  /** The names in a folder; null when there is no such folder. */
  list(folder: string): Promise<readonly string[] | null>
  /** Calls `look` when files may have changed; gives what ends that. Left out: who follows the log looks from time to time. */
  watch?(look: () => void): () => void
}

function missing(path: string): Error {
  return Object.assign(new Error(`there is no file ${path}`), { code: 'ENOENT' })
}

function refuse(): never {
  throw new LogUsageError('unsupported', 'this log can only be read')
}

const within = (path: string): string => path.slice(path.indexOf('/') + 1)

/** Files that somebody hands out as a disk that nothing can be written to. Paths begin with the log's folder. */
export function readOnlyDisk(files: LogFiles): Disk {
  return {
    async open(path): Promise<DiskFile> {
      const file = await files.open(within(path))
      if (file === null) throw missing(path)
      return {
        read: (into, position) => file.read(into, position),
        size: () => file.size(),
        id: async () => path,
        close: async () => {},
        write: refuse,
        sync: refuse,
        truncate: refuse,
      }
    },
    async list(folder) {
      const names = await files.list(within(folder))
      if (names === null) throw missing(folder)
      return [...names]
    },
    async stat(path) {
      if (!path.includes('/')) return { isFolder: true, size: 0, id: path }
      const names = await files.list(within(path))
      if (names !== null) return { isFolder: true, size: 0, id: path }
      const file = await files.open(within(path))
      if (file === null) throw missing(path)
      return { isFolder: false, size: await file.size(), id: path }
    },
    watch(_, pollMs, look) {
      const timer = setInterval(look, pollMs)
      const stop = files.watch?.(look)
      return {
        close() {
          clearInterval(timer)
          stop?.()
        },
      }
    },
    mkdir: refuse,
    mkdtemp: refuse,
    rename: refuse,
    remove: refuse,
    syncFolder: refuse,
    newId: refuse,
    self: refuse,
    isDead: refuse,
  }
}
