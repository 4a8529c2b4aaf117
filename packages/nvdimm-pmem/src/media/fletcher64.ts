/**
 * Fletcher64 as libnvdimm computes it (`nd_fletcher64`): two sums mod 2^32 over little-endian 32-bit words, the second of
 * all values of the first; the result is `second << 32 | first`. Both sums wrap, so 32-bit integers are exact, and eight
 * words at a time need one multiply-and-add each: the second sum takes them weighted by how often each is counted.
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
  const unrolled = w.length - (w.length % 8)
  let lo = 0
  let hi = 0
  let i = 0
  for (; i < unrolled; i += 8) {
    const a = w[i]!
    const b = w[i + 1]!
    const c = w[i + 2]!
    const d = w[i + 3]!
    const e = w[i + 4]!
    const f = w[i + 5]!
    const g = w[i + 6]!
    const h = w[i + 7]!
    const last = (e << 2) + (f << 1) + f + (g << 1) + h
    hi = (hi + (lo << 3) + (a << 3) + (b << 3) - b + (c << 2) + (c << 1) + (d << 2) + d + last) | 0
    lo = (lo + a + b + c + d + e + f + g + h) | 0
  }
  for (; i < w.length; i++) {
    lo = (lo + w[i]!) | 0
    hi = (hi + lo) | 0
  }
  hi = (hi + Math.imul(lo, zeroWords)) | 0
  sums.setInt32(0, lo, true)
  sums.setInt32(WORD, hi, true)
  return sums.getBigUint64(0, true)
}
