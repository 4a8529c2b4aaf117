/**
 * Bodies stored compressed. What is stored is one zstd frame, zeros, and a last byte that says how many bytes follow the
 * frame, itself included: 1 to 8, so that blocks end at multiples of 8. How many bytes the body has, the header says.
 */
import { LogUsageError } from '../errors.ts'
import { BrokenBlockError } from './bytes.ts'
import type { Decompress } from './decompress.ts'
import { FRAME_ALIGN } from './frame.ts'

/** A body is stored compressed when that takes at most this part of its bytes. */
const WORTH_MAX = 15 / 16

/** A zstd frame of a body of `size` bytes as it is stored; null when that is not worth it. */
export function packed(frame: Uint8Array, size: number): Uint8Array | null {
  const length = Math.ceil((frame.length + 1) / FRAME_ALIGN) * FRAME_ALIGN
  if (length > size * WORTH_MAX) return null
  const stored = new Uint8Array(length)
  stored.set(frame)
  stored[length - 1] = length - frame.length
  return stored
}

/**
 * The body of `size` bytes that is stored compressed.
 * @throws BrokenBlockError; LogUsageError `unsupported` where nothing can decompress it.
 */
export function unpacked(stored: Uint8Array, size: number, decompress: Decompress | null): Uint8Array<ArrayBuffer> {
  if (decompress === null) {
    throw new LogUsageError('unsupported', 'the log is compressed, and this reader was given nothing to decompress zstd with')
  }
  const padding = stored.at(-1) ?? 0
  if (padding < 1 || padding > FRAME_ALIGN || padding > stored.length || stored.subarray(-padding, -1).some((byte) => byte !== 0)) {
    throw new BrokenBlockError('a compressed body without its end')
  }
  let body: Uint8Array<ArrayBuffer>
  try {
    body = decompress(stored.subarray(0, -padding), size)
  } catch (error) {
    throw new BrokenBlockError(`a body that cannot be decompressed to ${size} bytes`, { cause: error })
  }
  if (body.length !== size) throw new BrokenBlockError(`a compressed body of ${body.length} bytes instead of ${size}`)
  return body
}
