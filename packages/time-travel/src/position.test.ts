import { describe, expect, it } from 'vitest'
import { findMoment } from './find-moment.ts'
import { event } from './house.test-support.ts'
import { LogBlocks } from './log-blocks.ts'
import { NoSuchPositionError, parsePosition, PositionSyntaxError, type Moment } from './position.ts'

describe('parsePosition reads', () => {
  it.each([
    ['start', { kind: 'start' }],
    ['end', { kind: 'end' }],
    ['138', { kind: 'seq', seq: 138 }],
    ['seq:138', { kind: 'seq', seq: 138 }],
    ['0', { kind: 'seq', seq: 0 }],
    ['999999999999999', { kind: 'seq', seq: 999_999_999_999_999 }],
    ['@261', { kind: 'entry', entry: 261 }],
    ['9.588325s', { kind: 'time', ns: 9_588_325_499, from: 9_588_324_500 }],
    ['9s', { kind: 'time', ns: 9_000_000_499, from: 8_999_999_500 }],
    ['0.000000001s', { kind: 'time', ns: 1 }],
    ['9007199.254740991s', { kind: 'time', ns: Number.MAX_SAFE_INTEGER }],
  ])('%s', (text, position) => {
    expect(parsePosition(text)).toEqual(position)
  })
})

describe('parsePosition refuses', () => {
  it.each([
    '',
    ' ',
    'Start',
    '-1',
    '1.5',
    'seq:',
    'seq:x',
    '@',
    '@-1',
    '@1.5',
    '9.5',
    '.5s',
    '9.s',
    '9.0000000001s',
    '0x10',
    '1 ',
    '1e3',
    '1234567890123456',
    'seq:@3',
  ])('%j, saying what can be used', (text) => {
    expect(() => parsePosition(text)).toThrow(PositionSyntaxError)
    expect(() => parsePosition(text)).toThrow(
      `"${text}" is not a position; use a sequence number (138), an entry (@261), a time (9.588325s), start or end`,
    )
  })

  it('a time beyond what a clock can show', () => {
    expect(() => parsePosition('9999999999s')).toThrow(PositionSyntaxError)
  })
})

/** Baseline, two events of entry 1, entry 2 without any, a gap before entry 4, entry 4, and what followed the last entry. */
const log = [
  event('x/found', {}, { seq: 0, time: 5 }),
  event('x/a', {}, { seq: 1, entry: 1, time: 10 }),
  event('x/b', {}, { seq: 2, entry: 1, time: 10 }),
  event('log/gap', {}, { seq: 3, entry: 4, time: 20 }),
  event('x/c', {}, { seq: 4, entry: 4, time: 20 }),
  event('x/d', {}, { seq: 5, entry: 5, time: 20 }),
  event('log/ended', {}, { seq: 6, entry: null, time: 30 }),
]

const blocks = new LogBlocks({ read: () => log }, 2)

const find = (text: string, entries: number | null = 7): Promise<Moment> => findMoment(blocks, parsePosition(text), entries)
const findInNothing = (text: string): Promise<Moment> => findMoment(new LogBlocks({ read: () => [] }), parsePosition(text), null)

describe('a position in a log', () => {
  it('start is the baseline alone', async () => {
    expect(await find('start')).toEqual({ seq: 0, entry: null, time: null })
    expect(await find('0')).toEqual(await find('start'))
  })

  it('end is the last event, with the last entry there was', async () => {
    expect(await find('end')).toEqual({ seq: 6, entry: 5, time: 30 })
  })

  it('a sequence number is after that event', async () => {
    expect(await find('2')).toEqual({ seq: 2, entry: 1, time: 10 })
    expect((await find('6')).seq).toBe(6)
  })

  it('a sequence number past the end does not exist, and the message says where the log ends', async () => {
    await expect(find('7')).rejects.toThrow(NoSuchPositionError)
    await expect(find('7')).rejects.toThrow('there is no event 7: the log ends at 6 (0.000000s)')
  })

  it('an entry is after all of its events', async () => {
    expect(await find('@1')).toEqual({ seq: 2, entry: 1, time: 10 })
    expect((await find('@4')).seq).toBe(4)
  })

  it('an entry without events of its own is where the one before left off', async () => {
    expect(await find('@2')).toEqual({ seq: 2, entry: 2, time: 10 })
    expect(await find('@7')).toEqual({ seq: 5, entry: 7, time: 20 })
  })

  it('a gap between entries is not part of the entry before it', async () => {
    expect((await find('@3')).seq).toBe(2)
  })

  it('entry 0 is the baseline', async () => {
    expect(await find('@0')).toEqual({ seq: 0, entry: 0, time: null })
  })

  it('an entry past the end does not exist, whether the recording or its events tell how many there are', async () => {
    await expect(find('@8')).rejects.toThrow(new NoSuchPositionError('there is no entry 8: the recording has 7'))
    await expect(find('@6', null)).rejects.toThrow('there is no entry 6: the recording has 5')
    expect((await find('@5', null)).seq).toBe(5)
  })

  it('a time before the first event is the baseline', async () => {
    expect(await find('0.000000009s')).toEqual({ seq: 0, entry: null, time: null })
  })

  it('a time is after the last event not later than it, the last of equal times', async () => {
    expect((await find('0.00000001s')).seq).toBe(2)
    expect((await find('0.000000019s')).seq).toBe(2)
    expect((await find('0.00000002s')).seq).toBe(5)
  })

  it('a time past the end is the end', async () => {
    expect((await find('100s')).seq).toBe(6)
  })

  it('an empty log has its start and its end, and no event', async () => {
    expect(await findInNothing('end')).toEqual({ seq: 0, entry: null, time: null })
    await expect(findInNothing('1')).rejects.toThrow('there is no event 1: the log ends at 0')
    await expect(findInNothing('@1')).rejects.toThrow('the recording has 0')
  })
})
