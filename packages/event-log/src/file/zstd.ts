/** zstd as Node has it. */
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { promisify } from 'node:util'
import type { Decompress } from '../codec/compression.ts'
import { IO_BYTES } from '../limits.ts'

/** Makes one zstd frame of the bytes, aside from the event loop. */
export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>

// Higher levels gain nothing on columns.
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const compressing = promisify<Uint8Array, typeof options, Buffer>(zstdCompress)

export const compress: Compress = (bytes) => compressing(bytes, options)

/** What a frame may ask for beside what it holds: 8 MiB, as the RFC advises; Node's own limit is 128. */
const reading = { [constants.ZSTD_d_windowLogMax]: 23 }

/** One byte more than fits, so that what fits is one piece. */
export const decompress: Decompress = (frame, size) =>
  zstdDecompressSync(frame, { maxOutputLength: size, chunkSize: Math.max(64, Math.min(size, IO_BYTES) + 1), params: reading })
