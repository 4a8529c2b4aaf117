/** Checksums and zstd as Node has them. `browser.ts` is the same for where there is no Node. */
import { constants, zstdDecompressSync } from 'node:zlib'
import { IO_BYTES } from '../limits.ts'

export { crc32 } from 'node:zlib'

/**
 * Gives back what a zstd frame was made of: `size` bytes, and never more than one beyond. A frame may ask for a window of
 * `windowLog` bits.
 * @throws when it is no whole frame, or one of more bytes.
 */
export function unzstd(frame: Uint8Array, size: number, windowLog: number): Uint8Array<ArrayBuffer> {
  // One byte more than fits, so that what fits is one piece.
  const chunkSize = Math.max(64, Math.min(size, IO_BYTES) + 1)
  return zstdDecompressSync(frame, {
    maxOutputLength: Math.max(1, size),
    chunkSize,
    params: { [constants.ZSTD_d_windowLogMax]: windowLog },
  })
}
