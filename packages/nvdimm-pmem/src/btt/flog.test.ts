/** spec/pmem.md §3, log: which of two entries is the newer one, and which slots are used. */
import { expect, test } from 'vitest'
import { newerOf, nextSeq, slotsOf, type LogEntry, type LogGroup } from './flog.ts'

const entry = (seq: number): LogEntry => ({ lba: 0, old: 0, new: 0, seq })
const group = (...seqs: number[]): LogGroup => seqs.map(entry) as unknown as LogGroup

test.each([
  { a: 1, b: 2, newer: 1 },
  { a: 2, b: 3, newer: 1 },
  { a: 3, b: 1, newer: 1 },
  { a: 2, b: 1, newer: 0 },
  { a: 3, b: 2, newer: 0 },
  { a: 1, b: 3, newer: 0 },
  // The second one was never written whole.
  { a: 1, b: 0, newer: 0 },
  // Traps: an older one in the first slot, and numbers that no cycle has.
  { a: 0, b: 1, newer: 1 },
  { a: 2, b: 0, newer: 1 },
  { a: 3, b: 0, newer: 1 },
  { a: 4, b: 1, newer: 1 },
  { a: 1, b: 1, newer: null },
  { a: 3, b: 3, newer: null },
  { a: 4, b: 2, newer: null },
  { a: 5, b: 1, newer: null },
])('of the numbers $a and $b the newer one is in slot $newer', ({ a, b, newer }) => {
  expect(newerOf(entry(a), entry(b))).toBe(newer)
})

test('numbers go round', () => {
  expect([1, 2, 3].map(nextSeq)).toEqual([2, 3, 1])
})

test('slots: told by the first group with two entries; the others have to agree', () => {
  const fresh = group(1, 0, 0, 0)
  expect(slotsOf([fresh, fresh])).toEqual([0, 1])
  expect(slotsOf([fresh, group(1, 2, 0, 0)])).toEqual([0, 1])
  expect(slotsOf([fresh, group(1, 0, 2, 0), group(3, 0, 2, 0)])).toEqual([0, 2])
  expect(slotsOf([group(1, 0, 2, 0), group(1, 2, 0, 0)])).toBeNull()
  expect(slotsOf([group(0, 1, 2, 0)])).toBeNull()
  expect(slotsOf([group(1, 0, 0, 2)])).toBeNull()
})
