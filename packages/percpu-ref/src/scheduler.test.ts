import { describe, expect, it } from 'vitest'
import { machineOf } from './machine.test-support.ts'
import { ALLOW_REINIT } from './flags.ts'
import { PercpuRef } from './percpu-ref.ts'
import { GracePeriods } from './scheduler.ts'

function fails(): never {
  throw new Error('no')
}

/** Refs under grace periods that pass in turns, and what was released. */
function bench() {
  const turns: (() => void)[] = []
  const scheduler = new GracePeriods((turn) => turns.push(turn))
  const released: string[] = []
  const refOf = (id: string): PercpuRef =>
    new PercpuRef({ ...machineOf('linux-6.1').machine, scheduler }, { id, flags: ALLOW_REINIT, release: () => released.push(id) })
  return { turns, scheduler, released, refOf }
}

describe('grace periods that pass by themselves', () => {
  it('go on after a callback that throws: the rest has another turn', () => {
    const { turns, scheduler, released, refOf } = bench()
    const [a, b, c] = [refOf('0xa'), refOf('0xb'), refOf('0xc')]
    a.killAndConfirm(fails)
    b.kill()
    expect(turns).toHaveLength(1)
    expect(turns.shift()).toThrow('no')
    expect([turns.length, released]).toEqual([1, ['0xa']])
    c.kill()
    expect(turns).toHaveLength(1)
    turns.shift()!()
    expect([scheduler.queued, turns.length, released]).toEqual([0, 0, ['0xa', '0xb', '0xc']])
  })

  it('have one turn for all that is queued, passed by hand in between or not', () => {
    const { turns, scheduler, released, refOf } = bench()
    refOf('0xa').kill()
    scheduler.pass()
    refOf('0xb').kill()
    expect([turns.length, released]).toEqual([1, ['0xa']])
    turns.shift()!()
    expect([turns.length, released]).toEqual([0, ['0xa', '0xb']])
  })
})
