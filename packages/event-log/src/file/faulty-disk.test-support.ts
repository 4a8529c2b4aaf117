/**
 * A disk in memory that knows what a real one would have forgotten: what is written is seen at once and lost in a crash
 * until it is synced, content and names apart. It can fail any single operation, tear it, or stop the world at it.
 */
import { dirname, basename } from 'node:path'
import type { Disk, DiskFile, Watch } from './disk.ts'
import type { Holder } from './holder.ts'

const SECTOR = 512

let nodes = 0

class FileNode {
  bytes = new Uint8Array(0)
  /** What a crash leaves for sure; null: not even the size was ever synced. */
  durable: Uint8Array | null = null
  /** A sync failed: what was dirty then is lost, though later syncs claim success. */
  isLost = false
  readonly id = String(++nodes)
}

class FolderNode {
  names = new Map<string, Node>()
  durable = new Map<string, Node>()
}

type Node = FileNode | FolderNode

export class Crashed extends Error {
  override readonly name = 'Crashed'
}

/** What happens at the operation with the given number. */
export interface Fault {
  readonly at: number
  /** `fail`: it fails with EIO, a write with ENOSPC after half its bytes. `crash`: everything stops in the middle of it. */
  readonly how: 'fail' | 'crash'
}

/** What outlives a crash besides what was synced. */
export type Survives = 'nothing' | 'everything' | 'content' | 'names' | 'some'

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

export class FaultyDisk implements Disk {
  #root: FolderNode
  #boot = 1
  #random: number
  #crashed = false
  #ids = 0
  readonly #looks = new Set<() => void>()
  /** Operations so far that change something. */
  operations = 0
  /** What they were. */
  readonly trace: string[] = []
  fault: Fault | null = null

  constructor(seed = 1, root = new FolderNode()) {
    this.#root = root
    this.#random = seed
  }

  #below(n: number): number {
    this.#random = (Math.imul(this.#random, 48271) >>> 0) % 0x7fffffff || 1
    return this.#random % n
  }

  #find(path: string): Node {
    let node: Node = this.#root
    for (const name of path.split('/').filter((n) => n !== '')) {
      if (!(node instanceof FolderNode)) throw failure('ENOTDIR', path)
      const next: Node | undefined = node.names.get(name)
      if (next === undefined) throw failure('ENOENT', path)
      node = next
    }
    return node
  }

  #folder(path: string): FolderNode {
    const node = this.#find(path)
    if (!(node instanceof FolderNode)) throw failure('ENOTDIR', path)
    return node
  }

  /** Counts an operation; at the faulty one does `part` of it and throws. */
  #do(what: string, part: () => void = () => {}): void {
    if (this.#crashed) throw new Crashed('the machine is off')
    this.trace.push(what)
    if (++this.operations !== this.fault?.at) return
    part()
    if (this.fault.how === 'fail') throw failure(what.startsWith('write') ? 'ENOSPC' : 'EIO', what)
    this.#crashed = true
    throw new Crashed(`crashed at ${what}`)
  }

  /** The disk as a process uses it that a reboot ends: nothing that it still does then has an effect. */
  process(): FaultyDisk {
    const boot = this.#boot
    const living = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (_, name) => {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          return (...args: unknown[]): unknown => {
            if (boot !== this.#boot) throw new Crashed('the machine was off')
            const result: unknown = Reflect.apply(value, target, args)
            return name === 'open' ? (result as Promise<DiskFile>).then(living) : result
          }
        },
      })
    return living(this)
  }

  /** The machine starts again; what was not synced is there or not. */
  reboot(survives: Survives): void {
    const content = (): boolean => survives === 'everything' || survives === 'content' || (survives === 'some' && this.#below(2) === 0)
    const names = (): boolean => survives === 'everything' || survives === 'names' || (survives === 'some' && this.#below(2) === 0)
    const seen = new Set<Node>()
    const settle = (node: Node): void => {
      if (seen.has(node)) return
      seen.add(node)
      if (node instanceof FolderNode) {
        if (!names()) node.names = new Map(node.durable)
        node.durable = new Map(node.names)
        for (const child of node.names.values()) settle(child)
        return
      }
      if (survives === 'some') this.#settleSome(node)
      else if (!content()) node.bytes = Uint8Array.from(node.durable ?? [])
      node.durable = node.bytes.slice()
      node.isLost = false
    }
    settle(this.#root)
    this.#crashed = false
    this.fault = null
    this.#boot++
  }

  /** Each sector is as it was synced, or as it was written; what has neither is zero. Or the file is as long as it was. */
  #settleSome(node: FileNode): void {
    const old = node.durable ?? new Uint8Array(0)
    const size = [
      old.length,
      node.bytes.length,
      Math.min(old.length, node.bytes.length) + this.#below(1 + Math.abs(node.bytes.length - old.length)),
    ][this.#below(3)]!
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at += SECTOR) {
      const from = this.#below(3) > 0 ? node.bytes : old
      bytes.set(from.subarray(at, Math.min(at + SECTOR, size)), at)
    }
    node.bytes = bytes
  }

  async open(path: string, flags: 'r' | 'r+' | 'w' | 'wx'): Promise<DiskFile> {
    if (this.#crashed) throw new Crashed('the machine is off')
    const folder = this.#folder(dirname(path))
    let node = folder.names.get(basename(path))
    if (flags === 'wx' && node !== undefined) throw failure('EEXIST', path)
    if (flags.startsWith('w') && node === undefined) {
      this.#do(`create ${path}`)
      node = new FileNode()
      folder.names.set(basename(path), node)
    } else if (flags === 'w' && node instanceof FileNode && node.bytes.length > 0) {
      this.#do(`empty ${path}`)
      node.bytes = new Uint8Array(0)
    }
    if (node === undefined) throw failure('ENOENT', path)
    if (!(node instanceof FileNode)) throw failure('EISDIR', path)
    return this.#handle(path, node)
  }

  #handle(path: string, node: FileNode): DiskFile {
    const put = (bytes: Uint8Array, position: number): void => {
      const grown = new Uint8Array(Math.max(node.bytes.length, position + bytes.length))
      grown.set(node.bytes)
      grown.set(bytes, position)
      node.bytes = grown
    }
    return {
      read: async (into, position) => {
        if (this.#crashed) throw new Crashed('the machine is off')
        const part = node.bytes.subarray(position, position + into.length)
        into.set(part)
        return part.length
      },
      write: async (bytes, position) => {
        this.#do(`write ${path} ${bytes.length} at ${position}`, () => put(bytes.subarray(0, this.#below(bytes.length + 1)), position))
        put(bytes.slice(), position)
      },
      sync: async () => {
        this.#do(`sync ${path}`, () => {
          node.isLost = true
        })
        if (!node.isLost) node.durable = node.bytes.slice()
      },
      truncate: async (size) => {
        this.#do(`truncate ${path} ${size}`)
        const cut = new Uint8Array(size)
        cut.set(node.bytes.subarray(0, size))
        node.bytes = cut
      },
      size: async () => node.bytes.length,
      id: async () => node.id,
      close: async () => {},
    }
  }

  async mkdir(path: string): Promise<void> {
    const folder = this.#folder(dirname(path))
    if (folder.names.has(basename(path))) throw failure('EEXIST', path)
    this.#do(`mkdir ${path}`)
    folder.names.set(basename(path), new FolderNode())
  }

  async mkdtemp(prefix: string): Promise<string> {
    const path = `${prefix}${String(++this.#ids).padStart(6, '0')}`
    await this.mkdir(path)
    return path
  }

  async list(folder: string): Promise<string[]> {
    if (this.#crashed) throw new Crashed('the machine is off')
    return [...this.#folder(folder).names.keys()]
  }

  async rename(from: string, to: string): Promise<void> {
    const node = this.#find(from)
    const there = this.#folder(dirname(to)).names.get(basename(to))
    if (there instanceof FolderNode && there.names.size > 0) throw failure('ENOTEMPTY', to)
    this.#do(`rename ${from} ${to}`)
    this.#folder(dirname(from)).names.delete(basename(from))
    this.#folder(dirname(to)).names.set(basename(to), node)
  }

  async remove(path: string): Promise<void> {
    this.#do(`remove ${path}`)
    try {
      this.#folder(dirname(path)).names.delete(basename(path))
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
  }

  async stat(path: string): Promise<{ isFolder: boolean; size: number; id: string }> {
    if (this.#crashed) throw new Crashed('the machine is off')
    const node = this.#find(path)
    return node instanceof FolderNode ? { isFolder: true, size: 0, id: '' } : { isFolder: false, size: node.bytes.length, id: node.id }
  }

  /** Tells when it is told to. */
  watch(_folder: string, _pollMs: number, look: () => void): Watch {
    this.#looks.add(look)
    return { close: () => this.#looks.delete(look) }
  }

  /** Those who watch look. */
  tellWatchers(): void {
    for (const look of this.#looks) look()
  }

  get watchers(): number {
    return this.#looks.size
  }

  async syncFolder(path: string): Promise<void> {
    const folder = this.#folder(path)
    this.#do(`sync folder ${path}`)
    folder.durable = new Map(folder.names)
  }

  newId(): Uint8Array {
    return Uint8Array.of(7, 1, 2, 3, 4, 5, 6, ++this.#ids)
  }

  async self(): Promise<Holder> {
    return { pid: 1, start: '1', boot: String(this.#boot), namespace: '1', host: 'here' }
  }

  async isDead(holder: Holder): Promise<boolean> {
    return holder.boot !== String(this.#boot)
  }
}
