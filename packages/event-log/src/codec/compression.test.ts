import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decompress } from '../file/segment-file.ts'
import { packed, unpacked } from './compression.ts'

const body = new Uint8Array(4096).map((_, i) => i % 7)
const frame = zstdCompressSync(body)

test('a frame of any length is stored in a multiple of 8 bytes and comes back', () => {
  for (let length = 1; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 3)
    const stored = packed(bytes, 4096)!
    expect([stored.length % 8, stored.length > length]).toStrictEqual([0, true])
    expect(unpacked(stored, length, (inner) => inner.slice())).toStrictEqual(bytes)
  }
  expect(Buffer.compare(unpacked(packed(frame, body.length)!, body.length, decompress), body)).toBe(0)
})

test('what hardly gets smaller is not stored compressed', () => {
  expect(packed(new Uint8Array(959), 1024)).toHaveLength(960)
  expect(packed(new Uint8Array(960), 1024)).toBeNull()
})

test('without anything to decompress with, compressed is unsupported and no damage', () => {
  expect(() => unpacked(packed(frame, body.length)!, body.length, null)).toThrow(
    expect.objectContaining({ name: 'LogUsageError', code: 'unsupported' }) as Error,
  )
})

const padded = (frame: Uint8Array, ...padding: number[]): Uint8Array => Uint8Array.of(...frame, ...padding)

test.each([
  ['nothing', new Uint8Array(0), 4096],
  ['no end', padded(frame, 0, 0), 4096],
  ['an end longer than can be', padded(frame, 0, 0, 0, 0, 0, 0, 0, 0, 9), 4096],
  ['an end longer than all', Uint8Array.of(0, 3), 4096],
  ['something in the padding', padded(frame, 1, 2), 4096],
  ['a frame cut short', padded(frame.subarray(0, -3), 1), 4096],
  ['no frame', padded(new Uint8Array(100).fill(7), 1), 4096],
  ['a frame of less', padded(frame, 1), 4104],
  ['a frame of more', padded(frame, 1), 4088],
  ['a bomb', padded(zstdCompressSync(new Uint8Array(64 * 1024 * 1024)), 1), 8],
])('%s is damage', (_, stored, size) => {
  expect(() => unpacked(stored, size, decompress)).toThrow(expect.objectContaining({ name: 'BrokenBlockError' }) as Error)
})
