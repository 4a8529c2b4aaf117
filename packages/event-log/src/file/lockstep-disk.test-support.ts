/**
 * A disk on which one process writes while others read, one small step after the other: a write comes in pieces, and between
 * any two steps the readers get on as far as they are let. The process can be killed at each step: what it wrote stays.
 */
import { zstdCompressSync } from 'node:zlib'
import type { Disk, DiskFile } from './disk.ts'
import type { FaultyDisk } from './faulty-disk.test-support.ts'

/** Compresses at once, so that nothing depends on other threads. */
export const compressNow = async (bytes: Uint8Array): Promise<Uint8Array> => zstdCompressSync(bytes)

export class Killed extends Error {
  override readonly name = 'Killed'
}

let processes = 0

/** The disk as a process sees it whose writes are in lockstep with readers, and that is killed at step `killAt`. */
export class LockstepProcess {
  steps = 0
  readonly disk: Disk
  readonly #shared: FaultyDisk
  readonly #readersTurn: () => Promise<void>
  readonly #killAt: number

  constructor(shared: FaultyDisk, readersTurn: () => Promise<void>, killAt = Infinity) {
    this.#shared = shared
    this.#readersTurn = readersTurn
    this.#killAt = killAt
    const me = { pid: ++processes, start: '1', boot: '1', namespace: '1', host: 'here' }
    this.disk = {
      open: async (path, flags) => {
        if (flags === 'r') return shared.open(path, flags)
        const file = await this.#step(() => shared.open(path, flags))
        return this.#inSteps(file)
      },
      mkdir: (path) => this.#step(() => shared.mkdir(path)),
      mkdtemp: (prefix) => this.#step(() => shared.mkdtemp(prefix)),
      list: (folder) => shared.list(folder),
      rename: (from, to) => this.#step(() => shared.rename(from, to)),
      remove: (path) => this.#step(() => shared.remove(path)),
      stat: (path) => shared.stat(path),
      watch: (folder, pollMs, look) => shared.watch(folder, pollMs, look),
      syncFolder: (path) => this.#step(() => shared.syncFolder(path)),
      newId: () => shared.newId(),
      self: async () => me,
      // There is one at a time.
      isDead: async (holder) => holder.pid !== me.pid,
    }
  }

  async #step<T>(work: () => Promise<T>): Promise<T> {
    if (++this.steps >= this.#killAt) throw new Killed(`killed at step ${this.#killAt}`)
    const result = await work()
    this.#shared.tellWatchers()
    await this.#readersTurn()
    return result
  }

  #inSteps(file: DiskFile): DiskFile {
    return {
      ...file,
      write: async (bytes, position) => {
        const ends = [Math.min(20, bytes.length), Math.ceil(bytes.length / 2), bytes.length]
        for (let i = 0, at = 0; i < ends.length; at = ends[i++]!) {
          await this.#step(() => file.write(bytes.subarray(at, ends[i]), position + at))
        }
      },
      sync: () => this.#step(() => file.sync()),
      truncate: (size) => this.#step(() => file.truncate(size)),
    }
  }
}
