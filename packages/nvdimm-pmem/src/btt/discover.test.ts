// oxlint-disable vitest/no-conditional-expect -- what is damaged may still open, or say why not
/** Opening what somebody else made, or nobody: several arenas, damage, and what is meant to do harm. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeArenaInfo, encodeArenaInfo, type ArenaInfo } from '../media/arena-info.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { MediumError, type Medium } from '../media/medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { ZeroMedium } from '../media/zero-medium.ts'
import { filled, smallBtt } from '../power/small-btt.test-support.ts'
import { BttError } from './btt-error.ts'
import { Btt } from './btt.ts'
import { checkBtt } from './check.ts'
import { planRepair, repairBtt } from './repair.ts'
import { LANES_MAX } from './discover.ts'
import { sectorSizes } from './geometry.ts'

const uuid = '00112233-4455-6677-8899-aabbccddeeff'
const MIB = 1 << 20

function threeArenas(): { medium: MemoryMedium; btt: Btt } {
  const medium = new MemoryMedium(new Uint8Array(48 * MIB))
  return { medium, btt: Btt.create(medium, { uuid, version: '2.0', arenaBytesMax: 16 * MIB }) }
}

describe('several arenas', () => {
  test('follow each other, and so do their sectors', () => {
    const { medium, btt } = threeArenas()
    expect(btt.arenas.map(({ at, info }) => [at, info.nextoff])).toEqual([
      [0, 16 * MIB],
      [16 * MIB, 16 * MIB],
      [32 * MIB, 0],
    ])
    const each = btt.arenas[0]!.info.externalNlba
    expect(btt.sectorCount).toBe(3 * each)
    for (const n of [0, each - 1, each, 2 * each, 3 * each - 1]) expect(btt.write(n, filled(4096, n % 251))).toBe(0)
    const again = Btt.open(medium)
    for (const n of [0, each - 1, each, 2 * each, 3 * each - 1]) {
      const into = filled(4096, 0)
      expect([n, again.read(n, into), into[4095]]).toEqual([n, 0, n % 251])
    }
    expect(again.read(3 * each, filled(4096, 0))).toBe(-5)
    expect(checkBtt(medium, 0)).toMatchObject({ faults: [], arenas: [{}, {}, {}] })
  })

  test('§4: the first one there and a later one not is -ENODEV', () => {
    const { medium } = threeArenas()
    medium.bytes[16 * MIB + 60]! ^= 1
    expect(() => Btt.open(medium)).toThrow(expect.objectContaining({ errno: -19, at: 16 * MIB }))
  })
})

describe('every sector size and version', () => {
  test.each(sectorSizes.flatMap((size) => (['1.1', '2.0'] as const).map((version) => [size, version] as const)))(
    '%i, %s',
    (sectorSize, version) => {
      const medium = new MemoryMedium(new Uint8Array(17 * MIB))
      const btt = Btt.create(medium, { uuid, sectorSize, version })
      expect(btt.arenas[0]!.at).toBe(version === '2.0' ? 0 : 4096)
      expect([btt.sectorSize, btt.metadataSize]).toEqual(sectorSize < 4096 ? [512, sectorSize - 512] : [4096, sectorSize - 4096])
      const metadata = btt.metadataSize > 0 ? filled(btt.metadataSize, 7) : null
      const last = btt.sectorCount - 1
      const write = btt.startWrite(last, filled(btt.sectorSize, 5), { metadata })
      write.run()
      const [data, beside] = [filled(btt.sectorSize, 0), metadata === null ? null : filled(btt.metadataSize, 0)]
      const read = Btt.open(medium).startRead(last, data, { metadata: beside })
      read.run()
      expect([write.errno, read.errno, data[0], data.at(-1), beside?.[0]]).toEqual([0, 0, 5, 5, metadata?.[0]])
      expect(checkBtt(medium, btt.arenas[0]!.at).faults).toEqual([])
    },
  )
})

describe('what is not there or damaged', () => {
  test('nothing at all: -ENODEV, with where was looked', () => {
    expect(() => Btt.open(new MemoryMedium(new Uint8Array(MIB)))).toThrow('neither at byte 0 (2.0) nor at byte 4096 (1.1)')
    expect(() => Btt.open(new MemoryMedium(new Uint8Array(100)))).toThrow(expect.objectContaining({ errno: -19 }))
    expect(() => Btt.open(new MemoryMedium(new Uint8Array(0)))).toThrow(expect.objectContaining({ errno: -19 }))
  })

  test('6.1 refuses fewer lanes than it has; others make do', () => {
    const medium = smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 })
    expect(() => Btt.open(medium, { rules: 'linux-6.1' })).toThrow(expect.objectContaining({ errno: -19 }))
    expect(Btt.open(medium).write(3, filled(512, 1), 200)).toBe(0)
  })

  test('a device that was cut: its end is named', () => {
    const medium = new MemoryMedium(smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 }).bytes.subarray(0, 20_000))
    expect(() => Btt.open(medium)).toThrow(/an info block tells of \d+ bytes where 20000 are left \(at byte 0\)/)
  })
})

/** What is planned is what comes of it, and all that can be done. */
function repairs(medium: Medium): void {
  const plan = planRepair(medium)
  if (plan === null) return
  const overlay = new OverlayMedium(medium)
  repairBtt(overlay, plan)
  expect(checkBtt(overlay, plan.start)).toEqual(plan.left)
  expect(planRepair(overlay)!.mends).toEqual([])
}

/** Opens, checks and repairs; whatever is wrong is said in one of the ways there are. */
function survives(bytes: Uint8Array): void {
  const medium = new MemoryMedium(bytes)
  checkBtt(medium, 0)
  repairs(medium)
  try {
    const btt = Btt.open(medium, { start: 0 })
    for (const sector of [0, 1, btt.sectorCount - 1]) {
      btt.read(sector, new Uint8Array(btt.sectorSize))
      btt.write(sector, new Uint8Array(btt.sectorSize), sector)
    }
  } catch (error) {
    expect(error instanceof BttError || error instanceof MediumError ? '' : String(error)).toBe('')
  }
}

describe('what is meant to do harm', () => {
  const whole = smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 }).bytes
  const info = decodeArenaInfo(whole)
  const u32 = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 44, 511, 512, 4096, 0x7fff_ffff, 0xffff_ffff), fc.nat(100))
  const u64 = fc.oneof(fc.constantFrom(0, 1, 4096, 8192, 24_576, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER), fc.nat(100_000))

  test('info blocks with a right checksum and any numbers: loops, offsets beyond everything, sizes of nothing', () => {
    const counts = { nfree: u32, externalNlba: u32, internalNlba: u32, externalLbasize: u32, internalLbasize: u32, infosize: u32 }
    const offsets = { nextoff: u64, dataoff: u64, mapoff: u64, logoff: u64, info2off: u64 }
    const change = fc.record({ ...counts, ...offsets }, { requiredKeys: [] }) as fc.Arbitrary<Partial<ArenaInfo>>
    fc.assert(
      fc.property(change, (changes) => {
        const bytes = whole.slice()
        bytes.set(encodeArenaInfo({ ...info, ...changes }))
        survives(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('more lanes than anybody makes, on a device that would have room for their log', () => {
    const lanes = LANES_MAX + 1
    const info2off = 16_384 + lanes * 64
    const large = new OverlayMedium(new ZeroMedium(2 ** 40))
    const change = { nfree: lanes, internalNlba: 40 + lanes, internalLbasize: 512, dataoff: 2 ** 30, mapoff: 2 ** 38, logoff: 2 ** 39 }
    large.store(0, encodeArenaInfo({ ...info, ...change, info2off: 2 ** 39 + info2off }))
    expect(() => Btt.open(large)).toThrow(`${lanes} lanes, more than ${LANES_MAX}`)
  })

  test('any bytes changed in info blocks, map and log', () => {
    const place = fc.record({ at: fc.integer({ min: 0, max: whole.length - 1 }), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(place, { maxLength: 40 }), fc.nat(2000), (places, cut) => {
        const bytes = whole.slice(0, whole.length - cut)
        for (const { at, byte } of places) if (at < bytes.length) bytes[at] = byte
        survives(bytes)
      }),
      { numRuns: 500 },
    )
  })
})
