import { describe, expect, it } from 'vitest'
import { machineOf, refOn } from './machine.test-support.ts'
import { ALLOW_REINIT } from './flags.ts'
import { evolvePercpuRef, initialPercpuRef, wordsOf } from './state.ts'
import { PercpuRefWarned, Warnings, type WarningsInit } from './warnings.ts'

function bench(init?: WarningsInit) {
  const { machine, gp, events } = machineOf('linux-6.1')
  const warnings = new Warnings(init)
  const ref = refOn({ ...machine, warnings }, ALLOW_REINIT)
  const said = (): unknown[] => events.filter(({ type }) => type === 'percpu-ref/warned').map(({ data }) => data['warning'])
  return { ref, gp, events, warnings, said }
}

describe('warnings', () => {
  it('are said every time unless asked otherwise', () => {
    const { ref, said } = bench()
    for (let i = 0; i < 3; i++) ref.reinit()
    expect(said().filter((warning) => warning === 'reinit-not-zero')).toHaveLength(3)
  })

  it('once: each place warns the first time, as the kernel does, until that is cleared', () => {
    const { ref, said, warnings } = bench({ once: true })
    ref.reinit()
    ref.reinit()
    expect(said()).toEqual(['reinit-not-zero', 'resurrect-not-dead', 'resurrect-percpu'])
    warnings.clearOnce()
    ref.reinit()
    expect(said()).toHaveLength(6)
  })

  it('thrown: the operation ends where the kernel would have stopped, and the events say as far as it came', () => {
    const { ref, gp, events } = bench({ panicOnWarn: true })
    ref.get()
    ref.kill()
    expect(() => ref.kill()).toThrow(/0xa0: percpu_ref_kill_and_confirm called more than once on release! \(after event \d+\)/)
    ref.put()
    ref.put()
    let thrown: unknown
    try {
      gp.pass()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(PercpuRefWarned)
    expect(thrown).toMatchObject({ warning: 'not-positive' })
    const state = initialPercpuRef()
    for (const event of events) evolvePercpuRef(state, event)
    expect(wordsOf(state.refs.get('0xa0')!)).toEqual(ref.snapshot())
  })
})
