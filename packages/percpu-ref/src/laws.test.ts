import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { machineOf } from './machine.test-support.ts'
import { ALLOW_REINIT, INIT_ATOMIC, INIT_DEAD } from './flags.ts'
import { percpuRefInvariants } from './invariants.ts'
import { PercpuRef } from './percpu-ref.ts'
import { PercpuRefBug } from './ref-struct.ts'
import type { Rules } from './rules.ts'
import type { GracePeriods } from './scheduler.ts'
import { evolvePercpuRef, initialPercpuRef, wordsOf, type PercpuRefState, type RefWords } from './state.ts'

const rules = fc.constantFrom<Rules>('seed', 'linux-6.1')
const flags = fc.constantFrom(0, INIT_ATOMIC, INIT_DEAD, ALLOW_REINIT, ALLOW_REINIT, ALLOW_REINIT | INIT_ATOMIC, INIT_ATOMIC | INIT_DEAD)
const op = fc.record({
  op: fc.constantFrom(
    'get',
    'get',
    'put',
    'put',
    'tryGet',
    'tryGetLive',
    'kill',
    'toAtomic',
    'toPercpu',
    'reinit',
    'resurrect',
    'exit',
    'gp',
    'gp',
  ),
  ref: fc.nat(1),
  cpu: fc.nat(2),
  n: fc.constantFrom(0, 1, 1, 1, 2, 512),
  confirm: fc.boolean(),
})
type Op = { op: string; ref: number; cpu: number; n: number; confirm: boolean }
const run = fc.record({ rules, flags: fc.tuple(flags, flags), ops: fc.array(op, { maxLength: 60 }) })

function apply({ op, n, confirm }: Op, ref: PercpuRef, gp: GracePeriods, rules: Rules): void {
  // A confirm callback that takes a reference of its own: operations nest.
  const cf = confirm ? (r: PercpuRef): void => void r.tryGet() : null
  switch (op) {
    case 'get':
      return ref.getMany(n)
    case 'put':
      return ref.putMany(n)
    case 'tryGet':
      return void (rules === 'seed' ? ref.tryGet() : ref.tryGetMany(n))
    case 'tryGetLive':
      return void ref.tryGetLive()
    case 'kill':
      return ref.killAndConfirm(cf)
    case 'toAtomic':
      return ref.switchToAtomic(cf)
    case 'toPercpu':
      return ref.switchToPercpu()
    case 'reinit':
      return ref.reinit()
    case 'resurrect':
      return rules === 'seed' ? ref.reinit() : ref.resurrect()
    case 'exit':
      return ref.exit()
    default:
      return gp.pass()
  }
}

/** Plays the operations; `step` sees the refs after each. Ends at a BUG, as the machine would. */
function play(
  input: { rules: Rules; flags: [number, number]; ops: Op[] },
  step: (refs: PercpuRef[], events: AnyEvent[]) => void = () => undefined,
): AnyEvent[] {
  const { machine, gp, events } = machineOf(input.rules)
  const refs = input.flags.map((flags, i) => new PercpuRef(machine, { id: `0x${i}`, release: () => undefined, flags }))
  let bug = false
  for (const one of input.ops) {
    machine.events.cpu = one.cpu
    try {
      apply(one, refs[one.ref]!, gp, input.rules)
    } catch (error) {
      if (!(error instanceof PercpuRefBug)) throw error
      bug = true
    }
    step(refs, events)
    if (bug) break
  }
  return events
}

function fold(events: readonly AnyEvent[], state = initialPercpuRef()): PercpuRefState {
  for (const event of events) evolvePercpuRef(state, event)
  return state
}

const gapAt = (event: AnyEvent): AnyEvent => ({ ...event, type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null } })

/** A violation without its certainty. */
const rule = (violation: string): string => violation.replace(/^\w+ /, '')

const violations = (events: readonly AnyEvent[]): string[] => {
  const state = initialPercpuRef()
  return events.flatMap((event) => {
    evolvePercpuRef(state, event)
    return percpuRefInvariants.flatMap((i) => i.judge(state, event)).map((v) => `${v.certainty} ${v.rule} ${v.seq}`)
  })
}

/** Plays what is legal of the operations: a put only of what was got, kill once, reinit once zero, exit after release. */
function legal(input: { rules: Rules; flags: [number, number]; ops: Op[] }): AnyEvent[] {
  const { machine, gp, events } = machineOf(input.rules)
  const flags = input.flags[0] & ~INIT_DEAD
  const reinitable = flags !== 0
  const ref = new PercpuRef(machine, { id: '0x1', release: () => undefined, flags })
  let users = 0
  for (const { op, cpu, n, confirm } of input.ops) {
    machine.events.cpu = cpu
    if (op === 'get' && !ref.isDying) users += (ref.getMany(n), n)
    if (op === 'put' && users >= n && n > 0) users -= (ref.putMany(n), n)
    if (op === 'tryGet' && ref.tryGet()) users++
    if (op === 'tryGetLive' && ref.tryGetLive()) users++
    if (op === 'kill' && !ref.isDying) ref.killAndConfirm(confirm ? () => undefined : null)
    if (op === 'toAtomic' && reinitable) ref.switchToAtomic(confirm ? () => undefined : null)
    if (op === 'toPercpu' && reinitable) ref.switchToPercpu()
    if (op === 'reinit' && reinitable && ref.isDying && ref.isZero) ref.reinit()
    if (op === 'gp') gp.pass()
  }
  gp.drain()
  if (!ref.isDying) ref.kill()
  gp.drain()
  if (users > 0) ref.putMany(users)
  expect(ref.isZero).toBe(true)
  ref.exit()
  return events
}

describe('percpu_ref', () => {
  it('fold law: the folded events give the live state after every operation', () => {
    fc.assert(
      fc.property(run, (input) => {
        const state = initialPercpuRef()
        let folded = 0
        play(input, (refs, events) => {
          for (; folded < events.length; folded++) evolvePercpuRef(state, events[folded]!)
          for (const ref of refs) expect(wordsOf(state.refs.get(ref.id)!)).toEqual(ref.snapshot())
        })
      }),
      { numRuns: 500 },
    )
  })

  it('keyframe law: a copied state and the rest give what the whole gives', () => {
    fc.assert(
      fc.property(run, fc.double({ min: 0, max: 1, noNaN: true }), (input, where) => {
        const events = play(input)
        const cut = Math.round(where * events.length)
        const keyframe = structuredClone(fold(events.slice(0, cut)))
        expect(fold(events.slice(cut), keyframe)).toEqual(fold(events))
      }),
    )
  })

  it('gap law: what is lost in a gap makes no wrong exact value and no certain violation that was not there', () => {
    fc.assert(
      fc.property(run, fc.nat(200), fc.integer({ min: 1, max: 40 }), (input, from, length) => {
        const events = play(input)
        if (from >= events.length) return
        const cut = [...events.slice(0, from), gapAt(events[from]!), ...events.slice(from + length)]
        const whole = fold(events)
        for (const ref of fold(cut).refs.values()) {
          const truth = wordsOf(whole.refs.get(ref.id)!)
          const claims = Object.entries(wordsOf(ref)).filter(([, value]) => value !== null)
          for (const [word, value] of claims) expect({ [word]: value }).toEqual({ [word]: truth[word as keyof RefWords] })
        }
        // Not even a possible one.
        const before = new Set(violations(events).map(rule))
        expect(
          violations(cut)
            .map(rule)
            .filter((v) => !before.has(v)),
        ).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('breaks none of its own rules while its callers keep theirs', () => {
    fc.assert(
      fc.property(run, (input) => {
        const events = legal(input)
        expect(violations(events)).toEqual([])
        expect(events.some((e) => e.type === 'percpu-ref/warned')).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('does the same with nobody listening', () => {
    fc.assert(
      fc.property(run, (input) => {
        const heard: RefWords[] = []
        const unheard: RefWords[] = []
        play(input, (refs) => heard.push(...refs.map((r) => r.snapshot())))
        const { machine, gp } = machineOf(input.rules)
        machine.events.sink = null
        const refs = input.flags.map((flags, i) => new PercpuRef(machine, { id: `0x${i}`, release: () => undefined, flags }))
        try {
          for (const one of input.ops) {
            machine.events.cpu = one.cpu
            apply(one, refs[one.ref]!, gp, input.rules)
            unheard.push(...refs.map((r) => r.snapshot()))
          }
        } catch (error) {
          if (!(error instanceof PercpuRefBug)) throw error
          unheard.push(...refs.map((r) => r.snapshot()))
        }
        expect(isDeepStrictEqual(unheard, heard)).toBe(true)
      }),
    )
  })
})
