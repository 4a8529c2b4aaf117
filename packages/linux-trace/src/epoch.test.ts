import { expect, it } from 'vitest'
import { epochFor, epochNotes, sinceEpoch } from './epoch.ts'

it('the times of a machine that is up for less than a hundred days are its own', () => {
  expect([0, 1.5, 8_639_999.9].map(epochFor)).toEqual([0, 0, 0])
  expect(epochNotes(0, false)).toEqual([])
  expect(epochNotes(null, false)).toEqual([])
})

it('those of one that is up for longer are counted from a moment well before the first', () => {
  expect([8_640_000, 9_000_500, 1_796_063_721.9].map(epochFor)).toEqual([8_000_000, 8_000_000, 1_796_000_000])
  expect(sinceEpoch(1_796_063_721_968_507_001n, 1_796_000_000)).toBe(63_721_968_507_001)
  expect(epochNotes(8_000_000, false)).toEqual([
    'the clock is past what can be told exactly: times are counted from 8000000 s of it on, which is 0 here',
  ])
})
