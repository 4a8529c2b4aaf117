/** `memremap/freed-block-referenced`: a page that a walk has for good is referenced; one that it has on trial is not yet. */
import type { AnyEvent, Violation } from '@devtrail/events'
import { expect, test } from 'vitest'
import { play, type Program } from '../../test/interleavings.ts'
import { Live, PAGE, PFN } from '../../test/live.ts'
import { memremapModel } from '../model.ts'
import { memremapRules } from '../rules.ts'
import { foll } from './foll.ts'

const RULE = 'memremap/freed-block-referenced'

function judged(events: readonly AnyEvent[]): Violation[] {
  const state = memremapModel.initial()
  return events.flatMap((event) => {
    memremapModel.evolve(state, event)
    return memremapModel.invariants.flatMap((rule) => rule.judge(state, event)).filter((v) => v.rule === RULE)
  })
}

/** What is found, and what when one event was lost. */
const found = (events: readonly AnyEvent[], lost: number | null = null): string[] =>
  judged(
    events.map((e) => (e.seq === lost ? { ...e, type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null } } : e)) as AnyEvent[],
  ).map(({ certainty, seq }) => `${certainty} ${seq}`)

const seqOf = (events: readonly AnyEvent[], type: string): number => events.find((e) => e.type === `memremap/${type}`)!.seq

const does = (what: Program['does']): Program => ({ does: what, slot: 1, page: 0, pin: false, how: 0 })

test('a slow walk has taken a page and goes on when the block of that page is freed: it does not look again', () => {
  const { m } = play({ programs: [does('direct-io'), does('truncate')], choices: [0, 0, 4, 0, 0, 4] }, memremapRules.seed)
  const freed = seqOf(m.events, 'blocks-freed')
  expect([found(m.events), found(m.events, seqOf(m.events, 'gup-started'))]).toEqual([[`certain ${freed}`], [`certain ${freed}`]])
})

test.each([
  [2, []],
  [3, ['certain']],
])('the fast walk: after %i pauses a block is freed', (pauses, certainties) => {
  const live = new Live({ rules: { ...memremapRules['linux-6.1'], truncateWaits: false } })
  live.map()
  const { space, file } = live.space({ pages: 2 })
  const walk = live.registry.userPages.pages(space, PAGE, 2, foll.GET | foll.FAST_ONLY)
  live.between(walk, pauses, () => {
    expect(live.count(PFN)).toBe(2)
    live.as({ pid: 9, comm: 'truncate' }, () => {
      for (const steps = live.registry.truncate(file, 0); steps.next().done !== true;) continue
    })
  })
  expect(judged(live.events).map((v) => v.certainty)).toEqual(certainties)
  // Without its begin, what the walk does with the page until it tells of the entry may be anything.
  const cut = found(live.events, seqOf(live.events, 'gup-started'))
  expect(cut).toEqual([`${certainties[0] ?? 'possible'} ${seqOf(live.events, 'blocks-freed')}`])
})
