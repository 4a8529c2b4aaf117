import { expect, test } from 'vitest'
import { alike, moreLikeIt, RUNS_SHOWN_MAX } from './alike.ts'

const report = (seq: number, summary: string, rule = 'a'): { seq: number; summary: string; rule: string } => ({ seq, summary, rule })
const put = (seq: number, page: number, rule?: string): ReturnType<typeof report> =>
  report(seq, `page 0x${page.toString(16)} was put`, rule)
const told = (items: readonly ReturnType<typeof report>[]): number[][] =>
  alike(items, ({ rule }) => rule).map((of) => of.map(({ seq }) => seq))

test('reports that differ in the page alone belong together, in the order of the first', () => {
  expect(told([put(3, 0x10), report(4, 'page 0x10 was freed'), put(5, 0x11), put(6, 0x10), put(7, 0x12, 'b')])).toEqual([
    [3, 5, 6],
    [4],
    [7],
  ])
})

test('what names no page, or a range of them, stays alone', () => {
  expect(told([report(1, 'a queue leaked'), report(2, 'a queue leaked')])).toEqual([[1], [2]])
  expect(told([report(1, 'pages (pfn 0x10..0x1f) went'), report(2, 'pages (pfn 0x20..0x2f) went')])).toEqual([[1], [2]])
})

test('the rest is told by runs of pages, in any order, and by its events', () => {
  expect(moreLikeIt([])).toBe('')
  expect(moreLikeIt([put(5, 0x11)])).toBe('and 1 more like it, of page 0x11 (event 5)')
  expect(moreLikeIt([put(9, 0x21), put(5, 0x12), put(6, 0x11), put(7, 0x11)])).toBe(
    'and 4 more like it, of pages 0x11..0x12, 0x21 (events 5–9)',
  )
})

/** Every other page. */
const apart = (n: number): string => moreLikeIt(Array.from({ length: n }, (_, i) => put(i + 1, 2 * i)))

test('of many runs the first are named', () => {
  expect(apart(RUNS_SHOWN_MAX)).not.toContain('more runs')
  expect(apart(RUNS_SHOWN_MAX + 2)).toContain('0x0, 0x2, 0x4, 0x6 and 2 more runs')
})
