/** Blocks are compressed on their way. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

// Higher levels gain nothing on columns.
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export const zstd = (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes, LEVEL)

/** What a frame was made of: `size` bytes, and never more. @throws when it is no whole frame, or one of more bytes. */
export const unzstd = (frame: Uint8Array, size: number): Uint8Array<ArrayBuffer> =>
  zstdDecompressSync(frame, { maxOutputLength: Math.max(1, size) })
