/** A write in one go leaves what one leaves that is taken step by step. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { MemoryMedium } from '../media/memory-medium.ts'
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
