import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Emitter, ManualClock } from '@devtrail/events'
import { ALLOW_REINIT } from './flags.ts'
import { PercpuArea, WORD_MAX } from './percpu-area.ts'
import { PercpuRef } from './percpu-ref.ts'
import { GracePeriods } from './scheduler.ts'

const CPUS = 3

function twoRefs(): { emitter: Emitter; refs: PercpuRef[]; gp: GracePeriods } {
  const emitter = new Emitter(new ManualClock())
  const gp = new GracePeriods()
  const machine = { events: emitter, scheduler: gp, cpus: CPUS, rules: 'linux-6.1', area: new PercpuArea(CPUS) } as const
  const refs = [0, ALLOW_REINIT].map((flags, n) => new PercpuRef(machine, { id: `0x${n}`, release: () => {}, flags }))
  return { emitter, refs, gp }
}

const calls: Readonly<Record<string, (ref: PercpuRef, gp: GracePeriods) => unknown>> = {
  get: (ref) => ref.get(),
  put: (ref) => ref.put(),
  getMany: (ref) => ref.getMany(7),
  tryGet: (ref) => ref.tryGet(),
  tryGetLive: (ref) => ref.tryGetLive(),
  kill: (ref) => ref.isDying || ref.kill(),
  atomic: (ref) => ref.switchToAtomic(),
  reinit: (ref) => ref.isZero && ref.reinit(),
  pass: (_, gp) => gp.pass(),
  look: (ref) => ref.snapshot(),
}

const names = fc.constantFrom(
  'get',
  'get',
  'get',
  'put',
  'put',
  'tryGet',
  'tryGetLive',
  'tryGetLive',
  'getMany',
  'kill',
  'atomic',
  'reinit',
  'pass',
  'pass',
  'look',
)
const step = fc.record({ name: names, which: fc.nat(1), cpu: fc.constantFrom(null, 0, 1, CPUS - 1), heard: fc.boolean() })

/** What each call gave, and what the refs hold after all: a look at them brings their counters up to date. */
function told(
  steps: readonly { name: string; which: number; cpu: number | null; heard: boolean }[],
  heard: (asked: boolean) => boolean,
): unknown[] {
  const { emitter, refs, gp } = twoRefs()
  const answers = steps.map(({ name, which, cpu, heard: asked }) => {
    emitter.sink = heard(asked) ? () => {} : null
    emitter.cpu = cpu
    let answer: unknown
    try {
      answer = calls[name]!(refs[which]!, gp)
    } catch (error) {
      answer = String(error).replace(/\(.*event \d+\)/, '')
    }
    return answer
  })
  return [...answers, refs.map((ref) => ref.snapshot())]
}

it('counts the same whether anybody listens, or comes and goes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const always = told(steps, () => true)
      expect(told(steps, () => false)).toEqual(always)
      expect(told(steps, (asked) => asked)).toEqual(always)
    }),
    { numRuns: 300 },
  )
})

it('counts on the CPU that things happen on, and refuses one that is not there', () => {
  const { emitter, refs } = twoRefs()
  emitter.cpu = 2
  refs[0]!.get()
  expect(refs[0]!.snapshot().perCpu).toEqual([0n, 0n, 1n])
  expect(refs[1]!.snapshot().perCpu).toEqual([0n, 0n, 0n])
  for (const cpu of [-1, CPUS, 0.5]) {
    emitter.cpu = cpu
    expect(() => refs[0]!.get()).toThrow(RangeError)
  }
})

it('a full word is for the 64-bit counter behind it', () => {
  const area = new PercpuArea(1)
  const at = area.allocate()
  expect(area.count(at, 0, 1)).toBe(false)
  area.open(at)
  for (const [n, words] of [
    [1, [1, 2, 3]],
    [-1, [2, 1, 0, -1]],
  ] as const)
    for (const word of words) expect([area.count(at, 0, n), area.word(at, 0)]).toEqual([true, word])
  area.words[at] = WORD_MAX
  expect([area.count(at, 0, 1), area.word(at, 0)]).toEqual([false, WORD_MAX])
  expect([area.count(at, 0, -1), area.word(at, 0)]).toEqual([true, WORD_MAX - 1])
  area.words[at] = -WORD_MAX
  expect([area.count(at, 0, -1), area.word(at, 0)]).toEqual([false, -WORD_MAX])
})

it('what was counted stays when there are more refs than there was room for', () => {
  const area = new PercpuArea(2, 1)
  const places = Array.from({ length: 9 }, () => {
    const at = area.allocate()
    area.open(at)
    area.count(at, 1, 1)
    return at
  })
  expect(places.map((at) => [area.word(at, 0), area.word(at, 1)])).toEqual(places.map(() => [0, 1]))
})

it('a place that was given back is another ref’s, and counts nothing before that opens it', () => {
  const area = new PercpuArea(2, 1)
  const places = [1, 2, 3].map(() => area.allocate())
  expect(new Set([0, ...places]).size).toBe(4)
  for (const at of places) area.open(at)
  expect(area.count(places[1]!, 1, 1)).toBe(true)
  area.release(places[1]!)
  expect([area.count(places[1]!, 1, 1), area.word(places[1]!, 1)]).toEqual([false, 0])
  expect(area.allocate()).toBe(places[1])
  expect(area.count(0, 0, 1)).toBe(false)
})

it('a ref gives its place back with its counters', () => {
  const { refs, gp } = twoRefs()
  const [lost, kept] = refs as [PercpuRef, PercpuRef]
  expect([lost.wordsAt, kept.wordsAt].map((at) => at > 0)).toEqual([true, true])
  lost.kill()
  kept.kill()
  gp.pass()
  expect([lost.wordsAt, kept.wordsAt > 0]).toEqual([0, true])
  kept.exit()
  expect(kept.wordsAt).toBe(0)
})

it('an area is one for as many CPUs as the machine has', () => {
  const machine = { events: new Emitter(new ManualClock()), scheduler: new GracePeriods(), cpus: 2, rules: 'linux-6.1' } as const
  const init = { id: '0x1', release: () => {} }
  expect(() => new PercpuRef({ ...machine, area: new PercpuArea(3) }, init)).toThrow('one for 3 CPUs')
})
