/** Each rule: flagged when broken, silent when not, only possible where something may have been missed. */
import type { AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { ended, gap, judge, mapStarted, said } from '../test/given.ts'

const PFN = 0x109300
const live = (): AnyEvent[] => [mapStarted(1, { flags: 0 }), said('mapped', { pagemap: 1, address: null })]
const grabbed = (before: number | null = 1): AnyEvent =>
  said('grabbed', { pfn: PFN, pagemap: 1, before, head: null, refs: 1, kind: 'get', result: null })
const put = (pagemap: number | null = 1, how = 'put_page'): AnyEvent =>
  said('put', { pfn: PFN, pages: 1, pagemap, page: null, word: null, before: null, refs: 1, kind: 'get', how })
const removed = (): AnyEvent => said('memory-removed', { pagemap: 1, start: 0x100000000n, size: 0x40000000n })
const unseen = (): AnyEvent => said('puts-unseen', { vectors: 4 })

describe('memremap/referenced-at-removal', () => {
  test('a page that is referenced when its memory goes is certain, with the grab and the removal as evidence', () => {
    const [grab, removal] = [grabbed(), removed()]
    expect(judge(...live(), grab, removal)).toMatchObject([
      {
        rule: 'memremap/referenced-at-removal',
        certainty: 'certain',
        seq: removal.seq,
        evidence: [grab.seq, removal.seq],
        data: { pages: { certain: 1, possible: 0 }, firstPfn: '0x109300' },
      },
    ])
  })

  test('silent when all pages are idle, and when the memory is not removed', () => {
    expect(judge(...live(), grabbed(), put(), removed(), ended())).toEqual([])
    expect(judge(...live(), grabbed(), ended())).toEqual([])
  })

  test('after a gap, or after puts that were not seen, only possible', () => {
    for (const doubt of [gap, unseen]) {
      expect(judge(...live(), grabbed(), doubt(), removed())).toMatchObject([
        { certainty: 'possible', data: { pages: { certain: 0, possible: 1 } } },
      ])
    }
  })

  test('references taken after the gap are certain', () => {
    expect(judge(...live(), gap(), grabbed(null), removed())).toMatchObject([{ certainty: 'certain' }])
  })

  test('of pages that nothing is known of nothing is said', () => {
    expect(judge(...live(), gap(), removed())).toEqual([])
  })

  test('a page put after the removal proves that it was referenced, once for each page', () => {
    const [removal, late] = [removed(), put(null)]
    expect(judge(...live(), grabbed(), unseen(), removal, late)).toMatchObject([
      { rule: 'memremap/referenced-at-removal', certainty: 'possible' },
      { rule: 'memremap/referenced-at-removal', certainty: 'certain', seq: late.seq, data: { takenBy: [{ pid: 7 }] } },
      { rule: 'memremap/put-after-removal', certainty: 'certain', seq: late.seq, evidence: [removal.seq, late.seq] },
    ])
    expect(judge(...live(), grabbed(), removed(), put(null)).map((v) => v.rule)).toEqual([
      'memremap/referenced-at-removal',
      'memremap/put-after-removal',
    ])
  })

  test('a put after a removal and a gap proves nothing: the range may have been mapped anew', () => {
    expect(judge(...live(), removed(), gap(), put(null))).toEqual([])
  })
})

const started = (): AnyEvent => said('idle-wait-started', { call: 'ext4_break_layouts', inode: null })

const searched = (pfn: number | null): AnyEvent => said('busy-looked-up', { page: null, pfn, pagemap: 1 })

const returned = (): AnyEvent => said('idle-wait-ended', { call: 'ext4_break_layouts', errno: 0 })

describe('memremap/idle-waiter-not-woken', () => {
  test('a task that still waits for a page that became idle is certain at the end', () => {
    const [start, search, last] = [started(), searched(PFN), put(1, 'bio')]
    expect(judge(...live(), grabbed(), start, search, last, ended())).toMatchObject([
      {
        rule: 'memremap/idle-waiter-not-woken',
        certainty: 'certain',
        seq: last.seq,
        evidence: [start.seq, search.seq, last.seq],
        data: { waiter: { pid: 7 } },
      },
    ])
  })

  test('silent when it returned, when the page is busy, when it is busy again, when it looked again', () => {
    const wait = (): AnyEvent[] => [...live(), grabbed(), started(), searched(PFN)]
    expect(judge(...wait(), put(), searched(null), returned(), ended())).toEqual([])
    expect(judge(...wait(), ended())).toEqual([])
    expect(judge(...wait(), put(), grabbed(), ended())).toEqual([])
    expect(judge(...wait(), put(), searched(PFN + 1), ended())).toEqual([])
  })

  test('silent as long as the recording goes on', () => {
    expect(judge(...live(), grabbed(), started(), searched(PFN), put(1, 'bio'))).toEqual([])
  })

  test('after a gap, or when the end of the recording is missing, only possible', () => {
    expect(judge(...live(), grabbed(), started(), searched(PFN), put(1, 'bio'), gap(), ended())).toMatchObject([{ certainty: 'possible' }])
    expect(judge(...live(), grabbed(), started(), searched(PFN), put(1, 'bio'), ended(false))).toMatchObject([{ certainty: 'possible' }])
  })

  test('of a task that put_page has woken it is certain only when it had the time to run', () => {
    const last = put(1, 'put_page')
    expect(judge(...live(), grabbed(), started(), searched(PFN), last, { ...ended(), time: last.time + 1000 })).toMatchObject([
      { certainty: 'possible' },
    ])
    const late = { ...ended(), time: last.time + 1_000_000_000 }
    expect(judge(...live(), grabbed(), started(), searched(PFN), last, late)).toMatchObject([{ certainty: 'certain' }])
  })
})
