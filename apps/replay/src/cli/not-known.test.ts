import { expect, test } from 'vitest'
import { UnknownStretches } from './not-known.ts'

const known = (start: number, ...turns: [number, boolean | null][]): unknown => {
  const stretches = new UnknownStretches()
  for (const [seq, to] of turns) stretches.see({ seq, to })
  return stretches.upTo(10, start)
}

test('what is not known between turns is counted, from the first event on', () => {
  expect(known(0)).toEqual({ first: 0, events: 10 })
  expect(known(0, [0, false])).toBe(null)
  expect(known(0, [1, false])).toBe(null)
  expect(known(0, [3, false])).toEqual({ first: 0, events: 2 })
  expect(known(0, [0, false], [4, null], [6, false], [10, null])).toEqual({ first: 4, events: 3 })
})

test('of a log whose head is gone only what is left is counted', () => {
  expect(known(4)).toEqual({ first: 4, events: 6 })
})
