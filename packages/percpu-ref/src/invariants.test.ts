import { describe, expect, it } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { machineOf, refOn } from './machine.test-support.ts'
import { ALLOW_REINIT } from './flags.ts'
import { percpuRefInvariants } from './invariants.ts'
import type { PercpuRef } from './percpu-ref.ts'
import type { GracePeriods } from './scheduler.ts'
import { evolvePercpuRef, initialPercpuRef } from './state.ts'

/** The events of a sound run under linux-6.1, for a test to spoil. */
function record(run: (ref: PercpuRef, gp: GracePeriods) => void, flags = ALLOW_REINIT): AnyEvent[] {
  const { machine, gp, events } = machineOf('linux-6.1')
  run(refOn(machine, flags), gp)
  return events
}

function check(events: readonly AnyEvent[]): string[] {
  const state = initialPercpuRef()
  return events.flatMap((event) => {
    evolvePercpuRef(state, event)
    return percpuRefInvariants.flatMap((i) => i.judge(state, event)).map((v) => `${v.certainty} ${v.rule}`)
  })
}

const without = (events: readonly AnyEvent[], type: string): AnyEvent[] => events.filter((e) => e.type !== `percpu-ref/${type}`)
const changed = (events: readonly AnyEvent[], type: string, data: object): AnyEvent[] =>
  events.map((e) => (e.type === `percpu-ref/${type}` ? { ...e, data: { ...e.data, ...data } } : e))
const also = (events: readonly AnyEvent[], ...more: { type: string; data?: object }[]): AnyEvent[] => [
  ...events,
  ...more.map(({ type, data }, i) => ({ ...events[0]!, seq: events.length + 1 + i, type, data: { ref: '0xa0', ...data } })),
]

const dying = record((ref, gp) => {
  ref.get()
  ref.killAndConfirm(() => undefined)
  gp.pass()
  ref.put()
  ref.exit()
})
const kept = record((ref, gp) => (ref.switchToAtomic(), gp.pass()), 0)
const back = record((ref, gp) => (ref.switchToAtomic(), gp.pass(), ref.switchToPercpu()))

describe('the rules of percpu_ref', () => {
  it('find nothing in sound runs', () => {
    for (const events of [dying, kept, back]) expect(check(events)).toEqual([])
  })

  it.each<[string, AnyEvent[]]>([
    ['bias-missing', changed(back, 'switched-to-percpu', { count: 1n })],
    [
      'switch-in-percpu-mode',
      also(
        back,
        { type: 'percpu-ref/switch-started', data: { confirmOnly: true } },
        { type: 'percpu-ref/switched-to-percpu', data: { count: (1n << 63n) + 1n } },
      ),
    ],
    ['count-differs', changed(dying, 'exited', { count: 5n })],
    ['release-without-zero', also(back, { type: 'percpu-ref/released' })],
    ['release-missing', without(dying, 'released')],
    ['release-before-confirm', without(dying, 'confirmed')],
    [
      'live-get-while-dead',
      also(without(dying, 'exited'), { type: 'percpu-ref/tried', data: { n: 1, cpu: null, call: 'tryget-live', ok: true } }),
    ],
    ['dead-in-percpu-mode', without(dying, 'switch-started').filter((e) => e.seq < 6)],
    ['switch-changed-count', changed(dying, 'switched-to-atomic', { count: 9n })],
    ['used-after-exit', also(dying, { type: 'percpu-ref/got', data: { n: 1, cpu: null, of: 'user' } })],
    ['counters-kept', also(without(kept, 'counters-freed'))],
  ])('percpu-ref/%s is found, and is certain', (rule, events) => {
    expect(check(events)).toContain(`certain percpu-ref/${rule}`)
  })

  it('calls nothing certain after a gap', () => {
    const gap = { ...dying[0]!, type: 'log/gap', data: { reason: 'lost', lost: 1, cpu: null } }
    const events = [...dying.slice(0, 1), gap, ...changed(without(dying, 'confirmed'), 'exited', { count: 5n }).slice(1)]
    expect(check(events)).toEqual(['possible percpu-ref/release-before-confirm', 'possible percpu-ref/count-differs'])
  })

  it('names the ref, its evidence and the kernel rule', () => {
    const state = initialPercpuRef()
    const found = without(dying, 'confirmed').flatMap((event) => {
      evolvePercpuRef(state, event)
      return percpuRefInvariants.flatMap((i) => i.judge(state, event))
    })
    const killed = dying.find((e) => e.type === 'percpu-ref/killed')!
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({
      device: 1,
      summary: 'ref 0xa0 (release) was released before its kill was confirmed',
      data: { ref: '0xa0' },
    })
    expect(found[0]!.evidence[0]).toBe(killed.seq)
  })
})
