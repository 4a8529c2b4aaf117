// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** One suite for every medium. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { BadMedium } from '../../test/bad-medium.ts'
import { FileMedium } from '../node/file-medium.ts'
import { RecordedMedium } from '../power/recorded-medium.ts'
import { MemoryMedium } from './memory-medium.ts'
import { loaded, MediumError, put, put32, put64, putZeros, type Medium } from './medium.ts'
import { OverlayMedium } from './overlay-medium.ts'
import { PartMedium } from './part-medium.ts'

const SIZE = 20_000
const folder = mkdtempSync(join(tmpdir(), 'devtrail-media-'))
const files: FileMedium[] = []
afterAll(() => {
  for (const file of files) file[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

function fileOf(bytes: Uint8Array, durable: boolean): FileMedium {
  const path = join(folder, `${files.length}.img`)
  writeFileSync(path, bytes)
  const file = new FileMedium(path, { writable: true, durable })
  files.push(file)
  return file
}

const media: readonly (readonly [string, (bytes: Uint8Array) => Medium])[] = [
  ['MemoryMedium', (bytes) => new MemoryMedium(bytes.slice())],
  ['MemoryMedium, not aligned', (bytes) => new MemoryMedium(new Uint8Array([0, ...bytes]).subarray(1))],
  ['PartMedium', (bytes) => new PartMedium(new MemoryMedium(new Uint8Array([...new Uint8Array(4096), ...bytes, 1, 2, 3])), 4096, SIZE)],
  ['OverlayMedium', (bytes) => new OverlayMedium(new MemoryMedium(bytes.slice()))],
  ['RecordedMedium', (bytes) => new RecordedMedium(new MemoryMedium(bytes.slice()))],
  ['FileMedium', (bytes) => fileOf(bytes, false)],
]

const at = fc.integer({ min: 0, max: SIZE - 8 })
const op = fc.oneof(
  fc.record({ op: fc.constant('store' as const), at, bytes: fc.uint8Array({ maxLength: 5000 }) }),
  fc.record({ op: fc.constant('store32' as const), at, word: fc.nat(0xffff_ffff) }),
  fc.record({ op: fc.constant('store64' as const), at, low: fc.nat(0xffff_ffff), high: fc.nat(0xffff_ffff) }),
  fc.record({ op: fc.constant('zero' as const), at, length: fc.nat(9000) }),
  fc.record({ op: fc.constant('load32' as const), at }),
)
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never

function apply(medium: Medium, model: Uint8Array, one: Op): void {
  const view = new DataView(model.buffer)
  const room = SIZE - one.at
  const word = one.at - (one.at % 8)
  if (one.op === 'store') {
    const bytes = one.bytes.subarray(0, room)
    put(medium, one.at, bytes)
    model.set(bytes, one.at)
  } else if (one.op === 'store32') {
    put32(medium, word + 4, one.word)
    view.setUint32(word + 4, one.word, true)
  } else if (one.op === 'store64') {
    put64(medium, word, one.low, one.high)
    view.setUint32(word, one.low, true)
    view.setUint32(word + 4, one.high, true)
  } else if (one.op === 'zero') {
    putZeros(medium, one.at, Math.min(room, one.length))
    model.fill(0, one.at, one.at + Math.min(room, one.length))
  } else {
    expect(medium.load32(word)).toBe(view.getUint32(word, true))
  }
}

describe.each(media)('%s', (_, make) => {
  test('holds what was stored, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
        const model = new Uint8Array(SIZE).map((_, i) => i * 7)
        const medium = make(model)
        for (const one of ops) apply(medium, model, one)
        expect(loaded(medium, 0, SIZE)).toEqual(model)
        expect(medium.load32(SIZE - 4)).toBe(new DataView(model.buffer).getUint32(SIZE - 4, true))
      }),
      { numRuns: 40 },
    )
  })

  test('refuses what is beyond its end', () => {
    const medium = make(new Uint8Array(SIZE))
    expect(medium.size).toBe(SIZE)
    const beyond: (() => unknown)[] = [
      () => loaded(medium, SIZE - 3, 4),
      () => loaded(medium, -1, 4),
      () => medium.load32(SIZE),
      () => medium.store(SIZE - 3, new Uint8Array(4)),
      () => medium.store32(SIZE, 1),
      () => medium.store64(SIZE, 1, 1),
      () => medium.zero(SIZE - 3, 4),
      () => loaded(medium, 2 ** 53, 1),
    ]
    for (const act of beyond) expect(act).toThrow(MediumError)
    expect(loaded(medium, 0, SIZE)).toEqual(new Uint8Array(SIZE))
  })
})

describe('FileMedium', () => {
  test('opened for reading it refuses to store', () => {
    const path = join(folder, 'read-only.img')
    writeFileSync(path, new Uint8Array(100))
    using medium = new FileMedium(path)
    expect(() => medium.store32(0, 1)).toThrow(`${path} was opened for reading: 4 bytes at byte 0`)
  })

  test('is made of zeros, and never over a file that is there', () => {
    const path = join(folder, 'made.img')
    using medium = FileMedium.create(path, SIZE)
    expect(loaded(medium, 0, SIZE)).toEqual(new Uint8Array(SIZE))
    expect(() => FileMedium.create(path, SIZE)).toThrow('EEXIST')
  })

  test('a file that shrinks meanwhile is an error, not zeros', () => {
    const file = fileOf(new Uint8Array(SIZE).fill(1), true)
    truncateSync(file.path, 100)
    expect(() => loaded(file, 0, SIZE)).toThrow(`${file.path} ended: ${SIZE} bytes at byte 0`)
  })

  test('zeros leave a hole a hole', () => {
    const file = fileOf(new Uint8Array(SIZE), true)
    putZeros(file, 0, SIZE)
    expect(loaded(file, 0, SIZE).every((byte) => byte === 0)).toBe(true)
  })
})

test('a part of a medium knows which of its blocks are bad', () => {
  const medium = new BadMedium(new Uint8Array(SIZE))
  medium.spoil(8192)
  const part = new PartMedium(medium, 4096, 8192)
  expect([part.isBad!(4000, 100), part.isBad!(4096, 1), part.isBad!(4608, 1)]).toEqual([true, true, false])
  expect(new PartMedium(new MemoryMedium(new Uint8Array(SIZE)), 0, SIZE).isBad).toBeUndefined()
})

test('RecordedMedium keeps what was done, in order', () => {
  const medium = new RecordedMedium(new MemoryMedium(new Uint8Array(SIZE)))
  medium.cpu = 3
  put64(medium, 8, 1, 2)
  expect(medium.ops).toEqual([
    { kind: 'store', cpu: 3, at: 8, bytes: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0) },
    { kind: 'flush', cpu: 3, at: 8, length: 8 },
    { kind: 'fence', cpu: 3 },
  ])
})
