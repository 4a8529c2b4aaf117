/** A write in one go leaves what one leaves that is taken step by step. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import type { Medium } from '../media/medium.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { PartMedium } from '../media/part-medium.ts'
import { Btt } from './btt.ts'
import { ERROR, ZERO } from './map-entry.ts'
import { progress } from './progress.ts'

const BYTES = (16 << 20) + 4096
const SECTOR = 4096
const UUID = '00112233-4455-6677-8899-aabbccddeeff'

interface Side {
  readonly medium: MemoryMedium
  readonly btt: Btt
  readonly events: AnyEvent[]
}

function side(rules: 'seed' | 'linux-6.1' | 'sound'): Side {
  const medium = new MemoryMedium(new Uint8Array(BYTES))
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  const btt = Btt.create(medium, { uuid: UUID, sectorSize: SECTOR }, { rules, events: { emitter } })
  events.length = 0
  return { medium, btt, events }
}

const stepByStep = ({ btt }: Side, sector: number, data: Uint8Array, cpu: number): number => {
  const write = btt.startWrite(sector, data, { cpu })
  while (write.step() !== progress.done) continue
  return write.errno
}

test.each(['seed', 'linux-6.1', 'sound'] as const)(
  '%s: bytes, events and errors are the same, whatever the map and the lanes hold',
  (rules) => {
    const data = new Uint8Array(SECTOR)
    const writes = fc.array(
      fc.record({
        sector: fc.constantFrom(0, 1, 2, 15, 16, 3828, 3829, -1),
        cpu: fc.nat(3),
        byte: fc.nat(255),
        mark: fc.constantFrom(0, 0, 0, ERROR, ZERO),
        free: fc.constantFrom(null, null, null, null, 0xffff, 0xc000_0000),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(writes, (list) => {
        const [one, steps] = [side(rules), side(rules)]
        for (const { sector, cpu, byte, mark, free } of list) {
          for (const { btt } of [one, steps]) {
            const arena = btt.arenas[0]!
            if (mark !== 0 && sector >= 0 && sector < arena.info.externalNlba) arena.putEntry(sector, (mark | 7) >>> 0)
            if (free !== null) arena.free[cpu] = free
          }
          data.fill(byte)
          expect(one.btt.write(sector, data, cpu)).toBe(stepByStep(steps, sector, data, cpu))
          expect(one.btt.arenas[0]!.free).toEqual(steps.btt.arenas[0]!.free)
        }
        expect(Buffer.compare(one.medium.bytes, steps.medium.bytes)).toBe(0)
        expect(one.events).toEqual(steps.events)
      }),
      { numRuns: 25 },
    )
  },
)

test('it leaves alone what others have: a lane, and a block that is being read', () => {
  const { btt } = side('sound')
  const data = new Uint8Array(SECTOR).fill(1)
  const read = btt.startRead(0, new Uint8Array(SECTOR), { cpu: 1 })
  read.step()
  expect(btt.write(0, data, 0)).toBe(0)
  expect(() => btt.write(0, data, 1)).toThrow('would wait for ever')
})

test.each<[string, (bytes: Uint8Array) => Medium]>([
  ['memory', (bytes) => new MemoryMedium(bytes)],
  ['a part of it', (bytes) => new PartMedium(new MemoryMedium(bytes), 8192, bytes.length - 8192)],
  ['memory that is not aligned', (bytes) => new MemoryMedium(bytes.subarray(2))],
])('in %s: sectors of both arenas', (_, make) => {
  const sides = [0, 1].map(() => {
    const bytes = new Uint8Array(40 << 20)
    const btt = Btt.create(make(bytes), { uuid: UUID, sectorSize: SECTOR, arenaBytesMax: 17 << 20 })
    return { bytes, btt }
  })
  const second = sides[0]!.btt.arenas[1]!.firstLba
  expect(sides[0]!.btt.arenas).toHaveLength(2)
  for (const [i, sector] of [0, second - 1, second, second + 1, second].entries()) {
    const data = new Uint8Array(SECTOR).fill(i + 1)
    expect(sides[0]!.btt.write(sector, data, i)).toBe(0)
    const write = sides[1]!.btt.startWrite(sector, data, { cpu: i })
    while (write.step() !== progress.done) continue
    const into = new Uint8Array(SECTOR)
    sides[0]!.btt.read(sector, into)
    expect(into).toEqual(data)
  }
  expect(Buffer.compare(sides[0]!.bytes, sides[1]!.bytes)).toBe(0)
})

test('a medium that extends one in memory sees every store', () => {
  class Counting extends MemoryMedium {
    stores = 0
    override store(at: number, from: Uint8Array): void {
      this.stores++
      super.store(at, from)
    }
  }
  const medium = new Counting(new Uint8Array(BYTES))
  const btt = Btt.create(medium, { uuid: UUID })
  const before = medium.stores
  btt.write(0, new Uint8Array(SECTOR))
  expect(medium.stores).toBe(before + 1)
})

test('the data come before log and map', () => {
  const bytes = new Uint8Array(BYTES)
  Btt.create(new MemoryMedium(bytes), { uuid: UUID })
  const seen: number[][] = []
  class Watched extends Uint8Array<ArrayBuffer> {
    override set(from: ArrayLike<number>, at?: number): void {
      super.set(from, at)
      if (from.length === SECTOR) seen.push(words())
    }
  }
  const btt = Btt.open(new MemoryMedium(new Watched(bytes.buffer)))
  const arena = btt.arenas[0]!
  const words = (): number[] => [arena.group(0)[1].new, arena.group(0)[1].seq, arena.entry(5)]
  const before = words()
  expect(btt.write(5, new Uint8Array(SECTOR).fill(1))).toBe(0)
  expect(seen).toEqual([before])
  expect(words()).not.toEqual(before)
})

test('a block that 6.1 left marked as being read is waited for, as there', () => {
  const { btt } = side('linux-6.1')
  const arena = btt.arenas[0]!
  // What its read of a sector leaves that was zeroed between its two looks at the map.
  arena.track(3, arena.free[0]!)
  expect(() => btt.write(0, new Uint8Array(SECTOR), 0)).toThrow('would wait for ever')
})

test('a free block that could not be read is cleared before, as the log remembers', () => {
  const { medium, btt, events } = side('sound')
  btt.arenas[0]!.putEntry(7, (ERROR | 7) >>> 0)
  btt.write(7, new Uint8Array(SECTOR).fill(1))
  const again = Btt.open(medium, { events: { emitter: new Emitter(new ManualClock(), (event) => events.push(event)) } })
  events.length = 0
  expect([again.arenas[0]!.hasError[0], again.write(8, new Uint8Array(SECTOR)), again.arenas[0]!.hasError[0]]).toEqual([1, 0, 0])
  expect(events.map(({ type }) => type)).toEqual(['nvdimm-pmem/btt-block-cleared', 'nvdimm-pmem/btt-sector-written'])
})

test('a sector that is no whole number is -EIO, and nothing is written, read or said', () => {
  const { btt, events } = side('sound')
  const data = new Uint8Array(SECTOR).fill(1)
  btt.write(1, data)
  events.length = 0
  for (const sector of [1.5, -0.5, NaN, '1' as unknown as number]) {
    expect(btt.write(sector, new Uint8Array(SECTOR))).toBe(-5)
    expect(btt.write(sector, new Uint8Array(2 * SECTOR))).toBe(-5)
    expect(btt.read(sector, new Uint8Array(SECTOR))).toBe(-5)
    const write = btt.startWrite(sector, new Uint8Array(SECTOR))
    while (write.step() !== progress.done) continue
    expect(write.errno).toBe(-5)
  }
  const into = new Uint8Array(SECTOR)
  expect([events, btt.read(1, into), into]).toEqual([[], 0, data])
})
