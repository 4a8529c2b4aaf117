/** The numbered vectors of spec/core.md 1.8. */
import { describe, expect, it } from 'vitest'
import { machineOf, refOn } from './machine.test-support.ts'
import { ALLOW_REINIT, BIAS, INIT_ATOMIC, INIT_DEAD } from './flags.ts'
import type { PercpuRef, RefCallback } from './percpu-ref.ts'
import { PercpuRefBug } from './ref-struct.ts'
import type { Rules } from './rules.ts'

interface Bench {
  ref: PercpuRef
  /** Runs the queued callbacks, noting `gp` first. */
  gp: () => void
  cpu: (cpu: number) => void
  /** A confirm callback that notes its name. */
  cf: (name: string) => RefCallback
  note: (...what: unknown[]) => void
  /** Notes ATOMIC, DEAD and the counter: `A1 D0 2`, `A0 D0 B+1`. */
  words: () => void
}

interface Vector {
  n: number
  flags?: number
  /** Says that ALLOW_REINIT is not given in 6.1. */
  noReinit?: true
  run: (bench: Bench) => void
  'linux-6.1': unknown[]
  /** Where the old kernel differs; null: it has no such call. */
  seed?: unknown[] | null
}

const words = (ref: PercpuRef): string => {
  const { atomic, dead, count } = ref.snapshot()
  const fromBias = BigInt.asIntN(64, count! - BIAS)
  const biased = fromBias > -1000n && fromBias < 1000n
  const shown = biased ? `B${fromBias < 0n ? '' : '+'}${fromBias}` : String(BigInt.asIntN(64, count!))
  return `A${Number(atomic)} D${Number(dead)} ${shown}`
}

function play({ flags = 0, noReinit, run }: Vector, rules: Rules): unknown[] {
  const notes: unknown[] = []
  const { machine, gp, events } = machineOf(rules)
  machine.events.sink = (event) => {
    events.push(event)
    if (event.type === 'percpu-ref/warned') notes.push(`WARN ${String(event.data['warning'])}`)
    if (event.type === 'percpu-ref/wait-started') notes.push('wait')
  }
  const ref = refOn(machine, rules === 'linux-6.1' && !noReinit ? flags | ALLOW_REINIT : flags, () => notes.push('release'))
  const bench: Bench = {
    ref,
    gp: () => {
      notes.push('gp')
      gp.pass()
    },
    cpu: (cpu) => (machine.events.cpu = cpu),
    cf: (name) => () => notes.push(name),
    note: (...what) => notes.push(...what),
    words: () => notes.push(words(ref)),
  }
  try {
    run(bench)
  } catch (error) {
    if (!(error instanceof PercpuRefBug)) throw error
    notes.push('BUG')
  }
  return notes
}

const vectors: Vector[] = [
  { n: 1, run: (b) => b.words(), 'linux-6.1': ['A0 D0 B+1'] },
  { n: 2, flags: INIT_ATOMIC, run: (b) => b.words(), 'linux-6.1': ['A1 D0 1'] },
  {
    n: 3,
    flags: INIT_DEAD,
    run: ({ ref, note, words }) => (note(ref.tryGet(), ref.tryGetLive(), ref.isZero, ref.isDying), words()),
    'linux-6.1': [false, false, true, true, 'A1 D1 0'],
  },
  { n: 4, flags: INIT_DEAD, run: ({ ref, words }) => (ref.reinit(), words()), 'linux-6.1': ['A0 D0 B+1'] },
  { n: 5, flags: INIT_DEAD | INIT_ATOMIC, run: ({ ref, words }) => (ref.reinit(), words()), 'linux-6.1': ['A1 D0 1'] },
  {
    n: 6,
    run: ({ ref, cf, note, words, gp }) => (ref.killAndConfirm(cf('cf')), words(), note(ref.isZero), gp(), words()),
    'linux-6.1': ['A1 D1 B+1', false, 'gp', 'cf', 'release', 'A1 D1 0'],
  },
  { n: 7, run: ({ ref, note }) => (ref.kill(), note(ref.tryGet())), 'linux-6.1': [true] },
  {
    n: 8,
    run: ({ ref, cpu, cf, gp, note }) => {
      cpu(0)
      ref.get()
      cpu(1)
      ref.get()
      ref.killAndConfirm(cf('cf'))
      cpu(2)
      ref.put()
      gp()
      note(ref.tryGet(), ref.tryGetLive())
      ref.put()
      note('put')
      ref.put()
    },
    'linux-6.1': ['gp', 'cf', true, false, 'put', 'release'],
  },
  {
    n: 9,
    flags: INIT_ATOMIC,
    run: ({ ref, cf, words, gp }) => (ref.killAndConfirm(cf('cf')), words(), gp()),
    'linux-6.1': ['cf', 'release', 'A1 D1 0', 'gp'],
    seed: ['A1 D1 1', 'gp', 'cf', 'release'],
  },
  {
    n: 10,
    run: ({ ref, gp }) => (ref.get(), ref.kill(), ref.kill(), gp()),
    'linux-6.1': ['WARN killed-twice', 'wait', 'release', 'gp'],
    seed: ['WARN killed-twice', 'gp', 'release'],
  },
  {
    n: 11,
    run: ({ ref, gp, words }) => (ref.kill(), ref.kill(), gp(), words()),
    'linux-6.1': ['WARN killed-twice', 'wait', 'release', 'gp', 'A1 D1 -1'],
    seed: ['WARN killed-twice', 'gp', 'WARN not-positive', 'A1 D1 -1'],
  },
  { n: 12, run: ({ ref, gp, words }) => (ref.put(), ref.kill(), gp(), words()), 'linux-6.1': ['gp', 'WARN not-positive', 'A1 D1 -1'] },
  {
    n: 13,
    flags: INIT_ATOMIC,
    run: ({ ref, note, words }) => (ref.put(), note('put'), ref.put(), words(), note(ref.tryGetLive()), words()),
    'linux-6.1': ['release', 'put', 'A1 D0 -1', true, 'A1 D0 0'],
  },
  {
    n: 14,
    flags: INIT_ATOMIC,
    run: ({ ref, note }) => (ref.kill(), note(ref.tryGet()), ref.get(), note('get'), ref.put()),
    'linux-6.1': ['release', false, 'get', 'release'],
  },
  {
    n: 15,
    run: ({ ref, cf, words, gp }) => (ref.get(), ref.switchToAtomic(cf('cf')), words(), gp(), words()),
    'linux-6.1': ['A1 D0 B+2', 'gp', 'cf', 'A1 D0 2'],
  },
  {
    n: 16,
    run: ({ ref, cf, words, gp }) => (ref.get(), ref.switchToAtomic(cf('cf')), gp(), ref.switchToAtomic(cf('cf2')), words(), gp(), words()),
    'linux-6.1': ['gp', 'cf', 'cf2', 'A1 D0 2', 'gp', 'A1 D0 2'],
    seed: ['gp', 'cf', 'A1 D0 3', 'gp', 'cf2', 'A1 D0 2'],
  },
  {
    n: 17,
    run: ({ ref, gp, words, note }) => (ref.get(), ref.switchToAtomic(), gp(), ref.switchToPercpu(), words(), note(ref.snapshot().perCpu)),
    'linux-6.1': ['gp', 'A0 D0 B+2', [0n, 0n, 0n]],
  },
  {
    n: 18,
    run: ({ ref, gp, words }) => (ref.switchToAtomic(), gp(), ref.kill(), ref.reinit(), words()),
    'linux-6.1': ['gp', 'release', 'A1 D0 1'],
  },
  {
    n: 19,
    flags: INIT_ATOMIC,
    run: ({ ref, words }) => (ref.kill(), ref.switchToPercpu(), words(), ref.reinit(), words()),
    'linux-6.1': ['release', 'A1 D1 0', 'A0 D0 B+1'],
  },
  {
    n: 20,
    run: ({ ref, cf, note, gp }) => (ref.switchToAtomic(cf('c1')), ref.killAndConfirm(cf('c2')), note('killed'), gp()),
    'linux-6.1': ['wait', 'c1', 'c2', 'release', 'killed', 'gp'],
    seed: ['wait', 'c1', 'killed', 'gp', 'c2', 'release'],
  },
  {
    n: 21,
    run: ({ ref, cf, note, gp }) => (ref.switchToAtomic(cf('c1')), ref.kill(), note('killed'), gp()),
    'linux-6.1': ['wait', 'c1', 'release', 'killed', 'gp'],
    seed: ['killed', 'gp', 'c1', 'release'],
  },
  {
    n: 22,
    run: ({ ref, cf, words }) => (ref.switchToAtomic(cf('c1')), ref.switchToPercpu(), words()),
    'linux-6.1': ['wait', 'c1', 'A0 D0 B+1'],
  },
  {
    n: 23,
    run: ({ ref, gp, words }) => (ref.reinit(), ref.kill(), gp(), words()),
    'linux-6.1': ['WARN reinit-not-zero', 'WARN resurrect-not-dead', 'WARN resurrect-percpu', 'gp', 'A1 D1 1'],
    seed: ['WARN reinit-not-zero', 'gp', 'A1 D1 1'],
  },
  {
    n: 24,
    run: ({ ref, gp, words }) => (ref.get(), ref.kill(), gp(), ref.reinit(), words()),
    'linux-6.1': ['gp', 'WARN reinit-not-zero', 'A0 D0 B+2'],
  },
  {
    n: 25,
    run: ({ ref, note, gp }) => (ref.getMany(512), ref.kill(), ref.putMany(512), note(ref.snapshot().count!.toString(16)), gp()),
    'linux-6.1': ['7ffffffffffffe01', 'gp', 'release'],
  },
  {
    n: 26,
    run: ({ ref, words, gp }) => (ref.get(), ref.kill(), ref.resurrect(), words(), ref.put(), ref.kill(), gp()),
    'linux-6.1': ['wait', 'A0 D0 B+2', 'gp', 'release'],
    seed: null,
  },
  {
    n: 27,
    noReinit: true,
    run: ({ ref, gp, words }) => (ref.kill(), gp(), ref.reinit(), words()),
    'linux-6.1': ['gp', 'release', 'WARN counters-freed', 'BUG'],
    seed: ['gp', 'release', 'A0 D0 B+1'],
  },
  {
    n: 28,
    noReinit: true,
    run: ({ ref, cf, gp, words, note }) => (ref.switchToAtomic(cf('cf')), gp(), words(), note(ref.tryGetLive()), ref.kill()),
    'linux-6.1': ['gp', 'cf', 'A1 D1 1', false, 'WARN killed-twice', 'release'],
    seed: ['gp', 'cf', 'A1 D0 1', true],
  },
  {
    n: 29,
    flags: INIT_ATOMIC,
    run: ({ ref, note, words }) => (note(ref.tryGetMany(5)), words(), ref.kill(), ref.putMany(5), note(ref.tryGetMany(5))),
    'linux-6.1': [true, 'A1 D0 6', 'release', false],
    seed: null,
  },
  {
    n: 30,
    run: ({ ref, note }) => (ref.kill(), ref.exit(), note('exited')),
    'linux-6.1': ['WARN exit-while-switching', 'exited'],
    seed: ['exited'],
  },
  {
    n: 31,
    run: ({ ref, gp, note }) => (ref.kill(), gp(), ref.exit(), note(ref.isZero), ref.exit()),
    'linux-6.1': ['gp', 'release', true],
  },
]

describe('vectors of spec 1.8', () => {
  it('are all there', () => {
    expect(vectors.map((v) => v.n)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
  })

  it.each(vectors)('#$n under linux-6.1', (vector) => {
    expect(play(vector, 'linux-6.1')).toEqual(vector['linux-6.1'])
  })

  it.each(vectors.filter((v) => v.seed !== null))('#$n under the seed', (vector) => {
    expect(play(vector, 'seed')).toEqual(vector.seed ?? vector['linux-6.1'])
  })

  it.each(vectors.filter((v) => v.seed === null))('#$n is refused under the seed, which has no such call', (vector) => {
    expect(() => play(vector, 'seed')).toThrow(/not in the kernel of the seed/)
  })
})
