/**
 * A disk that makes what is written durable later, many files at once: for what nobody finds before all of it is durable. A
 * sync beside much that is written waits for all of that; of those that follow it at once, each is soon over.
 */
import type { Disk, DiskFile } from './disk.ts'

/** Files that are synced in one go, and may wait for it. */
const FILES_AT_ONCE = 32

export class LateDisk {
  /** The disk as whoever writes sees it. */
  readonly disk: Disk
  readonly #disk: Disk
  /** Those that are written and closed, but for being synced. */
  #files: DiskFile[] = []
  readonly #folders = new Set<string>()
  #syncing: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null

  constructor(disk: Disk) {
    this.#disk = disk
    this.disk = {
      open: async (path, flags) => {
        const file = await disk.open(path, flags)
        return flags === 'r' ? file : this.#later(file)
      },
      mkdir: (path) => disk.mkdir(path),
      mkdtemp: (prefix, like) => disk.mkdtemp(prefix, like),
      list: (folder) => disk.list(folder),
      rename: (from, to) => disk.rename(from, to),
      remove: (path) => disk.remove(path),
      stat: (path) => disk.stat(path),
      watch: (folder, pollMs, look) => disk.watch(folder, pollMs, look),
      syncFolder: async (folder) => void this.#folders.add(folder),
      newId: () => disk.newId(),
      self: () => disk.self(),
      isDead: (holder, me) => disk.isDead(holder, me),
    }
  }

  #later(file: DiskFile): DiskFile {
    let isToSync = false
    return {
      read: (into, position) => file.read(into, position),
      write: (bytes, position) => file.write(bytes, position),
      sync: async () => void (isToSync = true),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      id: () => file.id(),
      close: () => (isToSync ? this.#closeLater(file) : file.close()),
    }
  }

  async #closeLater(file: DiskFile): Promise<void> {
    this.#files.push(file)
    if (this.#files.length < FILES_AT_ONCE) return
    await this.#syncFiles()
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Begins to sync all files so far. Resolves when those before them are synced. */
  async #syncFiles(): Promise<void> {
    const before = this.#syncing
    const files = this.#files
    this.#files = []
    this.#syncing = this.#syncAfter(before, files)
    await before
  }

  async #syncAfter(before: Promise<void>, files: readonly DiskFile[]): Promise<void> {
    await before
    // One after the other: syncs in all threads there are would keep everything else waiting.
    for (const file of files) await this.#end(file, this.#failure === null)
  }

  async #end(file: DiskFile, isToSync: boolean): Promise<void> {
    try {
      try {
        if (isToSync) await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  /** Makes all durable. @throws what went wrong, here or before: nothing is known to be then. */
  async settle(): Promise<void> {
    await this.#syncFiles()
    await this.#syncing
    if (this.#failure !== null) throw this.#failure.error
    for (const folder of this.#folders) await this.#disk.syncFolder(folder)
  }

  /** Lets go of all files; nothing more becomes durable. */
  async drop(): Promise<void> {
    this.#failure ??= { error: new Error('what was written is not wanted any more') }
    await this.#syncFiles()
    await this.#syncing
  }
}
