/** spec/pmem.md §3, errors of Linux 6.1: what bad blocks and impossible numbers lead to. */
import { beforeEach, describe, expect, test } from 'vitest'
import { BadMedium } from '../../test/bad-medium.ts'
import { filled, smallBtt } from '../power/small-btt.test-support.ts'
import { Btt } from './btt.ts'

let medium: BadMedium
let btt: Btt
const sector = (byte = 0): Uint8Array => filled(512, byte)

beforeEach(() => {
  medium = new BadMedium(smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 }).bytes)
  btt = Btt.open(medium)
})

const arena = (): Btt['arenas'][number] => btt.arenas[0]!

test('data that cannot be read: -EIO, and the map says so from then on', () => {
  btt.write(3, sector(3))
  const block = 40
  medium.spoil(arena().dataAt(block))
  expect(btt.read(3, sector())).toBe(-5)
  expect(arena().entry(3)).toBe(0x4000_0000 + block)
  medium.bad.clear()
  expect(Btt.open(medium).read(3, sector())).toBe(-5)
  expect(btt.write(3, sector(4))).toBe(0)
  const into = sector()
  expect([btt.read(3, into), into]).toEqual([0, sector(4)])
})

test('a write over a failing entry logs its flag and clears the block that it frees, also after a reboot', () => {
  arena().putEntry(7, 0x4000_0000 + 7)
  medium.store(arena().dataAt(7), sector(0xbb))
  btt.write(7, sector(1))
  expect(arena().group(0)[1].old).toBe(0x4000_0000 + 7)
  expect(medium.bytes.subarray(arena().dataAt(7), arena().dataAt(8))).toEqual(sector(0))
  medium.store(arena().dataAt(7), sector(0xbb))
  btt = Btt.open(medium)
  expect(arena().hasError[0]).toBe(1)
  btt.write(8, sector(2))
  expect([arena().hasError[0], arena().entry(8)]).toEqual([0, 0xc000_0007])
})

test('a free block that is bad is cleared first; when that does not help, the write fails', () => {
  medium.spoil(arena().dataAt(40))
  expect(btt.write(1, sector(1))).toBe(0)
  expect(medium.bad.size).toBe(0)
  medium.mends = false
  medium.spoil(arena().dataAt(1))
  expect(btt.write(2, sector(2))).toBe(-5)
  expect(btt.write(2, sector(2), 1)).toBe(0)
})

test('a map that cannot be read fails reads and writes, and nothing stays locked', () => {
  medium.spoil(arena().mapAt(0))
  expect([btt.read(0, sector()), btt.write(0, sector(1))]).toEqual([-5, -5])
  medium.bad.clear()
  expect([btt.read(0, sector()), btt.write(0, sector(1))]).toEqual([0, 0])
})

describe('numbers that cannot be', () => {
  test('a map entry beyond the arena: -EIO, and the lane is as before', () => {
    arena().putEntry(2, 0xc000_0000 + 44)
    expect([btt.read(2, sector()), btt.write(2, sector(1))]).toEqual([-5, -5])
    expect([arena().free[0], arena().seq[0]]).toEqual([40, 2])
    expect(btt.write(3, sector(1))).toBe(0)
  })

  test('a sector beyond the end: -EIO, whatever comes before it is written', () => {
    for (const n of [40, 2 ** 31, 2 ** 53, -1]) expect([n, btt.read(n, sector()), btt.write(n, sector())]).toEqual([n, -5, -5])
    expect(btt.write(39, new Uint8Array(1024).fill(9))).toBe(-5)
    const into = sector()
    expect([btt.read(39, into), into]).toEqual([0, sector(9)])
  })

  test('parts of sectors are a mistake of the caller', () => {
    expect(() => btt.write(0, new Uint8Array(100))).toThrow('100 bytes are no whole number of sectors of 512')
    expect(() => btt.read(0, new Uint8Array(513))).toThrow('513 bytes are no whole number of sectors of 512')
    expect(() => btt.startWrite(0, new Uint8Array(1024))).toThrow('a sector has 512 bytes, not 1024')
    expect(() => Btt.open(medium, { lanes: 0 })).toThrow('from 1 to 256 lanes')
  })
})
