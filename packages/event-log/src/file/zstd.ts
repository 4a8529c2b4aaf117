/** zstd, to write with. */
import { constants, zstdCompress } from 'node:zlib'
import { promisify } from 'node:util'

/** Makes one zstd frame of the bytes, aside from the event loop. */
export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>

// Higher levels gain nothing on columns.
const params = { [constants.ZSTD_c_compressionLevel]: 1 }
const compressing = promisify<Uint8Array, { readonly params: typeof params; readonly chunkSize: number }, Buffer>(zstdCompress)

/** What is made comes in pieces, each of which is a turn of the event loop: columns become a third at most, mostly. */
const roomFor = (bytes: Uint8Array): number => Math.max(16 * 1024, Math.ceil(bytes.length / 3))

export const compress: Compress = (bytes) => compressing(bytes, { params, chunkSize: roomFor(bytes) })
