/** What is known of page references, and what a gap or unseen puts leave of it. */
import { expect, test } from 'vitest'
import { doubtPages, forgetPages, freed, grab, isReferenced, maybePut, put, sample, type Holder, type Pages } from './pages.ts'

const PFN = 0x100000
const by = (pid: number, seq = pid, kind: 'get' | 'pin' = 'get'): Holder => ({ pid, comm: `task${pid}`, kind, refs: 1, seq })
function grabbed(...pids: number[]): Pages {
  const pages: Pages = new Map()
  for (const pid of pids) grab(pages, PFN, null, 0, by(pid), 0, true)
  return pages
}
const page = (pages: Pages): unknown => {
  const p = pages.get(PFN)
  return p && [p.refcount, p.sure, p.holders.map((h) => h.pid)]
}

test('counts are exact while everything is seen; an idle page has no record', () => {
  const pages = grabbed(1, 2)
  expect(page(pages)).toEqual([3, true, [1, 2]])
  expect(put(pages, PFN, null, 2, 'get', 1, 0)).toBe(false)
  expect(page(pages)).toEqual([2, true, [1]])
  expect(put(pages, PFN, null, 1, 'get', 1, 0)).toBe(true)
  expect(pages.size).toBe(0)
})

test('a pin counts 1024 on a small page and once on the head of a compound page', () => {
  const [small, large]: [Pages, Pages] = [new Map(), new Map()]
  grab(small, PFN, null, 0, by(1, 1, 'pin'), 0, true)
  grab(large, PFN, null, 0, by(1, 1, 'pin'), 9, true)
  expect([small.get(PFN)!.refcount, large.get(PFN)!.refcount]).toEqual([1025, 2])
})

test('a sampled count outranks the counted one', () => {
  const pages = grabbed(1)
  grab(pages, PFN, 5, Infinity, by(2), 0, true)
  expect(page(pages)).toEqual([6, true, [1, 2]])
  grab(pages, PFN, 1, Infinity, by(3), 0, true)
  expect(page(pages)).toEqual([2, true, [3]])
})

test('where not everything was seen, a first grab gives a lower bound', () => {
  const pages: Pages = new Map()
  grab(pages, PFN, null, 0, by(1), 0, false)
  expect(page(pages)).toEqual([{ atLeast: 2, atMost: null }, true, [1]])
})

test('after a gap an exact count is a count no more, and nothing is proven', () => {
  const pages = grabbed(1, 2)
  forgetPages(pages)
  expect(page(pages)).toEqual([{ atLeast: 1, atMost: null }, false, [1, 2]])
  expect(isReferenced(pages.get(PFN)!)).toBe(false)
})

test('a grab after a gap proves itself alone, not those before it', () => {
  const pages = grabbed(1, 2)
  forgetPages(pages)
  grab(pages, PFN, null, 0, by(3), 0, false)
  expect(page(pages)).toEqual([{ atLeast: 2, atMost: null }, true, [3]])
})

test('a sample after a gap makes the count exact, not who holds it', () => {
  const pages = grabbed(1, 2)
  forgetPages(pages)
  expect(sample(pages, PFN, 3)).toBe(false)
  expect(page(pages)).toEqual([3, true, []])
  expect(sample(pages, PFN, 1)).toBe(true)
})

test('a put after a gap is not known to leave the page idle; when nobody is left to name, the record goes', () => {
  const pages = grabbed(1, 2)
  forgetPages(pages)
  expect(put(pages, PFN, null, 1, 'get', 1, 0)).toBe(false)
  expect(page(pages)).toEqual([{ atLeast: 1, atMost: null }, false, [2]])
  expect(put(pages, PFN, null, 2, 'get', 1, 0)).toBe(false)
  expect(pages.size).toBe(0)
})

test('a put after a gap with its count seen is exact again', () => {
  const pages = grabbed(1, 2)
  forgetPages(pages)
  expect(put(pages, PFN, 2, 1, 'get', 1, 0)).toBe(true)
  expect(pages.size).toBe(0)
})

test('unseen puts bound the count from above; a sample of the bound says that none was of this page', () => {
  const pages = grabbed(1, 2)
  doubtPages(pages)
  expect(page(pages)).toEqual([{ atLeast: 1, atMost: 3 }, false, [1, 2]])
  const other = structuredClone(pages)
  grab(pages, PFN, 3, Infinity, by(3), 0, true)
  expect(page(pages)).toEqual([4, true, [1, 2, 3]])
  grab(other, PFN, null, 0, by(3), 0, true)
  expect(page(other)).toEqual([{ atLeast: 2, atMost: 4 }, true, [3]])
})

test('a put that may not have happened leaves both counts open', () => {
  const pages = grabbed(1, 2)
  maybePut(pages, PFN, 1)
  expect(pages.get(PFN)!.refcount).toEqual({ atLeast: 2, atMost: 3 })
  maybePut(pages, PFN + 1, 1)
  expect(pages.size).toBe(1)
})

test('two who sample the same count before either takes its reference hold two', () => {
  const pages: Pages = new Map()
  grab(pages, PFN, 1, 10, { ...by(1), seq: 12 }, 0, true)
  grab(pages, PFN, 1, 11, { ...by(2), seq: 13 }, 0, true)
  expect(pages.get(PFN)).toMatchObject({ refcount: 3, holders: [{ pid: 1 }, { pid: 2 }] })
})

test('a page that was freed is nobody’s, whatever puts went unseen', () => {
  const pages = grabbed(1, 2)
  freed(pages, PFN)
  freed(pages, PFN + 1)
  expect(pages.size).toBe(0)
})
