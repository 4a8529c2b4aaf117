/** A disk in memory, cheap to copy: one map of paths. It never fails and forgets nothing. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Disk, DiskFile, Watch } from './disk.ts'
import type { Holder } from './holder.ts'

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

export class FlatDisk implements Disk {
  /** A file's bytes; null for a folder. Bytes are never changed in place, so that copies of the disk share them. */
  readonly #files: Map<string, Uint8Array | null>
  #ids = 0

  constructor(files: ReadonlyMap<string, Uint8Array | null> = new Map([['/', null]])) {
    this.#files = new Map(files)
  }

  /** One with a copy of a real folder, at `path`. */
  static of(folder: string, path: string): FlatDisk {
    const files = new Map<string, Uint8Array | null>([
      ['/', null],
      [path, null],
    ])
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const real = join(folder, name)
      files.set(join(path, name), statSync(real).isDirectory() ? null : new Uint8Array(readFileSync(real)))
    }
    return new FlatDisk(files)
  }

  copy(): FlatDisk {
    return new FlatDisk(this.#files)
  }

  bytes(path: string): Uint8Array | null {
    return this.#files.get(path) ?? null
  }

  put(path: string, bytes: Uint8Array): void {
    this.#files.set(path, bytes)
  }

  #bytes(path: string): Uint8Array {
    const bytes = this.#files.get(path)
    if (bytes === undefined) throw failure('ENOENT', path)
    if (bytes === null) throw failure('EISDIR', path)
    return bytes
  }

  async open(path: string, flags: 'r' | 'r+' | 'w' | 'wx'): Promise<DiskFile> {
    if (this.#files.get(dirname(path)) !== null) throw failure('ENOENT', path)
    if (flags === 'wx' && this.#files.has(path)) throw failure('EEXIST', path)
    if (flags.startsWith('w') && this.#files.get(path) !== null) this.put(path, new Uint8Array(0))
    this.#bytes(path)
    return {
      read: async (into, position) => {
        const part = this.#bytes(path).subarray(position, position + into.length)
        into.set(part)
        return part.length
      },
      write: async (bytes, position) => {
        const old = this.#bytes(path)
        const grown = new Uint8Array(Math.max(old.length, position + bytes.length))
        grown.set(old)
        grown.set(bytes, position)
        this.put(path, grown)
      },
      sync: async () => {},
      truncate: async (size) => {
        const cut = new Uint8Array(size)
        cut.set(this.#bytes(path).subarray(0, size))
        this.put(path, cut)
      },
      size: async () => this.#bytes(path).length,
      // Nothing takes another file's place on it unseen.
      id: async () => path,
      close: async () => {},
    }
  }

  async mkdir(path: string): Promise<void> {
    if (this.#files.has(path)) throw failure('EEXIST', path)
    if (this.#files.get(dirname(path)) !== null) throw failure('ENOENT', path)
    this.#files.set(path, null)
  }

  async mkdtemp(prefix: string): Promise<string> {
    const path = `${prefix}${++this.#ids}`
    await this.mkdir(path)
    return path
  }

  async list(folder: string): Promise<string[]> {
    const found = this.#files.get(folder)
    if (found !== null) throw failure(found === undefined ? 'ENOENT' : 'ENOTDIR', folder)
    return [...this.#files.keys()].filter((path) => path !== '/' && dirname(path) === folder).map((path) => path.slice(folder.length + 1))
  }

  async rename(from: string, to: string): Promise<void> {
    if (!this.#files.has(from)) throw failure('ENOENT', from)
    for (const [path, bytes] of this.#files) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#files.delete(path)
      this.#files.set(to + path.slice(from.length), bytes)
    }
  }

  async remove(path: string): Promise<void> {
    for (const known of this.#files.keys()) if (known === path || known.startsWith(`${path}/`)) this.#files.delete(known)
  }

  async stat(path: string): Promise<{ isFolder: boolean; size: number; id: string }> {
    const bytes = this.#files.get(path)
    if (bytes === undefined) throw failure('ENOENT', path)
    return { isFolder: bytes === null, size: bytes?.length ?? 0, id: path }
  }

  async syncFolder(): Promise<void> {}

  watch(): Watch {
    return { close: () => {} }
  }

  newId(): Uint8Array {
    return Uint8Array.of(7, 1, 2, 3, 4, 5, 6, ++this.#ids)
  }

  async self(): Promise<Holder> {
    return { pid: 1, start: '1', boot: '1', namespace: '1', host: 'here' }
  }

  async isDead(): Promise<boolean> {
    return false
  }
}
