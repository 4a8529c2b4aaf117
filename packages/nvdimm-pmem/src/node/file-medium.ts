/// <reference lib="esnext.disposable" preserve="true" />
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { assertWithin, MediumError, type Medium } from '../media/medium.ts'
import { WordStores } from '../media/word-stores.ts'
import { ImageInUseError, WriteLock } from './write-lock.ts'

const PAGE = 4096
/** Zeros are written in pieces of so many bytes, and only where there is anything else: holes of a file stay holes. */
const ZERO_BYTES = 1 << 20
const NO_PAGE = -1

export interface FileMediumOptions {
  /** Default false: it is opened for reading, and stores throw. One writer at a time: see `FileMedium`. */
  readonly writable?: boolean
  /** Whether a fence waits until the disk has what was stored (fdatasync): default true. Without, only a crash of the process is survived. */
  readonly durable?: boolean
  /** Bytes of it that count; default all there are when it is opened. */
  readonly size?: number
}

/**
 * A medium kept in a file or on a block device. A word is stored by one write of the system, and a fence is an fdatasync: the disk must not
 * tear aligned 8 bytes, which none does that writes sectors.
 *
 * One writer has it at a time, in this process or another: of a file by `PATH.lock` beside it, which goes with the medium and means nothing
 * once its process is gone; of a block device by the system (O_EXCL), which also keeps those out that are mounted. Readers are not kept out.
 */
export class FileMedium extends WordStores implements Medium, Disposable {
  readonly size: number
  readonly path: string
  readonly #fd: number
  readonly #isDurable: boolean
  readonly #isWritable: boolean
  readonly #lock: WriteLock | null
  /** The page that words were last loaded from. */
  readonly #page = new Uint8Array(PAGE)
  readonly #pageView = new DataView(this.#page.buffer)
  #pageNumber = NO_PAGE
  #isDirty = false

  /** Makes a file of so many zeros. @throws Error of the system when it is there already, or cannot be made. */
  static create(path: string, size: number, options: Omit<FileMediumOptions, 'writable' | 'size'> = {}): FileMedium {
    const fd = openSync(path, 'wx')
    try {
      ftruncateSync(fd, size)
    } finally {
      closeSync(fd)
    }
    return new FileMedium(path, { ...options, writable: true })
  }

  /** @throws ImageInUseError when it is to be written and somebody does already, or Error of the system when it cannot be opened. */
  constructor(path: string, { writable = false, durable = true, size }: FileMediumOptions = {}) {
    super()
    this.path = path
    this.#isWritable = writable
    this.#isDurable = durable
    this.#fd = writable ? openWritable(path) : openSync(path, 'r')
    let lock: WriteLock | null = null
    try {
      if (writable && !fstatSync(this.#fd).isBlockDevice()) lock = new WriteLock(path)
      this.size = size ?? sizeOf(this.#fd)
    } catch (error) {
      closeSync(this.#fd)
      lock?.[Symbol.dispose]()
      throw error
    }
    this.#lock = lock
  }

  load(at: number, into: Uint8Array): void {
    assertWithin(this, at, into.length)
    for (let done = 0; done < into.length;) {
      const read = this.#do('cannot read', at, into.length, () => readSync(this.#fd, into, done, into.length - done, at + done))
      if (read === 0) throw new MediumError(`${this.path} ended`, at, into.length)
      done += read
    }
  }

  load32(at: number): number {
    assertWithin(this, at, 4)
    const page = Math.floor(at / PAGE)
    if (page !== this.#pageNumber) {
      this.#pageNumber = NO_PAGE
      this.load(page * PAGE, this.#page.subarray(0, Math.min(PAGE, this.size - page * PAGE)))
      this.#pageNumber = page
    }
    return this.#pageView.getUint32(at % PAGE, true)
  }

  store(at: number, from: Uint8Array): void {
    assertWithin(this, at, from.length)
    if (!this.#isWritable) throw new MediumError(`${this.path} was opened for reading`, at, from.length)
    this.#pageNumber = NO_PAGE
    this.#isDirty = true
    for (let done = 0; done < from.length;)
      done += this.#do('cannot write', at, from.length, () => writeSync(this.#fd, from, done, from.length - done, at + done))
  }

  zero(at: number, length: number): void {
    assertWithin(this, at, length)
    const piece = new Uint8Array(Math.min(ZERO_BYTES, length))
    for (let done = 0; done < length; done += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, length - done))
      this.load(at + done, part)
      if (part.every((byte) => byte === 0)) continue
      part.fill(0)
      this.store(at + done, part)
    }
  }

  /** What is stored is the system's at once; `fence` sees to the disk. */
  flush(): void {}

  fence(): void {
    if (!this.#isDirty || !this.#isDurable) return
    this.#do('cannot sync', 0, this.size, () => fdatasyncSync(this.#fd))
    this.#isDirty = false
  }

  /** Waits for the disk, whatever `durable` says. */
  sync(): void {
    if (this.#isDirty) this.#do('cannot sync', 0, this.size, () => fdatasyncSync(this.#fd))
    this.#isDirty = false
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
    this.#lock?.[Symbol.dispose]()
  }

  #do<T>(what: string, at: number, length: number, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw new MediumError(`${what} ${this.path}: ${(error as Error).message}`, at, length, { cause: error })
    }
  }
}

/** A block device is had alone: O_EXCL without O_CREAT means that there. */
function openWritable(path: string): number {
  if (statSync(path, { throwIfNoEntry: false })?.isBlockDevice() !== true) return openSync(path, 'r+')
  try {
    return openSync(path, constants.O_RDWR | constants.O_EXCL)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    throw new ImageInUseError(path, null, 'it is mounted, or another program has it for itself', { cause: error })
  }
}

/** Bytes of a file or of a block device, whose size the file system does not know. */
function sizeOf(fd: number): number {
  const stat = fstatSync(fd)
  if (!stat.isBlockDevice()) return stat.size
  const byte = new Uint8Array(1)
  const isThere = (at: number): boolean => readSync(fd, byte, 0, 1, at) === 1
  let [low, high] = [0, PAGE]
  while (isThere(high - 1)) [low, high] = [high, high * 2]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isThere(middle - 1)) low = middle
    else high = middle
  }
  return low
}
