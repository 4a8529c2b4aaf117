import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { exit, Failure } from '../session/failure.ts'
import { readableOf } from '../logs/spool.ts'
import { TemporaryFolder } from '../logs/temporary.ts'

/** Bytes of an unpacked image that are not zero; beyond, it is refused. */
export const UNPACKED_BYTES_MAX = 64 * 2 ** 30
const PIECE_BYTES = 64 * 1024

const packings = [
  { name: 'gzip', magic: [0x1f, 0x8b], unpack: () => createGunzip() },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: () => createZstdDecompress() },
] as const
type Packing = (typeof packings)[number]

const isPacked = (head: Uint8Array, { magic }: Packing): boolean => magic.every((byte, i) => head[i] === byte)

const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a]

function refuseXz(head: Uint8Array, given: string): void {
  if (XZ.every((byte, i) => head[i] === byte))
    throw new Failure(exit.damaged, `${given} is packed with xz, which cannot be read here: xz -dc ${given} | devtrail pmem … -`)
}

/** How a file is packed; null for a plain one. @throws Failure when it is in a way that is not known here. */
export function packingOf(path: string): Packing | null {
  const head = new Uint8Array(XZ.length)
  const fd = openSync(path, 'r')
  try {
    readSync(fd, head, 0, head.length, 0)
  } finally {
    closeSync(fd)
  }
  refuseXz(head, path)
  return packings.find((packing) => isPacked(head, packing)) ?? null
}

/** Whether it can be read at any place, and more than once. */
export function isSeekable(path: string): boolean {
  const stat = statSync(path)
  return stat.isFile() || stat.isBlockDevice()
}

async function* pieces(source: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield chunk as Uint8Array
}

/** Unpacks what comes if its first bytes say that it is packed. */
async function plain(source: Readable, given: string): Promise<Readable | AsyncIterable<Uint8Array>> {
  const iterator = pieces(source)
  const first = await iterator.next()
  const head = first.done === true ? new Uint8Array(0) : first.value
  refuseXz(head, given)
  const all = (async function* (): AsyncGenerator<Uint8Array> {
    yield head
    yield* iterator
  })()
  const packing = packings.find((p) => isPacked(head, p))
  if (packing === undefined) return all
  const unpack = packing.unpack()
  const feed = async (): Promise<void> => {
    for await (const chunk of all) if (!unpack.write(chunk)) await new Promise((resolve) => unpack.once('drain', resolve))
    unpack.end()
  }
  feed().catch((error: Error) => unpack.destroy(error))
  return unpack
}

/** An image that had to be unpacked or kept, in a file of its own; gone when it is disposed of. */
export class Unpacked implements Disposable {
  readonly path: string
  readonly #folder: TemporaryFolder

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder
    this.path = join(folder.path, 'image')
  }

  /** Keeps what comes from stdin, a pipe or a packed file. Zeros take no room. @throws Failure when it is damaged or too large. */
  static async of(given: string, signal: AbortSignal): Promise<Unpacked> {
    const unpacked = new Unpacked(await TemporaryFolder.make('image'))
    try {
      const isFile = given !== '-' && isSeekable(given)
      const source = await plain(isFile ? createReadStream(given) : readableOf(given), given)
      await unpacked.#folder.writing(() => unpacked.#fill(source, given, signal))
      return unpacked
    } catch (error) {
      unpacked[Symbol.dispose]()
      const { code, message } = error as NodeJS.ErrnoException
      if (/^(?:Z|ZSTD)_/.test(String(code)))
        throw new Failure(exit.damaged, `${given} cannot be unpacked: ${message}; it is damaged or cut, copy it again`, { cause: error })
      throw error
    }
  }

  async #fill(source: AsyncIterable<unknown>, given: string, signal: AbortSignal): Promise<void> {
    const file = await open(this.path, 'wx', 0o600)
    try {
      let at = 0
      let kept = 0
      for await (const chunk of source as AsyncIterable<Uint8Array>) {
        signal.throwIfAborted()
        for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
          const piece = chunk.subarray(from, from + PIECE_BYTES)
          if (!Buffer.from(piece.buffer, piece.byteOffset, piece.length).equals(Buffer.alloc(piece.length))) {
            kept += piece.length
            if (kept > UNPACKED_BYTES_MAX)
              throw new Failure(
                exit.damaged,
                `${given} unpacks to more than ${UNPACKED_BYTES_MAX} bytes; unpack it yourself and name the file`,
              )
            await file.write(piece, 0, piece.length, at)
          }
          at += piece.length
        }
      }
      await file.truncate(at)
    } finally {
      await file.close()
    }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }
}
