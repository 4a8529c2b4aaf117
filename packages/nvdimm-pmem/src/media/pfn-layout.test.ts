/** spec/pmem.md §1 (c), vectors 6 to 13 and 15 to 17. */
import { expect, test } from 'vitest'
import { pfnLayout } from './pfn-layout.ts'
import { pfnMode } from './pfn-superblock.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const { RAM, PMEM } = pfnMode
const start = 4 * GIB

test.each([
  ['§1 (c) 6', GIB, RAM, 8192, 262_142, 2_097_136],
  ['§1 (c) 7', GIB, PMEM, 18_874_368, 257_536, 2_060_288],
  ['§1 (c) 8', 128 * MIB, PMEM, 4_194_304, 31_744, 253_952],
  ['§1 (c) 9', 256 * MIB, PMEM, 6_291_456, 64_000, 512_000],
  ['§1 (c) 10', 4 * GIB, PMEM, 69_206_016, 1_031_680, 8_253_440],
  ['§1 (c) 11', 16 * GIB, PMEM, 270_532_608, 4_128_256, 33_026_048],
  ['§1 (c) 12', 1024 * GIB, PMEM, 17_181_966_336, 264_240_640, 2_113_925_120],
])('%s: the seed', (_, size, mode, dataoff, npfns, sectors) => {
  expect(pfnLayout({ start, size, mode }, 'seed')).toEqual({ dataoff, npfns, startPad: 0, endTrunc: 0, versionMinor: 0 })
  expect((size - dataoff) / 512).toBe(sectors)
})

test('§1 (c) 13: 127 MiB are too few for the seed, as is a start that is not at 128 MiB; a mode that is neither is -ENXIO', () => {
  expect(pfnLayout({ start, size: 127 * MIB, mode: PMEM }, 'seed')).toBe(-19)
  expect(pfnLayout({ start: start + 2 * MIB, size: GIB, mode: PMEM }, 'seed')).toBe(-19)
  expect(pfnLayout({ start, size: GIB, mode: pfnMode.NONE }, 'seed')).toBe(-6)
  expect(pfnLayout({ start, size: GIB, mode: 3 }, 'linux-6.1')).toBe(-6)
})

test.each([
  ['dev, 2 MiB', PMEM, 2 * MIB, 0x1000000, 253_952, 2_031_616],
  ['dev, 4 KiB', PMEM, 4096, 0x1000000, 253_952, 2_031_616],
  ['mem', RAM, 2 * MIB, 0x200000, 257_536, 2_060_288],
])('§1 (c) 15: Linux 6.1, 0x3f000000 bytes at 4 GiB, %s', (_, mode, align, dataoff, npfns, sectors) => {
  const size = 0x3f000000
  expect(pfnLayout({ start, size, mode, align }, 'linux-6.1')).toEqual({ dataoff, npfns, startPad: 0, endTrunc: 0, versionMinor: 4 })
  expect((size - dataoff) / 512).toBe(sectors)
})

test('§1 (c) 16: an alignment of 1 GiB does not fit into one, and does into two', () => {
  expect(pfnLayout({ start, size: GIB, mode: PMEM, align: GIB }, 'linux-6.1')).toBe(-6)
  expect(pfnLayout({ start, size: 2 * GIB, mode: PMEM, align: GIB }, 'linux-6.1')).toMatchObject({ dataoff: GIB, npfns: 262_144 })
})

test.each([0, 1, 3, 512, 8192, 65_536, MIB, 4 * MIB, 512 * MIB, 2 * GIB])(
  '§2 (c): an alignment that the kernel has no mapping of is -EINVAL: %i',
  (align) => {
    expect(pfnLayout({ start, size: 8 * GIB, mode: PMEM, align }, 'linux-6.1')).toBe(-22)
  },
)

test('§1 (c) 17: what is beyond the last 2 MiB is cut off; a start within them is -EINVAL', () => {
  expect(pfnLayout({ start, size: GIB + MIB, mode: PMEM }, 'linux-6.1')).toMatchObject({ endTrunc: 0x100000 })
  expect(pfnLayout({ start: start + MIB, size: GIB, mode: PMEM }, 'linux-6.1')).toBe(-22)
})

test.each([
  [0x3f000000, RAM, 1_054_867_456],
  [0x3f000000, PMEM, 1_040_187_392],
  [32 * MIB, RAM, 31_457_280],
])('§5 (c) sizes: RK, a namespace of %i bytes, mode %i: %i bytes', (size, mode, bytes) => {
  expect(pfnLayout({ start, size, mode }, 'linux-6.1')).toMatchObject({ npfns: bytes / 4096 })
})
