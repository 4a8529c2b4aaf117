import { describe, expect, test } from 'vitest'
import { Btt } from '../btt/btt.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { explore, type Explored, type ExploreOptions } from './explore.ts'
import { swapped, without, writeSteps, type WriteStep } from './mutants.test-support.ts'
import type { PersistOp } from './persist-op.ts'
import { RecordedBtt } from './recorded-btt.ts'
import { filled, smallBtt, type SmallBtt } from './small-btt.test-support.ts'

const size: SmallBtt = { sectors: 12, lanes: 4, sectorSize: 512 }
const UUID = '00112233-4455-6677-8899-aabbccddeeff'
/** What blocks hold before: a reader that is led to a wrong one shows it. */
const STALE = 0xee

function explored(btt: RecordedBtt, ops: readonly PersistOp[] = btt.ops, options: ExploreOptions = {}): Explored {
  const start = btt.btt.arenas[0]!.at
  return explore({ base: btt.base, ops, start, allowed: (sector, after) => btt.allowed(sector, after) }, options)
}

/** Writes one after the other: sector, what it is filled with, CPU. */
function wrote(...writes: readonly (readonly [sector: number, byte: number, cpu: number])[]): RecordedBtt {
  const btt = new RecordedBtt(smallBtt(size, STALE))
  for (const [sector, byte, cpu] of writes) btt.write(sector, filled(512, byte), cpu)
  return btt
}

/** On one lane: a sector's first write, another's, the first one's again, and a third one's into the block that this freed. */
const onOneLane = (): RecordedBtt => wrote([3, 1, 0], [7, 2, 0], [3, 3, 0], [5, 4, 0])
/** One sector from two lanes, so that recovery meets the older lane last. */
const onTwoLanes = (): RecordedBtt => wrote([3, 1, 1], [3, 2, 0])

function told(what: string, { states, recovered }: Explored): void {
  process.stdout.write(`power failure, ${what}: ${states} crash states, ${recovered} of them with something to recover\n`)
}

describe('a power failure at any moment of a write', () => {
  test('leaves every sector old or new, on one lane and on two', () => {
    for (const [what, btt] of [
      ['writes on one lane', onOneLane()],
      ['one sector written on two lanes', onTwoLanes()],
    ] as const) {
      const result = explored(btt)
      told(what, result)
      expect(result.broken).toEqual([])
      expect(result.recovered).toBeGreaterThan(0)
    }
  })

  test('also with 4096-byte sectors in an arena as the kernel makes it', () => {
    const base = new MemoryMedium(new Uint8Array((16 << 20) + 4096).fill(STALE))
    Btt.create(base, { uuid: UUID, sectorSize: 4096 })
    const medium = new MemoryMedium(base.bytes)
    const btt = Btt.open(medium)
    btt.write(1, filled(4096, 9), 1)
    const recorded = new RecordedBtt(base)
    recorded.write(0, filled(4096, 1))
    recorded.write(1, filled(4096, 2))
    recorded.write(0, filled(4096, 3))
    const { arenas } = recorded.btt
    const scenario = { base, ops: recorded.ops, start: arenas[0]!.at, sectors: [0, 1, 2, 3828] }
    const result = explore({ ...scenario, allowed: (sector, after) => recorded.allowed(sector, after) }, { random: 4 })
    told('4096-byte sectors', result)
    expect(result.broken).toEqual([])
    expect(result.states).toBeGreaterThan(400)
  }, 60_000)
})

/** Every order in which `a` steps of one and `b` steps of another can follow each other. */
function* merges(a: number, b: number): Generator<readonly (0 | 1)[]> {
  if (a === 0 && b === 0) yield []
  if (a > 0) for (const rest of merges(a - 1, b)) yield [0, ...rest]
  if (b > 0) for (const rest of merges(a, b - 1)) yield [1, ...rest]
}

/** Steps of a write that touch nothing but its lane; and those after that: data, lock, both halves of the log, map. */
const STEPS_BEFORE = 2
const STEPS = 5

test.each([
  { what: 'the same sector', first: 3, second: 3, orders: 10 },
  { what: 'sectors whose map entries share a line, and so a lock', first: 3, second: 4, orders: 10 },
  { what: 'sectors that have nothing to do with each other', first: 3, second: 17, orders: 70 },
])(
  'two lanes at once, in every order of their steps: $what',
  ({ what, first, second, orders }) => {
    const seen = new Set<string>()
    const all = { states: 0, recovered: 0, broken: [] as unknown[] }
    for (const order of merges(STEPS, STEPS)) {
      const btt = new RecordedBtt(smallBtt({ ...size, sectors: 20 }, STALE))
      const running = [btt.begin(first, filled(512, 1), 0), btt.begin(second, filled(512, 2), 1)] as const
      for (const r of running) for (let step = 0; step < STEPS_BEFORE; step++) btt.step(r)
      for (const who of order) if (btt.isRunning(running[who])) btt.step(running[who])
      for (const r of running) while (btt.isRunning(r)) if (!btt.step(r)) btt.step(running[r === running[0] ? 1 : 0])
      const key = btt.ops.map(({ cpu }) => cpu).join('')
      if (seen.has(key)) continue
      seen.add(key)
      const { states, recovered, broken } = explored(btt, btt.ops, { random: 2, again: 1 })
      all.states += states
      all.recovered += recovered
      all.broken.push(...broken)
    }
    told(`two lanes, ${what}, ${seen.size} orders`, { ...all, broken: [] })
    expect(all.broken).toEqual([])
    expect(seen.size).toBe(orders)
  },
  60_000,
)

/** The first half of a log entry says nothing until the second one is there: whether data come before or after it is the same. */
const isHarmless = (a: WriteStep, b: WriteStep): boolean => a === 'data' && b === 'logHead'

describe('what is done in a wrong order is found', () => {
  const pairs = writeSteps.flatMap((a, i) => writeSteps.slice(i + 1).map((b) => [a, b] as const))
  test.each(pairs.filter(([a, b]) => !isHarmless(a, b)))('%s and %s swapped', (a, b) => {
    const btt = onOneLane()
    expect(explored(btt, swapped(btt.ops, a, b)).broken).toHaveLength(1)
  })

  test('data and the first half of the log swapped keep the promise all the same', () => {
    const btt = onOneLane()
    expect(explored(btt, swapped(btt.ops, 'data', 'logHead')).broken).toEqual([])
  })

  test.each(writeSteps)('%s without its flush', (step) => {
    const btt = onOneLane()
    expect(explored(btt, without(btt.ops, step, 'flush'), { random: 2 }).broken).toHaveLength(1)
  })

  test.each(['logHead', 'logTail', 'map'] as const)('%s without its fence', (step) => {
    const found = [onOneLane(), onTwoLanes()].map((btt) => explored(btt, without(btt.ops, step, 'fence'), { random: 2 }).broken.length)
    expect(Math.max(...found)).toBe(1)
  })

  test('data without a fence of their own are covered by the one behind the first half of the log', () => {
    for (const btt of [onOneLane(), onTwoLanes()])
      expect(explored(btt, without(btt.ops, 'data', 'fence'), { random: 2 }).broken).toEqual([])
  })

  test('what is broken is told: where, and how', () => {
    const btt = onOneLane()
    const [broken] = explored(btt, swapped(btt.ops, 'data', 'logTail')).broken
    expect(broken).toMatchObject({ op: 'cpu 0 store of 512 bytes at 10240', says: expect.stringContaining('sector 3 holds neither') })
  })
})
