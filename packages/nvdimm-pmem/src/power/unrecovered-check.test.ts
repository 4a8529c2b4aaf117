/** A check of what a power failure left, before anything recovers it: writes may be pending, and nothing is broken. */
import { expect, test } from 'vitest'
import { checkBtt } from '../btt/check.ts'
import { crashStates } from './crash-states.ts'
import { RecordedBtt } from './recorded-btt.ts'
import { filled, smallBtt, type SmallBtt } from './small-btt.test-support.ts'

const size: SmallBtt = { sectors: 12, lanes: 4, sectorSize: 512 }

test('on two lanes, whose writes take each other’s blocks over, in turn and at once', () => {
  const btt = new RecordedBtt(smallBtt(size, 0xee))
  const turns = [
    [3, 0],
    [7, 1],
    [3, 1],
    [7, 0],
    [3, 0],
    [3, 1],
    [5, 1],
    [7, 1],
    [5, 0],
  ] as const
  for (const [n, [sector, cpu]] of turns.entries()) btt.write(sector, filled(512, n), cpu)
  const [a, b] = [btt.begin(3, filled(512, 20), 0), btt.begin(7, filled(512, 21), 1)]
  for (let i = 0; btt.isRunning(a) || btt.isRunning(b); i++) for (const r of [a, b]) if (btt.isRunning(r)) btt.step(r)
  let pending = 0
  for (const { after, medium } of crashStates(btt.base, btt.ops, { random: 2 })) {
    const checked = checkBtt(medium, btt.btt.arenas[0]!.at)
    expect([after, checked.faults]).toEqual([after, []])
    pending += checked.pending.length
  }
  expect(pending).toBeGreaterThan(10)
})
