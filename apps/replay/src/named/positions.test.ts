import { seconds, type AnyEvent } from '@devtrail/events'
import { parsePosition } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { startsAt } from './positions.ts'

const event = (seq: number, entry: number | null, time: number): AnyEvent => ({
  seq,
  entry,
  time,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  type: 'log/ended',
  data: {},
})
const events = [event(0, null, 0), event(1, 1, 10), event(2, 1, 10), event(3, 4, 1_000_000_000), event(4, null, 2_000_000_000)]
const end = { seq: 4, entry: 4, time: 2_000_000_000 }
const from = (text: string): number[] => events.filter(startsAt(parsePosition(text), end)).map((e) => e.seq)

test('a range of events includes the event, entry or time that it begins with', () => {
  expect(from('2')).toEqual([2, 3, 4])
  expect(from('@4')).toEqual([3])
  expect(from('1s')).toEqual([3, 4])
  expect(from('0.5s')).toEqual([3, 4])
  expect(from('end')).toEqual([4])
})

test('a time as it is printed means all that is printed so', () => {
  const near = [event(1, 1, 999_999_499), event(2, 2, 999_999_500), event(3, 3, 1_000_000_499), event(4, 4, 1_000_000_500)]
  const at = parsePosition('1.000000s')
  expect(near.filter(({ time }) => seconds(time) === '1.000000').map(({ seq }) => seq)).toEqual([2, 3])
  expect(near.filter(startsAt(at, end)).map(({ seq }) => seq)).toEqual([2, 3, 4])
  expect(at).toMatchObject({ ns: 1_000_000_499 })
  expect(parsePosition('1.000000000s')).toEqual({ kind: 'time', ns: 1_000_000_000 })
})

test('the baseline is there from start or from 0 on', () => {
  expect(from('start')).toEqual([0, 1, 2, 3, 4])
  expect(from('0')).toEqual([0, 1, 2, 3, 4])
})
