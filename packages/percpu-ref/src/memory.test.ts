import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { machineOf } from './machine.test-support.ts'
import { ALLOW_REINIT, INIT_ATOMIC, INIT_DEAD } from './flags.ts'
import type { RefAllocation } from './rules.ts'
import { PercpuRef, type PercpuRefMachine } from './percpu-ref.ts'
import { PercpuRefBug } from './ref-struct.ts'
import { percpuRefRules, type Rules } from './rules.ts'
import { evolvePercpuRef, initialPercpuRef } from './state.ts'

/** Memory whose allocation number `fails` (from 1; 0: none) fails, and what is not given back. */
function memoryOf(fails: number) {
  const live = { counters: 0, data: 0 }
  let asked = 0
  const mayAllocate = (what: RefAllocation): boolean => {
    if (++asked === fails) return false
    live[what]++
    return true
  }
  const freed = (what: RefAllocation): void => void live[what]--
  return { live, mayAllocate, freed }
}

const init = { id: '0x1', release: () => undefined }

describe.each<Rules>(['seed', 'linux-6.1'])('percpu_ref_init by the rules of %s', (rules) => {
  const count = percpuRefRules[rules].allocations.length

  it.each(Array.from({ length: count }, (_, i) => i + 1))('leaves nothing when its allocation %i fails', (n) => {
    const { machine, events } = machineOf(rules)
    const { live, ...memory } = memoryOf(n)
    const short: PercpuRefMachine = { ...machine, ...memory }
    expect(PercpuRef.init(short, init)).toBeNull()
    expect([live, events.map(({ type, data }) => [type, data['what']])]).toEqual([
      { counters: 0, data: 0 },
      [['percpu-ref/init-failed', percpuRefRules[rules].allocations[n - 1]]],
    ])
    const ref = PercpuRef.init(short, init)!
    expect(live).toEqual({ counters: 1, data: count - 1 })
    ref.exit()
    ref.exit()
    expect(live).toEqual({ counters: 0, data: 0 })
  })

  it('throws where null would not be looked at', () => {
    expect(() => new PercpuRef({ ...machineOf(rules).machine, mayAllocate: () => false }, init)).toThrow(
      /no memory for the counters .*-ENOMEM/,
    )
  })
})

it('an identity whose initialisation failed is nobody’s', () => {
  const { machine, events } = machineOf('linux-6.1')
  const old = new PercpuRef(machine, init)
  old.exit()
  PercpuRef.init({ ...machine, mayAllocate: () => false }, init)
  const state = initialPercpuRef()
  for (const event of events) evolvePercpuRef(state, event)
  expect(state.refs.size).toBe(0)
})

const calls = ['get', 'put', 'kill', 'switchToAtomic', 'switchToPercpu', 'reinit', 'exit', 'pass'] as const

it('whichever allocation fails, every sequence ends with nothing leaked and nothing freed twice', () => {
  const ops = fc.array(fc.tuple(fc.constantFrom(...calls), fc.nat(2)), { maxLength: 40, size: 'max' })
  const flags = fc.constantFrom(0, INIT_ATOMIC, INIT_DEAD, ALLOW_REINIT)
  fc.assert(
    fc.property(
      fc.constantFrom<Rules>('seed', 'linux-6.1'),
      fc.nat(7),
      fc.array(flags, { minLength: 3, maxLength: 3 }),
      ops,
      (rules, fails, flags, ops) => {
        const { live, ...memory } = memoryOf(fails)
        const { machine, gp } = machineOf(rules)
        let released = 0
        const refs = flags.map((flags, i) => PercpuRef.init({ ...machine, ...memory }, { id: `0x${i}`, flags, release: () => released++ }))
        const count = percpuRefRules[rules].allocations.length
        expect(refs.filter((ref) => ref === null)).toHaveLength(fails > 0 && fails <= 3 * count ? 1 : 0)
        for (const [call, which] of ops) {
          const ref = refs[which]!
          if (call === 'pass') gp.pass()
          else if (ref !== null) legally(ref, call)
          expect(Math.min(live.counters, live.data)).toBeGreaterThanOrEqual(0)
        }
        gp.drain()
        for (const ref of refs) ref?.exit()
        expect(live).toEqual({ counters: 0, data: 0 })
      },
    ),
    { numRuns: 300 },
  )
})

/** A caller who looks before it calls: never after exit, nor exits in the middle of a switch. */
function legally(ref: PercpuRef, call: Exclude<(typeof calls)[number], 'pass'>): void {
  const { exited, switching } = ref.snapshot()
  if (exited === true || (call === 'exit' && switching === true)) return
  try {
    ref[call]()
  } catch (error) {
    // A BUG of the kernel: this ref cannot go back to percpu mode.
    if (!(error instanceof PercpuRefBug)) throw error
  }
}
