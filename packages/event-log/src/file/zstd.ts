/** zstd, to write with. */
import { constants, zstdCompress } from 'node:zlib'
import { promisify } from 'node:util'

/** Makes one zstd frame of the bytes, aside from the event loop. */
export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>

// Higher levels gain nothing on columns.
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const compressing = promisify<Uint8Array, typeof options, Buffer>(zstdCompress)

export const compress: Compress = (bytes) => compressing(bytes, options)
