/** Lanes say what is only perhaps so, and how much there is at least. */
import { expect, test } from 'vitest'
import type { DeviceView, PagemapView } from '../device-view.ts'
import { looksOf } from './looks.ts'

const ref = { id: null, mode: null, dying: null, count: null } as const

/** A pagemap that is live, of which this many pages are referenced at least. */
const pagemap = (pages: number, more: Partial<PagemapView> = {}): PagemapView => ({
  id: '0x1',
  ranges: null,
  type: null,
  state: 'live',
  altmap: null,
  ref,
  pageRefs: {
    known: [
      { pfn: '0x100', pages: { atLeast: pages, atMost: null }, order: null, refcount: 2, idle: 1, kind: null, takenBy: null, since: null },
    ],
    complete: false,
  },
  ...more,
})

function looks(pagemaps: DeviceView['pagemaps']): ((string | boolean | number)[] | null)[] {
  return looksOf({ kind: 'nd-namespace', presence: 'present', ...(pagemaps === undefined ? {} : { pagemaps }) }, [])
    .slice(1, 3)
    .map((look) => look && [look.text, look.sure, ...(look.atLeast === undefined ? [] : [look.atLeast])])
}

test('pages of a pagemap that may be of another device are referenced all the same, as many as are known', () => {
  expect(looks({ known: [], complete: false, possible: [pagemap(46)] })).toEqual([
    ['perhaps pagemap live, ref ?', false],
    ['≥ 46 pages referenced', false, 46],
  ])
})

/** How a pagemap looks that is there, with so many references to itself. */
const counted = (count: PagemapView['ref']['count'], state = 'live'): ReturnType<typeof looks>[number] =>
  looks({ known: [pagemap(1, { state, ref: { ...ref, dying: false, count } })], complete: true })[0]!

test('of a pagemap that is there, a count that is only a bound is not sure', () => {
  expect(counted(504)).toEqual(['pagemap live, ref live 504', true])
  expect(counted({ atLeast: 504, atMost: null })).toEqual(['pagemap live, ref live ≥ 504', false])
  expect(counted({ atLeast: 1, atMost: null }, 'unmapping')).toEqual(['pagemap unmapping, ref live ≥ 1', false])
  expect(counted(null)).toEqual(['pagemap live, ref live', true])
})
