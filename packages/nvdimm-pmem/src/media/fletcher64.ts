/**
 * Fletcher64 as libnvdimm computes it (`nd_fletcher64`): two sums mod 2^32 over little-endian 32-bit words, the second of
 * all values of the first; the result is `second << 32 | first`. Both sums wrap, so 32-bit integers are exact, and as fast
 * as they come: several words at a time, weighted, are no faster.
 */
import { isLittleEndian } from './endian.ts'

const WORD = 4

/** The words of bytes: a view where the machine can, else a copy. */
function wordsOf(bytes: Uint8Array): Int32Array {
  if (isLittleEndian && bytes.byteOffset % WORD === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Int32Array.from({ length: bytes.length / WORD }, (_, i) => view.getInt32(i * WORD, true))
}

const sums = new DataView(new ArrayBuffer(2 * WORD))

/** @throws RangeError unless the length is a multiple of 4. */
export function fletcher64(bytes: Uint8Array): bigint {
  return summed(bytes, 0)
}

/** The same, followed by so many words of zeros. */
export function fletcher64WithZeros(bytes: Uint8Array, zeroWords: number): bigint {
  return summed(bytes, zeroWords)
}

function summed(bytes: Uint8Array, zeroWords: number): bigint {
  if (bytes.length % WORD !== 0) throw new RangeError(`Fletcher64 is over 32-bit words; ${bytes.length} bytes are no whole number of them`)
  const w = wordsOf(bytes)
  let lo = 0
  let hi = 0
  for (let i = 0; i < w.length; i++) {
    lo = (lo + w[i]!) | 0
    hi = (hi + lo) | 0
  }
  hi = (hi + Math.imul(lo, zeroWords)) | 0
  sums.setInt32(0, lo, true)
  sums.setInt32(WORD, hi, true)
  return sums.getBigUint64(0, true)
}
