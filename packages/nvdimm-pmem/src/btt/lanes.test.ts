/** Operations beside each other: what waits for what. */
import { describe, expect, test } from 'vitest'
import { filled, smallBtt } from '../power/small-btt.test-support.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { Btt } from './btt.ts'
import { progress } from './progress.ts'

const { going, waiting, done } = progress
const opened = (rules: 'sound' | 'linux-6.1' = 'sound'): Btt =>
  Btt.open(smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 }), { rules, lanes: 4 })
const sector = (byte: number): Uint8Array => filled(512, byte)

describe('a lane', () => {
  test('does one thing at a time', () => {
    const btt = opened()
    const first = btt.startWrite(1, sector(1), { cpu: 0 })
    expect(first.step()).toBe(going)
    const second = btt.startRead(2, sector(0), { cpu: 4 })
    expect(second.step()).toBe(waiting)
    expect(() => btt.write(3, sector(3), 0)).toThrow('would wait for ever')
    expect(btt.write(3, sector(3), 1)).toBe(0)
    while (first.step() !== done);
    expect(second.step()).toBe(going)
  })

  test('is that of the CPU, modulo how many there are', () => {
    const btt = opened()
    for (const cpu of [2, 6]) btt.write(7, sector(cpu), cpu)
    expect(btt.arenas[0]!.seq[2]).toBe(1)
    expect([...btt.arenas[0]!.seq]).toEqual([2, 2, 1, 2])
  })
})

describe('read tracking', () => {
  test('whoever is to write a block that is being read waits for the reader', () => {
    const btt = opened()
    btt.write(1, sector(1), 0)
    const into = sector(0)
    const read = btt.startRead(1, into, { cpu: 1 })
    expect([read.step(), read.step()]).toEqual([going, going])
    // Lane 0 gets the block that is being read, and would write into it next.
    expect(btt.write(1, sector(2), 0)).toBe(0)
    const write = btt.startWrite(2, sector(3), { cpu: 0 })
    expect([write.step(), write.step(), write.step()]).toEqual([going, waiting, waiting])
    expect(read.step()).toBe(done)
    expect(into).toEqual(sector(1))
    expect(write.step()).toBe(going)
    while (write.step() !== done);
    expect(btt.read(2, into)).toBe(0)
    expect(into).toEqual(sector(3))
  })

  test('a sector that was written between looking at the map and tracking its block is looked at again', () => {
    const btt = opened()
    btt.write(1, sector(1), 0)
    const into = sector(0)
    const read = btt.startRead(1, into, { cpu: 1 })
    read.step()
    btt.write(1, sector(2), 0)
    expect([read.step(), read.step(), read.step()]).toEqual([going, going, done])
    expect(into).toEqual(sector(2))
    expect(btt.arenas[0]!.readers).toBe(0)
  })

  test.each([
    ['linux-6.1', 1],
    ['sound', 0],
  ] as const)('§3 (b): one that has become unreadable by then leaves its block tracked under %s: %i', (rules, left) => {
    const btt = opened(rules)
    btt.write(1, sector(1), 0)
    const read = btt.startRead(1, sector(0), { cpu: 1 })
    read.step()
    const arena = btt.arenas[0]!
    arena.putEntry(1, 0x4000_0000 + 40)
    expect(read.step()).toBe(done)
    expect([read.errno, arena.readers]).toEqual([-5, left])
  })
})

test('map entries of one cache line have one lock', () => {
  const btt = opened()
  const [first, near, far] = [3, 4, 17].map((n, lane) => btt.startWrite(n, sector(n), { cpu: lane }))
  for (const write of [first!, near!, far!]) for (let step = 0; step < 3; step++) write.step()
  expect([first!.step(), near!.step(), far!.step()]).toEqual([going, waiting, going])
  while (first!.step() !== done);
  expect(near!.step()).toBe(going)
})

test('a map entry is locked until it is durable', () => {
  const locked: boolean[] = []
  class Watched extends MemoryMedium {
    override store32(at: number, word: number): void {
      super.store32(at, word)
      locked.push(arena.locks[arena.lockOf(3)] === 2)
    }
  }
  const btt = Btt.open(new Watched(smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 }).bytes))
  const arena = btt.arenas[0]!
  expect(btt.write(3, sector(1), 2)).toBe(0)
  expect([locked, arena.locks[arena.lockOf(3)]]).toEqual([[true], -1])
})
