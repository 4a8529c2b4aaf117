// oxlint-disable vitest/no-conditional-expect -- each image and bit is judged by what it is
/** Superblocks byte for byte: spec/pmem.md §3 (c), and what the real kernel and ndctl 76 wrote and printed. */
import { describe, expect, test } from 'vitest'
import { beginningBytes, imageBytes, infoblockOf, madeBeginnings, mediaBeginnings, mediaImages } from '../../test/media-files.ts'
import { plannedArenas } from '../btt/format.ts'
import { encodeArenaInfo } from './arena-info.ts'
import { infoblocksIn, superblockOf } from './infoblocks.ts'
import { MemoryMedium } from './memory-medium.ts'
import { ndctlFields } from './ndctl-fields.ts'
import { pfnLayout } from './pfn-layout.ts'
import { decodePfn, effective, encodePfn, pfnMode } from './pfn-superblock.ts'
import { checksumIn, isWhole, kindOf, SuperblockError } from './superblock.ts'
import { NULL_UUID } from './uuid.ts'

const U = '00112233-4455-6677-8899-aabbccddeeff'
const MIB = 1 << 20
const GIB = 1 << 30

const btt = (sectorSize: number, uuid = U, parentUuid = NULL_UUID, flags = 0): bigint => {
  const [arena] = plannedArenas(32 * MIB, { sectorSize, uuid, parentUuid })
  return checksumIn(encodeArenaInfo({ ...arena!.info, flags }))
}
const made = (rules: 'seed' | 'linux-6.1', kind: 'pfn' | 'dax', mode: number): bigint => {
  const layout = pfnLayout({ start: 0, size: GIB, mode }, rules)
  if (typeof layout === 'number') throw new Error(`refused: ${layout}`)
  const is61 = rules === 'linux-6.1'
  const sizes = { align: is61 ? 2 * MIB : 0, pageSize: is61 ? 4096 : 0, pageStructSize: is61 ? 64 : 0 }
  return checksumIn(encodePfn({ kind, uuid: U, parentUuid: NULL_UUID, flags: 0, versionMajor: 1, mode, ...layout, ...sizes }))
}

describe('§3 (c) checksums of whole superblocks', () => {
  test('of a BTT over 32 MiB', () => {
    expect(btt(512)).toBe(0x0026cdc66803722bn)
    expect(btt(4096)).toBe(0x076e444668055283n)
  })

  test('of the BTT that a kernel made (RK), with its error flag, and for no namespace in particular', () => {
    const uuid = 'edba33a6-5c10-409d-836d-39b549a65d19'
    const parent = '8353dfb3-764d-4690-8ead-a1b2bd8e7aad'
    expect(btt(512, uuid, parent)).toBe(0x76b1d064b82e50ecn)
    expect(btt(512, uuid, parent, 1)).toBe(0x76b1d458b82e50edn)
    expect(btt(512, uuid, NULL_UUID)).toBe(0x8f44ff4d13ec73a8n)
  })

  test('of fsdax and devdax namespaces of 1 GiB, today and under the seed', () => {
    expect(made('linux-6.1', 'pfn', pfnMode.PMEM)).toBe(0x72608d344abc140an)
    expect(made('linux-6.1', 'pfn', pfnMode.RAM)).toBe(0x809f894649bc2409n)
    expect(made('linux-6.1', 'dax', pfnMode.PMEM)).toBe(0x7e88653e3ebc1e05n)
    expect(made('linux-6.1', 'dax', pfnMode.RAM)).toBe(0x8cc761503dbc2e04n)
    expect(made('seed', 'pfn', pfnMode.PMEM)).toBe(0xe4f4f2f44a9803can)
    expect(made('seed', 'pfn', pfnMode.RAM)).toBe(0x757a0726497835c7n)
  })
})

describe('every image', () => {
  test.each([...mediaBeginnings, ...madeBeginnings])('%s: field for field what ndctl printed', (name) => {
    const [block] = infoblocksIn(new MemoryMedium(beginningBytes(name)))
    expect(block).toMatchObject({ at: 4096, problem: null })
    expect(Object.entries(block!.fields!)).toEqual(Object.entries(infoblockOf(name)))
    if (!name.startsWith('pfn-')) expect(encodePfn(decodePfn(block!.block))).toEqual(block!.block)
  })

  test.each(mediaImages)('%s: field for field what ndctl printed', (name) => {
    const blocks = infoblocksIn(new MemoryMedium(imageBytes(name)))
    const at = superblockOf(blocks)!.fields!['version'] === '2.0' ? 0 : 4096
    expect(superblockOf(blocks)).toMatchObject({ kind: 'btt', at, problem: null })
    expect(Object.entries(superblockOf(blocks)!.fields!)).toEqual(Object.entries(infoblockOf(name)))
  })
})

test.each(madeBeginnings)('%s: the layout that the kernel chose', (name) => {
  const { block } = infoblocksIn(new MemoryMedium(beginningBytes(name)))[0]!
  const there = decodePfn(block)
  const layout = pfnLayout({ start: 4 * GIB, size: 2 * GIB, mode: there.mode, align: there.align }, 'linux-6.1')
  if (typeof layout === 'number') throw new Error(`refused: ${layout}`)
  expect(encodePfn({ ...there, ...layout })).toEqual(block)
})

const pfn = (minor: number): ReturnType<typeof effective> =>
  effective(decodePfn(infoblocksIn(new MemoryMedium(beginningBytes(`pfn-v1.${minor}`)))[0]!.block))

describe('versions', () => {
  test('what a version does not have is what Linux 6.1 takes it to be', () => {
    // The files have something in every field; dataoff is 18 MiB.
    expect(pfn(0)).toMatchObject({ startPad: 0, endTrunc: 0, align: 16 * MIB, pageSize: 4096, pageStructSize: 64 })
    expect(pfn(1)).toMatchObject({ startPad: 7, endTrunc: 8, align: 16 * MIB, pageSize: 4096, pageStructSize: 64 })
    expect(pfn(2)).toMatchObject({ startPad: 7, endTrunc: 8, align: 16 * MIB, pageSize: 4096, pageStructSize: 64 })
    expect(pfn(3)).toMatchObject({ align: 4096, pageSize: 4096, pageStructSize: 64 })
    expect(pfn(4)).toMatchObject({ align: 4096, pageSize: 8192, pageStructSize: 32 })
  })
})

describe('damage', () => {
  const whole = infoblocksIn(new MemoryMedium(beginningBytes('info-fsdax-dev')))[0]!.block

  test('any flipped bit of a superblock is noticed, and told', () => {
    for (let bit = 0; bit < 4096 * 8; bit += 7) {
      const bytes = new Uint8Array(8192)
      bytes.set(whole, 4096)
      bytes[4096 + (bit >> 3)]! ^= 1 << (bit & 7)
      const [block] = infoblocksIn(new MemoryMedium(bytes))
      if (bit < 16 * 8) expect(block).toBeUndefined()
      else expect(block?.problem).toMatch(/^its checksum is 0x[0-9a-f]+, computed 0x[0-9a-f]+$/)
    }
  })

  test('a signature has to be whole, zeros included', () => {
    const block = whole.slice()
    block[15] = 1
    expect(kindOf(block)).toBeNull()
    expect(kindOf(whole.subarray(0, 4095))).toBeNull()
    expect(isWhole(whole)).toBe(true)
  })

  test('an offset that no device has is refused, not rounded', () => {
    const block = whole.slice()
    new DataView(block.buffer).setBigUint64(56, 1n << 63n, true)
    expect(() => ndctlFields(block)).toThrow(SuperblockError)
    expect(() => ndctlFields(block)).toThrow('dataoff (byte 56 of the superblock) is 0x8000000000000000, which no device has')
  })
})

test('what lies in the first sector of a BTT 2.0 does not pass for a superblock of the namespace', () => {
  const bytes = imageBytes('btt-4096')
  bytes.set(infoblocksIn(new MemoryMedium(beginningBytes('info-fsdax-dev')))[0]!.block, 4096)
  expect(superblockOf(infoblocksIn(new MemoryMedium(bytes)))).toMatchObject({ kind: 'btt', at: 0 })
  bytes[100]! ^= 1
  expect(superblockOf(infoblocksIn(new MemoryMedium(bytes)))).toMatchObject({ kind: 'pfn', at: 4096 })
})
