/** spec/pmem.md §4 (c): what Linux 6.1 had on a 32 MiB BTT of 512-byte sectors after each of these, word for word. */
import { beforeEach, describe, expect, test } from 'vitest'
import { encodeArenaInfo, decodeArenaInfo } from '../media/arena-info.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { NULL_UUID } from '../media/uuid.ts'
import { Btt, type BttOptions } from './btt.ts'

const uuid = 'edba33a6-5c10-409d-836d-39b549a65d19'
const parentUuid = '8353dfb3-764d-4690-8ead-a1b2bd8e7aad'
const START = 4096
const MAP = START + 0x1fba000
const LOG = START + 0x1ffa000
const SECTOR = 512

let medium: MemoryMedium
let btt: Btt

const open = (options: BttOptions = {}): Btt => (btt = Btt.open(medium, { rules: 'linux-6.1', parentUuid, ...options }))
const map = (lba: number): number => medium.load32(MAP + lba * 4)
const slot = (lane: number, n: number): number[] => [0, 1, 2, 3].map((word) => medium.load32(LOG + lane * 64 + n * 16 + word * 4))
const filled = (byte: number, sectors = 1): Uint8Array => new Uint8Array(SECTOR * sectors).fill(byte)
const write = (sector: number, byte = 0xd4, cpu = 0, sectors = 1): number => btt.write(sector, filled(byte, sectors), cpu)

beforeEach(() => {
  medium = new MemoryMedium(new Uint8Array(32 << 20))
  btt = Btt.create(medium, { uuid, parentUuid, sectorSize: SECTOR }, { rules: 'linux-6.1', parentUuid })
})

/** The writes of the vectors, up to sectors 8 to 15. */
function vectors(): void {
  write(0)
  write(0)
  write(5, 0xd5, 1)
  write(0)
  write(8, 0xd8, 0, 8)
}

test('§4 (c): fresh', () => {
  expect(slot(0, 0)).toEqual([0, 0xfcc4, 0xfcc4, 1])
  expect(slot(0, 1)).toEqual([0, 0, 0, 0])
  expect(btt.arenas[0]!.info.externalNlba).toBe(0xfcc4)
})

test('§4 (c): write after write: blocks and slots in turn, each lane its own', () => {
  write(0)
  expect([map(0), slot(0, 1)]).toEqual([0xc000fcc4, [0, 0, 0xfcc4, 2]])
  write(0)
  expect([map(0), slot(0, 0)]).toEqual([0xc0000000, [0, 0xfcc4, 0, 3]])
  write(5, 0xd5, 1)
  expect([map(5), slot(1, 1)]).toEqual([0xc000fcc5, [5, 5, 0xfcc5, 2]])
  write(0)
  expect([map(0), slot(0, 1)]).toEqual([0xc000fcc4, [0, 0, 0xfcc4, 1]])
  write(8, 0xd8, 0, 8)
  expect([8, 9, 10, 11, 12, 13, 14, 15].map(map)).toEqual([0xc0000000, ...[8, 9, 10, 11, 12, 13, 14].map((b) => 0xc0000000 + b)])
  expect([slot(0, 0), slot(0, 1)]).toEqual([
    [0xe, 0xe, 0xd, 2],
    [0xf, 0xf, 0xe, 3],
  ])
})

test('§4 (c): a map entry that lags behind its log is brought up to date when the BTT is opened', () => {
  vectors()
  medium.store32(MAP + 15 * 4, 0)
  expect(open().recovered).toBe(1)
  expect(map(15)).toBe(0xc000000e)
  expect(open().recovered).toBe(0)
})

describe('§4 (c): flags of map entries', () => {
  test('a read of several sectors ends at one of zeros, says that all is well, and leaves the rest', () => {
    vectors()
    medium.store32(MAP + 3 * 4, 0x80000003)
    const into = filled(0xee, 8)
    expect(btt.read(0, into)).toBe(0)
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((s) => into[s * SECTOR])).toEqual([0xd4, 0, 0, 0, 0xee, 0xee, 0xee, 0xee])
  })

  test('not so by the sound rules', () => {
    vectors()
    medium.store32(MAP + 3 * 4, 0x80000003)
    const into = filled(0xee, 8)
    expect(open({ rules: 'sound' }).read(0, into)).toBe(0)
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((s) => into[s * SECTOR])).toEqual([0xd4, 0, 0, 0, 0, 0xd5, 0, 0])
  })

  test('an error entry fails reads until it is written; the log has it with its flag', () => {
    vectors()
    medium.store32(MAP + 20 * 4, 0x40000014)
    expect(btt.read(20, filled(0))).toBe(-5)
    expect(write(20)).toBe(0)
    expect([map(20), slot(0, 0)[1]]).toEqual([0xc000000f, 0x40000014])
    expect(btt.read(20, filled(0))).toBe(0)
    // The block that it had is free, and was cleared.
    expect(btt.arenas[0]!.free[0]).toBe(20)
  })
})

describe('§4 (c): a log that makes no sense', () => {
  test.each([
    [1, 1],
    [4, 2],
  ])('sequence numbers %i and %i', (first, second) => {
    vectors()
    medium.store32(LOG + 12, first)
    medium.store32(LOG + 16 + 12, second)
    expect(() => open()).toThrow(
      expect.objectContaining({ errno: -5, message: `log corruption (-22): lane 0 seq [${first}, ${second}] (at byte ${LOG})` }),
    )
  })

  test('§4 (b): (2,0) and (3,0) take the second slot, (4,1) is accepted', () => {
    for (const first of [2, 3]) {
      medium.store32(LOG + 12, first)
      expect(open().arenas[0]!.sub[0]).toBe(0)
    }
    vectors()
    medium.store32(LOG + 12, 4)
    medium.store32(LOG + 16 + 12, 1)
    expect(open().arenas[0]!.sub[0]).toBe(0)
  })
})

function withInfo(change: (block: Uint8Array) => void, encoded = true): void {
  const block = medium.bytes.slice(START, START + 4096)
  change(block)
  medium.store(START, encoded ? encodeArenaInfo(decodeArenaInfo(block)) : block)
}

describe('§4 (c): info blocks', () => {
  test('with the error flag: writes fail, reads do not', () => {
    vectors()
    withInfo((block) => (block[48] = 1))
    open()
    expect(write(0)).toBe(-5)
    const into = filled(0)
    expect(btt.read(0, into)).toBe(0)
    expect(into[0]).toBe(0xd4)
  })

  test('a signature that is not right: no BTT, though its copy is whole', () => {
    withInfo((block) => (block[0]! ^= 1), false)
    expect(() => open()).toThrow(expect.objectContaining({ errno: -19 }))
    expect(() => open({ start: START })).toThrow('no arena begins here: there is no BTT_ARENA_INFO (at byte 4096)')
  })

  test('of another namespace: none; of no namespace in particular: taken', () => {
    withInfo((block) => (block[32]! ^= 1))
    expect(() => open()).toThrow(expect.objectContaining({ errno: -19 }))
    withInfo((block) => block.fill(0, 32, 48))
    expect(open().arenas[0]!.info.parentUuid).toBe(NULL_UUID)
  })
})

test('§4 (c): the layout of Linux up to 4.14, slots 0 and 2, is told from what is used, and kept to', () => {
  write(0)
  write(5, 0xd5, 1)
  for (const lane of [0, 1]) {
    const second = medium.bytes.slice(LOG + lane * 64 + 16, LOG + lane * 64 + 32)
    medium.store(LOG + lane * 64 + 32, second)
    medium.zero(LOG + lane * 64 + 16, 16)
  }
  expect(open().arenas[0]!.slots).toEqual([0, 2])
  write(0)
  expect(slot(0, 0)).toEqual([0, 0xfcc4, 0, 3])
  write(0)
  expect(slot(0, 2)).toEqual([0, 0, 0xfcc4, 1])
  expect(slot(0, 1)).toEqual([0, 0, 0, 0])
})
