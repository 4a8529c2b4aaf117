/** spec/pmem.md §3 (c), checksums. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fletcher64, fletcher64WithZeros } from './fletcher64.ts'

const words = (set: Record<number, number>): Uint8Array => {
  const block = new Uint32Array(1024)
  for (const [i, word] of Object.entries(set)) block[Number(i)] = word
  return new Uint8Array(block.buffer)
}

/** Word by word, in bigints, as it is defined. */
function defined(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let lo = 0n
  let hi = 0n
  for (let at = 0; at < bytes.length; at += 4) {
    lo = BigInt.asUintN(32, lo + BigInt(view.getUint32(at, true)))
    hi = BigInt.asUintN(32, hi + lo)
  }
  return (hi << 32n) | lo
}

describe('Fletcher64', () => {
  test('§3 (c) checksums: zeros, the first word, the last one of a superblock, all ones', () => {
    expect(fletcher64(words({}))).toBe(0n)
    expect(fletcher64(words({ 0: 1 }))).toBe(0x0000040000000001n)
    expect(fletcher64(words({ 1021: 1 }))).toBe(0x0000000300000001n)
    expect(fletcher64WithZeros(new Uint8Array(4088).fill(0xff), 2)).toBe(0xfff7fe03fffffc02n)
  })

  test('is what its definition says, at any alignment', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 300 }).map((b) => b.subarray(0, b.length - (b.length % 4)))
    fc.assert(
      fc.property(bytes, fc.nat(3), fc.nat(5), (content, shift, zeros) => {
        const shifted = new Uint8Array(content.length + shift).subarray(shift)
        shifted.set(content)
        expect(fletcher64(shifted)).toBe(defined(content))
        const padded = new Uint8Array(content.length + zeros * 4)
        padded.set(content)
        expect(fletcher64WithZeros(shifted, zeros)).toBe(defined(padded))
      }),
      { numRuns: 300 },
    )
  })

  test('sums wrap: a whole block of the largest words', () => {
    const block = new Uint8Array(4096).fill(0xff)
    expect(fletcher64(block)).toBe(defined(block))
  })

  test('of more than a block, at any alignment', () => {
    const bytes = new Uint8Array(10_003).map((_, i) => i * 13 + (i >> 7))
    for (const shift of [0, 1, 3])
      expect(fletcher64(bytes.subarray(shift, shift + 10_000))).toBe(defined(bytes.subarray(shift, shift + 10_000)))
  })

  test('is over whole words only', () => {
    expect(() => fletcher64(new Uint8Array(6))).toThrow('6 bytes are no whole number of them')
  })
})
