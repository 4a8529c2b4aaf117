import { zstdCompressSync, constants } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as browser from './browser.ts'
import * as node from './node.ts'

const sizes = [0, 1, 5, 255, 256, 4096, 70_000, 300_000]
const bytesOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * i + (i >> 5)) & 0xff)

describe.each([
  ['node', node.unzstd],
  ['plain JavaScript', browser.unzstd],
])('zstd in %s', (_, unzstd) => {
  test.each(sizes)('gives back %i bytes', (size) => {
    const bytes = bytesOf(size)
    expect(new Uint8Array(unzstd(zstdCompressSync(bytes), size, 23))).toEqual(bytes)
  })

  test('refuses what holds more than there is room for', () => {
    expect(() => unzstd(zstdCompressSync(bytesOf(5000)), 4999, 23)).toThrow(/larger|frame of 5000/)
  })

  test('refuses a window past the limit', () => {
    const params = { [constants.ZSTD_c_windowLog]: 20, [constants.ZSTD_c_contentSizeFlag]: 0 }
    const frame = zstdCompressSync(bytesOf(3_000_000), { params })
    expect(() => unzstd(frame, 1000, 12)).toThrow(/window|memory/)
  })

  test('refuses what is no frame, and a cut one', () => {
    const frame = zstdCompressSync(bytesOf(4096))
    expect(() => unzstd(bytesOf(100), 4096, 23)).toThrow(/no zstd frame|Unknown frame/)
    expect(() => unzstd(frame.subarray(0, 3), 4096, 23)).toThrow(/no zstd frame|Src size|unexpected/i)
    expect(() => unzstd(frame.subarray(0, frame.length - 9), 4096, 23)).toThrow(/end of|Src size|unexpected/i)
  })
})

test('both have the same checksums', () => {
  for (const size of sizes) expect(browser.crc32(bytesOf(size), 7)).toBe(node.crc32(bytesOf(size), 7))
})
