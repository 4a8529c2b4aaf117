/** What the fold knows of pagemaps: layout, reference, and what a gap leaves. */
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { foldEvents, gap, mapStarted, said } from '../test/given.ts'
import { firstPfn, headOf, type Pagemap } from './pagemap/pagemap.ts'

const P = 1
const one = (...events: AnyEvent[]): Pagemap => foldEvents(...events).pagemaps.get(P)!
const initialised = said('pages-initialised', { pagemap: P, pointer: '0x1', firstPfn: 0x100000, pages: 262144 })
const mapped = said('mapped', { pagemap: P, address: null })
const lookedUp = (fresh: boolean): AnyEvent => said('looked-up', { pfn: 0x109300, pagemap: P, pointer: '0x1', fresh })

test('flags without the altmap bit say that there is no altmap; no flags and no base say nothing', () => {
  expect(one(mapStarted(P, { flags: 0 })).altmap).toBe(false)
  expect(one(mapStarted(P, { flags: 0, altBase: 0x100000, reserve: 2, free: 4606, alloc: 0 })).altmap).toBe(false)
  expect(one(mapStarted(P, {})).altmap).toBe(null)
  expect(firstPfn(one(mapStarted(P, { flags: 0 })))).toBe(0x100000)
})

test('how much of an altmap is in use is not known between the hot-add and the next sample', () => {
  const altmap = { flags: 1, altBase: 0x100000, reserve: 2, free: 4606, alloc: 0 }
  expect(one(mapStarted(P, altmap)).altmap).toMatchObject({ alloc: 0 })
  expect(one(mapStarted(P, altmap), said('memory-added', { pagemap: P, errno: 0 })).altmap).toMatchObject({ free: 4606, alloc: null })
  expect(firstPfn(one(mapStarted(P, altmap)))).toBe(0x101200)
})

test('a live pagemap holds a reference a page, but not where its pages are given out one by one', () => {
  expect(one(mapStarted(P, { flags: 0, type: 3 }), initialised, mapped).ref).toEqual({
    id: null,
    mode: 'percpu',
    dying: false,
    count: { atLeast: 262145, atMost: null },
  })
  expect(one(mapStarted(P, { flags: 0, type: 1 }), initialised, mapped).ref.count).toEqual({ atLeast: 1, atMost: null })
})

test('after a gap what can change is not claimed, what cannot is', () => {
  const p = one(mapStarted(P, { flags: 1, altBase: 0x100000, reserve: 2, free: 4606, alloc: 0 }), initialised, mapped, gap())
  expect(p).toMatchObject({ phase: null, pagesComplete: false, ref: { mode: null, dying: null, count: null } })
  expect(p).toMatchObject({ start: 0x100000000n, type: 3, altmap: { basePfn: 0x100000, reserve: 2, free: 4606, alloc: null } })
})

test('after a gap a new reference shows that a pagemap is live; the cached one shows nothing', () => {
  expect(one(mapStarted(P, {}), mapped, gap(), lookedUp(true)).phase).toBe('live')
  expect(one(mapStarted(P, {}), mapped, gap(), lookedUp(false)).phase).toBe(null)
})

test('after a gap the same pointer at another incarnation takes over what may still be out', () => {
  const grabbed = said('grabbed', { pfn: 0x109300, pagemap: P, before: 1, head: null, refs: 1, kind: 'get', result: null })
  const state = foldEvents(
    mapStarted(P, {}),
    mapped,
    grabbed,
    gap(),
    said('pagemap-found', { pagemap: 2, pointer: '0x1', fromStart: false, idle: false }),
  )
  expect([...state.pagemaps.keys()]).toEqual([2])
  expect([...state.pagemaps.get(2)!.pages.values()].map((page) => [page.pfn, page.sure])).toEqual([[0x109300, false]])
})

test('mapping anew forgets the pages of before', () => {
  const grabbed = said('grabbed', { pfn: 0x109300, pagemap: P, before: 1, head: null, refs: 1, kind: 'get', result: null })
  expect(one(mapStarted(P, {}), grabbed, mapStarted(P, {})).pages.size).toBe(0)
})

test('a tail page counts at the head of its compound page', () => {
  const p = one(mapStarted(P, { flags: 0, vmemmapShift: 9 }))
  expect([0x100000, 0x1001ff, 0x100200].map((pfn) => headOf(p, pfn))).toEqual([0x100000, 0x100000, 0x100200])
})

function unmapSampled(percpuCountPtr: bigint, refCount: bigint): Pagemap['ref'] {
  const altmap = { altBase: null, reserve: null, free: null, alloc: null }
  const layout = { pagemap: P, start: 0n, end: 0xfffn, type: 3, flags: 0, ranges: 1, ...altmap }
  return one(said('unmap-started', { ...layout, ref: null, percpuCountPtr, refCount })).ref
}

test('a sampled reference is exact in atomic mode and bounded in percpu mode', () => {
  expect(unmapSampled(0x1000n, (1n << 63n) + 1n)).toEqual({
    id: null,
    mode: 'percpu',
    dying: false,
    count: { atLeast: 1, atMost: null },
  })
  expect(unmapSampled(0x3n, 7n)).toEqual({ id: null, mode: 'atomic', dying: true, count: 7 })
})
