import { open, type FileHandle } from 'node:fs/promises'
import { inflateSync, zstdDecompressSync } from 'node:zlib'
import type { ByteSource, Decompress } from '../binary/source.ts'
import { isGzip } from './bytes-of.ts'
import { unpacked } from './unpacked.ts'

/** A file's bytes, to be read anywhere; of a gzipped file, what is packed in it. */
export class FileSource implements ByteSource {
  readonly #file: FileHandle
  readonly size: number

  private constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  static async open(path: string): Promise<FileSource> {
    const file = (await isGzip(path)) ? await unpacked(path) : await open(path)
    const { size } = await file.stat()
    return new FileSource(file, size)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#file.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Unpacks what trace-cmd compresses with, to no more than the bytes announced. */
export const decompress: Decompress = (algorithm, bytes, length) => {
  const limit = { maxOutputLength: Math.max(1, length) }
  if (algorithm === 'zstd') return zstdDecompressSync(bytes, limit)
  if (algorithm === 'zlib') return inflateSync(bytes, limit)
  throw new Error(`the algorithm ${JSON.stringify(algorithm)} is not known; zlib and zstd are`)
}
