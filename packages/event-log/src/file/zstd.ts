/** zstd, to write with. */
import { constants, zstdCompress } from 'node:zlib'
import { promisify } from 'node:util'

/** Makes one zstd frame of the bytes, aside from the event loop. */
export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>

// Higher levels gain nothing on columns.
const params = { [constants.ZSTD_c_compressionLevel]: 1 }
const compressing = promisify<
  Uint8Array,
  { readonly params: typeof params; readonly chunkSize: number; readonly pledgedSrcSize: number },
  Buffer
>(zstdCompress)

/** Where all that may be made has room, zstd makes it in one go, without a copy of its own (ZSTD_compressBound). */
const roomFor = (bytes: Uint8Array): number => bytes.length + (bytes.length >> 8) + 1024

export const compress: Compress = (bytes) => compressing(bytes, { params, chunkSize: roomFor(bytes), pledgedSrcSize: bytes.length })
