/**
 * Fletcher64 as libnvdimm computes it (`nd_fletcher64`): two sums mod 2^32 over little-endian 32-bit words, the second of
 * all values of the first; the result is `second << 32 | first`. Both sums wrap, so 32-bit integers are exact. Eight words
 * a turn are a quarter faster than one; weighted sums, and two halves side by side, are no faster than that. A copy into one
 * array that is always the same is faster than a view of each block, and does not mind how that is aligned.
 */
import { isLittleEndian } from './endian.ts'

const WORD = 4
const PIECE_BYTES = 4096
const words = new Int32Array(PIECE_BYTES / WORD)
const piece = new Uint8Array(words.buffer)
const view = new DataView(words.buffer)
const sums = new DataView(new ArrayBuffer(2 * WORD))

/** @throws RangeError unless the length is a multiple of 4. */
export function fletcher64(bytes: Uint8Array): bigint {
  return fletcher64WithZeros(bytes, 0)
}

/** The same, followed by so many words of zeros. */
export function fletcher64WithZeros(bytes: Uint8Array, zeroWords: number): bigint {
  if (bytes.length % WORD !== 0) throw new RangeError(`Fletcher64 is over 32-bit words; ${bytes.length} bytes are no whole number of them`)
  let lo = 0
  let hi = 0
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, bytes.length - at)
    piece.set(length === bytes.length ? bytes : bytes.subarray(at, at + length))
    const count = length / WORD
    if (!isLittleEndian) for (let i = 0; i < count; i++) words[i] = view.getInt32(i * WORD, true)
    let i = 0
    // Half of the time of a loop over single words goes into the loop.
    for (const whole = count - 7; i < whole; i += 8) {
      lo = (lo + words[i]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 1]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 2]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 3]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 4]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 5]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 6]!) | 0
      hi = (hi + lo) | 0
      lo = (lo + words[i + 7]!) | 0
      hi = (hi + lo) | 0
    }
    for (; i < count; i++) {
      lo = (lo + words[i]!) | 0
      hi = (hi + lo) | 0
    }
  }
  hi = (hi + Math.imul(lo, zeroWords)) | 0
  sums.setInt32(0, lo, true)
  sums.setInt32(WORD, hi, true)
  return sums.getBigUint64(0, true)
}
