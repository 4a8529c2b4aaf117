import { expect, test } from 'vitest'
import { newSummary, type TraceSummary } from '../text/summary.ts'
import { Losses } from './losses.ts'

const whole: TraceSummary = { ...newSummary(), entries: 9, inBuffer: 9, written: 9, cpus: 2 }
const missed = (any: boolean): ConstructorParameters<typeof Losses>[1] => ({
  missedHits: any ? [{ event: 'a', hits: 1 }] : [],
  endMissed: any,
})
const told = (l: Losses): object => ({ lost: l.lost, endIsWhole: l.endIsWhole, none: l.none })

test.each<[what: string, trace: Partial<TraceSummary>, missedHits: boolean, lost: number | null, endIsWhole: boolean, none: boolean]>([
  ['nothing is missing', {}, false, 0, true, true],
  ['there is no header', { inBuffer: null, written: null }, false, null, false, false],
  ['entries were lost, and nothing says where', { written: 12 }, false, 3, false, false],
  ['entries that the header announces are not there', { entries: 8 }, false, 0, false, false],
  ['there are more than the header announces', { entries: 10 }, false, 0, true, false],
  ['a line could not be read', { unparsed: 1 }, false, 0, false, false],
  ['probes missed hits', {}, true, 0, false, false],
])('%s', (_, trace, missedHits, lost, endIsWhole, none) => {
  expect(told(new Losses({ ...whole, ...trace }, missed(missedHits), 0))).toEqual({ lost, endIsWhole, none })
})

test('an entry that cannot be followed is lost, and so may be what it said of the end', () => {
  const losses = new Losses(whole, missed(false), 0)
  losses.entryNotFollowed()
  expect([losses.notFollowed, told(losses)]).toEqual([1, { lost: 1, endIsWhole: false, none: false }])
})

test('what is lost adds up until nobody can say how much; the late start of a buffer adds nothing', () => {
  const losses = new Losses(whole, missed(false), 0)
  losses.gap('lost', 5)
  losses.gap('overwritten', null)
  losses.gap('cut', 2)
  expect(told(losses)).toEqual({ lost: 7, endIsWhole: true, none: false })
  losses.gap('lost', null)
  losses.gap('lost', 1)
  expect(losses.lost).toBeNull()
})

test('hits that say nothing of the end leave it whole, but not the recording', () => {
  const losses = new Losses(whole, { missedHits: [{ event: 'a', hits: 1 }], endMissed: false }, 0)
  expect(told(losses)).toEqual({ lost: 0, endIsWhole: true, none: false })
})

test('what was cut off at the end is not what buffers lost before', () => {
  const losses = new Losses({ ...whole, entries: 8, written: 12 }, missed(false), 0)
  losses.gap('cut', 1)
  expect([losses.unplaced, losses.lost]).toEqual([3, 4])
})

test.each<[trace: Partial<TraceSummary>, missedHits: boolean, says: string[]]>([
  [{}, false, []],
  [{ inBuffer: null, written: null }, false, ['no header says how many entries there were']],
  [{ isUncounted: true }, false, ['no header says how many entries there were']],
  [{ written: 12 }, false, ['entries were lost']],
  [{ written: 8 }, false, ['its header announces more entries than were written']],
  [{ entries: 8 }, false, ['its end is missing']],
  [{ entries: 10 }, false, ['there are more entries than its header announces']],
  [{ unparsed: 1 }, true, ['lines could not be read', 'probes missed hits']],
])('of %j, with missed hits: %j, is said %j', (trace, missedHits, says) => {
  expect(new Losses({ ...whole, ...trace }, missed(missedHits), 0).lacks).toEqual(says)
})
