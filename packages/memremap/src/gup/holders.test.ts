import { expect, test } from 'vitest'
import { Live, PFN } from '../../test/live.ts'
import { foll } from '../page/foll.ts'

const IRQ = { pid: 0, comm: '<idle>' }
const READER = { pid: 12, comm: 'cat' }
const takers = (live: Live): unknown[] =>
  [...live.state.pagemaps.get(1)!.pages.values()].flatMap(({ pfn, holders }) => holders.map((h) => [pfn, h.pid, h.within?.kind ?? null]))

test('pages of a bio are said to be within it; its end, in whatever task, drops them and wakes nobody', () => {
  const live = new Live()
  live.map()
  const { space } = live.space({ pages: 2 })
  const bio = live.registry.bio(live.gup(space, 2, foll.GET) as number[])
  expect(takers(live)).toEqual([
    [PFN, 7, 'bio'],
    [PFN + 1, 7, 'bio'],
  ])
  live.as(READER, () => live.registry.startIdleWait([PFN]))
  live.as(IRQ, () => bio.end())
  expect([live.count(PFN), takers(live), bio.pfns, live.registry.waits.sleeping.size]).toEqual([1, [], [], 1])
  expect(live.said('put').map((e) => [e.data['pages'], e.data['how'], e.actor?.pid])).toEqual([[2, 'bio', 0]])
  live.ended()
  expect(live.broken).toEqual(['memremap/idle-waiter-not-woken'])
})

test('pages spliced into a pipe stay referenced until somebody reads it, and that wakes', () => {
  const live = new Live()
  live.map()
  const { space } = live.space({ pages: 3 })
  const pipe = live.registry.pipe(live.gup(space, 3, foll.GET) as number[])
  live.registry.grabPage(PFN, foll.GET)
  live.as({ pid: 9, comm: 'truncate' }, () => live.registry.startIdleWait([PFN + 1]))
  live.as(READER, () => pipe.release())
  // The reference that the task took for itself is the one that is left.
  expect([takers(live), live.registry.waits.sleeping.size]).toEqual([[[PFN, 7, null]], 0])
  live.ended()
  expect(live.broken).toEqual([])
})

test('neighbouring pages of a bio are given back as one; those apart by themselves', () => {
  const live = new Live()
  live.map()
  for (const pfn of [PFN, PFN + 1, PFN + 7]) live.registry.grabPage(pfn, foll.GET)
  live.registry.bio([PFN, PFN + 1, PFN + 7]).end()
  expect(live.said('put').map((e) => [e.data['pfn'], e.data['pages']])).toEqual([
    [PFN, 2],
    [PFN + 7, 1],
  ])
})
