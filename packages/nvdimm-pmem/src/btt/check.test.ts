/** What `ndctl check-namespace` looks at, each with something wrong: what is told, and where. */
import { beforeEach, describe, expect, test } from 'vitest'
import { encodeArenaInfo, type ArenaInfo } from '../media/arena-info.ts'
import type { MemoryMedium } from '../media/memory-medium.ts'
import { writtenBtt } from '../power/small-btt.test-support.ts'
import { Btt } from './btt.ts'
import { checkBtt } from './check.ts'
import { TOLD_MAX } from './faults.ts'

let medium: MemoryMedium
let btt: Btt
const arena = (): Btt['arenas'][number] => btt.arenas[0]!

beforeEach(() => {
  ;({ medium, btt } = writtenBtt())
})

const says = (): string[] => checkBtt(medium, 0).faults.map((f) => `${f.kind}: ${f.says}`)
const withInfo = (change: Partial<ArenaInfo>, copies: readonly number[] = [0, arena().info.info2off]): void => {
  for (const at of copies) medium.store(at, encodeArenaInfo({ ...arena().info, ...change }))
}

test('nothing wrong: no fault, and how many sectors are what', () => {
  arena().putEntry(20, 0x8000_0000 + 20)
  arena().putEntry(21, 0x4000_0000 + 21)
  expect(checkBtt(medium, 0)).toEqual({
    faults: [],
    more: 0,
    pending: [],
    arenas: [{ arena: 0, at: 0, sectors: 40, untouched: 36, zero: 1, error: 1 }],
  })
})

test('a committed write that the map does not show is pending, and no fault', () => {
  medium.store32(arena().mapAt(3), 0)
  expect(checkBtt(medium, 0)).toMatchObject({ faults: [], pending: [{ arena: 0, lane: 0, lba: 3, old: 3, new: 40 }] })
  expect(Btt.open(medium).recovered).toBe(1)
  expect(checkBtt(medium, 0)).toMatchObject({ faults: [], pending: [] })
})

describe('faults', () => {
  test('the info block: damaged, of another namespace, impossible, with its error flag', () => {
    medium.bytes[200]! ^= 1
    expect(says()).toEqual(['info: the checksum of an info block is wrong (at byte 0)'])
    withInfo({ flags: 1 })
    expect(says()).toEqual(['error-flag: the info block has the error flag: writes fail'])
    withInfo({ parentUuid: '11111111-2222-4333-8444-555555555555' })
    expect(checkBtt(medium, 0, '22222222-2222-4333-8444-555555555555').faults[0]!.says).toContain('belongs to namespace 11111111')
    withInfo({ nfree: 5 })
    expect(says()).toEqual(['info: an info block tells of 44 blocks for 40 sectors, with a lane count of 5 (at byte 0)'])
  })

  test('the second info block', () => {
    withInfo({ flags: 1 }, [arena().info.info2off])
    expect(says()).toEqual(['info2: the second info block differs from the first, from its byte 48 on'])
  })

  test('the log: sequence numbers, numbers beyond the arena, slots', () => {
    medium.store32(arena().logAt(0, 0) + 12, 2)
    medium.store32(arena().logAt(1, 1), 40)
    medium.store32(arena().logAt(2, 0) + 4, 44)
    expect(says()).toEqual([
      'log: the log of lane 0 has sequence numbers 2 and 2',
      'log: the log of lane 1 has sector 40, of 40',
      'log: the log of lane 2 has block 44, of 44',
    ])
    medium.store32(arena().logAt(3, 3), 7)
    expect(says()).toEqual(['slots: the log uses neither its slots 0 and 1 nor 0 and 2'])
  })

  test('the map: a block beyond the arena, one that two sectors have, and one that nobody has', () => {
    arena().putEntry(5, 0xc000_0000 + 44)
    expect(says()).toEqual(['map: the map has sector 5 in block 44, of 44'])
    arena().putEntry(5, 0xc000_0000 + 6)
    expect(says()).toEqual(["blocks: block 6 is sector 6's and somebody else's"])
    arena().putEntry(5, 0xc000_0000 + 41)
    expect(says()).toEqual(["blocks: block 41 is sector 9's and somebody else's"])
  })

  test('of many alike some are told, and how many more there are', () => {
    for (let lba = 0; lba < 40; lba++) arena().putEntry(lba, 0xffff_ffff)
    const { faults, more } = checkBtt(medium, 0)
    expect([faults.length, more]).toEqual([TOLD_MAX, 40 - TOLD_MAX])
  })
})

test('an arena that is not there ends the check, and is a fault', () => {
  withInfo({ nextoff: arena().info.info2off + 4096 })
  expect(says()).toEqual([expect.stringMatching(/^info: an arena's info block is beyond the \d+ bytes there are/)])
})
