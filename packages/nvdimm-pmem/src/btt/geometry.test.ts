/** spec/pmem.md §3 (c), geometry. */
import { expect, test } from 'vitest'
import { plannedArenas } from './format.ts'
import { arenaGeometry, dataBytesOf, sectorSizes } from './geometry.ts'

const KIB = 1024
const MIB = KIB ** 2
const GIB = KIB ** 3
const TIB = KIB ** 4
const uuid = '00112233-4455-6677-8899-aabbccddeeff'
const RK = 0x3f000000

/** Of a namespace whose BTT begins at 4096. */
const arenas = (size: number, sectorSize: number): number[][] =>
  plannedArenas(size, { sectorSize, uuid }).map(({ info }) => [
    info.externalNlba,
    info.internalNlba,
    info.mapoff,
    info.logoff,
    info.info2off,
  ])

test.each([
  [16 * MIB + 4 * KIB, 512, 32_202, 32_458, 0xfdb000, 0xffb000, 0xfff000],
  [16 * MIB + 4 * KIB, 4096, 3829, 4085, 0xff7000, 0xffb000, 0xfff000],
  [32 * MIB, 512, 64_708, 64_964, 0x1fba000, 0x1ffa000, 0x1ffe000],
  [32 * MIB, 520, 57_539, 57_795, 0x1fc1000, 0x1ffa000, 0x1ffe000],
  [32 * MIB, 4096, 7920, 8176, 0x1ff2000, 0x1ffa000, 0x1ffe000],
  [64 * MIB, 4096, 16_104, 16_360, 0x3fea000, 0x3ffa000, 0x3ffe000],
  [GIB, 512, 2_080_575, 2_080_831, 0x3f80a000, 0x3fffa000, 0x3fffe000],
  [GIB, 4096, 261_624, 261_880, 0x3fefa000, 0x3fffa000, 0x3fffe000],
])('§3 (c) geometry: %i bytes, sectors of %i', (size, sectorSize, ...expected) => {
  expect(arenas(size, sectorSize)).toEqual([expected])
})

test.each([
  [512, 2_048_061, 2_048_317, 512],
  [520, 1_822_040, 1_822_296, 576],
  [528, 1_822_040, 1_822_296, 576],
  [4096, 257_532, 257_788, 4096],
  [4104, 253_570, 253_826, 4160],
])('§3 (c) geometry: RK 0x3f000000, sectors of %i', (sectorSize, ext, int, block) => {
  const [arena] = plannedArenas(RK, { sectorSize, uuid })
  expect(arena!.info).toMatchObject({ externalNlba: ext, internalNlba: int, internalLbasize: block, externalLbasize: sectorSize })
})

test.each([
  [512, 1_048_607_232],
  [520, 932_884_480],
  [528, 932_884_480],
  [4096, 1_054_851_072],
  [4104, 1_038_622_720],
])('§5 (c) sizes: RK 0x3f000000, sectors of %i: %i bytes', (sectorSize, bytes) => {
  const [arena] = plannedArenas(RK, { sectorSize, uuid })
  expect(arena!.info.externalNlba * dataBytesOf(sectorSize)).toBe(bytes)
})

test('§3 (c) geometry: 512 GiB are one arena, a tail of less than 16 MiB is none, and one of 16 MiB is', () => {
  const ext = (size: number): number[] => arenas(size, 4096).map(([e]) => e!)
  expect(ext(512 * GIB)).toEqual([134_086_519])
  expect(ext(512 * GIB + 16 * MIB)).toEqual([134_086_520])
  expect(ext(512 * GIB + 16 * MIB + 4 * KIB)).toEqual([134_086_520, 3829])
  expect(arenas(TIB, 512).map(([e]) => e)).toEqual([1_065_417_932, 1_065_417_924])
})

test('§3 raw: less than 16 MiB is -ENXIO, a sector size that is not offered -EINVAL', () => {
  expect(() => plannedArenas(16 * MIB, { uuid })).toThrow(expect.objectContaining({ errno: -6 }))
  expect(() => plannedArenas(16 * MIB, { uuid, version: '2.0' })).not.toThrow()
  expect(() => plannedArenas(32 * MIB, { uuid, sectorSize: 1024 })).toThrow(expect.objectContaining({ errno: -22 }))
})

test('§3 (a): parts follow each other on whole pages, hold what they have to, and as many blocks are free as there are lanes', () => {
  for (const lbasize of sectorSizes) {
    for (const size of [16 * MIB, 16 * MIB + 5000, 40 * MIB, 48 * MIB, GIB + 12_345, 512 * GIB]) {
      const g = arenaGeometry(size, lbasize)
      expect(g.internalNlba - g.externalNlba).toBe(256)
      expect(g.internalLbasize % 64).toBe(0)
      for (const offset of [g.dataoff, g.mapoff, g.logoff, g.info2off]) expect(offset % 4096).toBe(0)
      expect(g.dataoff + g.internalNlba * g.internalLbasize).toBeLessThanOrEqual(g.mapoff)
      expect(g.mapoff + g.externalNlba * 4).toBeLessThanOrEqual(g.logoff)
      expect(g.logoff + 16 * KIB).toBe(g.info2off)
      expect(g.info2off + 4096).toBe(size - (size % 4096))
    }
  }
})
