/**
 * The disk of this machine, written to by calls that block the thread: a sync is then over when the disk says so, and not
 * when the thread gets round to hearing of it. For a writer that has its thread to itself.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { Disk, DiskFile } from './disk.ts'
import { nodeDisk, placed } from './node-disk.ts'

/** A file whose writes and syncs block; what happens rarely goes the other way. */
class BlockingFile implements DiskFile {
  readonly #file: DiskFile
  readonly #fd: number
  readonly #path: string

  constructor(file: DiskFile, fd: number, path: string) {
    this.#file = file
    this.#fd = fd
    this.#path = path
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) {
        written += writeSync(this.#fd, bytes, written, bytes.length - written, position + written)
      }
    } catch (error) {
      throw placed(error, this.#path)
    }
  }

  async sync(): Promise<void> {
    try {
      fdatasyncSync(this.#fd)
    } catch (error) {
      throw placed(error, this.#path)
    }
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#file.read(into, position)
  }

  async truncate(size: number): Promise<void> {
    try {
      ftruncateSync(this.#fd, size)
    } catch (error) {
      throw placed(error, this.#path)
    }
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  id(): Promise<string> {
    return this.#file.id()
  }

  async close(): Promise<void> {
    closeSync(this.#fd)
    await this.#file.close()
  }
}

export const blockingDisk: Disk = {
  ...nodeDisk,
  async open(path, flags) {
    const file = await nodeDisk.open(path, flags)
    if (flags === 'r') return file
    try {
      return new BlockingFile(file, openSync(path, 'r+'), path)
    } catch (error) {
      await file.close()
      throw placed(error, path)
    }
  },
}
