import { Facts } from '@devtrail/events'
import { durationText, Names, vocabulary } from '@devtrail/survey'
import { describe, expect, it } from 'vitest'
import { driftOf, givenOffsets, hostNames, marks, pairFinder } from './options.ts'

const LOGS = ['logs/web.log', 'logs/db.ndjson', 'db']
const NAMED = ['db=other']
const NO_NAMES = new Names(new Facts(vocabulary), new Map(), new Map(), new Map())

const given = (...texts: string[]): unknown[] => [...givenOffsets(texts, ['web', 'db']).get('db')!]

const event = (text: string | null) => ({
  seq: 1,
  entry: 1,
  time: 0,
  device: null,
  cpu: 0,
  actor: { pid: 7, comm: 'sh' },
  cause: [],
  type: 'kernel/marked',
  data: { text },
})

describe('names of hosts', () => {
  it('are those of their logs, or given', () => {
    expect(hostNames(LOGS, NAMED)).toEqual(['web', 'db', 'other'])
    expect(hostNames(['a=b.log', 'x'], ['a=b.log=y'])).toEqual(['y', 'x'])
  })

  it.each([
    [LOGS, [], 'would both be host "db"'],
    [LOGS, ['nobody=x'], 'LOG is one of those given'],
    [LOGS, ['db=x', 'db=y'], 'db has two names'],
    [LOGS, ['db'], 'it should be LOG=HOST'],
    [LOGS, ['db=seq'], "cannot be a host's name"],
    [LOGS, ['db=a:b'], "cannot be a host's name"],
    [LOGS, ['db=__proto__'], "cannot be a host's name"],
    [LOGS, ['db=\u001b[2J'], "cannot be a host's name"],
    [['a log (1)', 'x'], [], "cannot be a host's name"],
    [['/', 'x'], [], "cannot be a host's name"],
    [['x'.repeat(64), 'x'], [], "cannot be a host's name"],
  ])('%j %j are refused', (logs, given, says) => {
    expect(() => hostNames(logs, given)).toThrow(says)
  })
})

describe('offsets', () => {
  it('are nanoseconds, and how far they may be off', () => {
    expect(given('db=+1.25s±2ms')).toEqual([[0, { offset: 1.25e9, uncertainty: 2e6 }]])
    expect(given('db=-3 h +-1.5us', 'db#2=0±0', 'db#3=unknown')).toEqual([
      [0, { offset: -3 * 3600e9, uncertainty: 1500 }],
      [1, { offset: 0, uncertainty: 0 }],
      [2, { offset: null, uncertainty: 0 }],
    ])
    expect(given('db=12m+/-1ns')).toEqual([[0, { offset: 720e9, uncertainty: 1 }]])
  })

  it.each(['db=1', 'db=+1s', 'db=+1s±', 'db=1±1s', 'db=1e9s±1s', 'db=±1s', 'db=', 'db#0=+1s±0', 'mars=+1s±0', 'db', ''])(
    '"%s" is refused',
    (text) => {
      expect(() => given(text)).toThrow(/--offset/)
    },
  )

  it.each(['db=+999999999999h±1ms', 'db=+2502h±0', 'db=+1s±999999h'])('%s is more than times reach', (text) => {
    expect(() => given(text)).toThrow(`--offset ${text}`)
    expect(() => given(text)).toThrow('104 days')
  })

  it('are given once', () => {
    expect(() => given('db=+1s±0', 'db#1=+2s±0')).toThrow('two offsets')
  })
})

describe('pairs', () => {
  it('are marks around a message', () => {
    expect(marks.of(event('sync 17 out'))).toEqual({ id: 'mark 17', role: 'out', within: 0 })
    expect(marks.of(event('sync a/b:c in\n'))).toEqual({ id: 'mark a/b:c', role: 'in', within: 0 })
    for (const text of ['sync 17', 'sync out', 'sync 17 outs', 'xsync 17 out', 'sync 1 7 out', `sync ${'x'.repeat(201)} in`])
      expect(marks.of(event(text))).toBeNull()
    expect([marks.mayFit('kernel/marked'), marks.mayFit('kernel/console')]).toEqual([true, false])
  })

  it('are events with the same field', () => {
    const finder = pairFinder('comm == "sh" and cpu == 0 | text ± 5 ms', 3, NO_NAMES)
    expect(finder.of(event('x | y'))).toEqual({ id: 'pair 3 x | y', role: 'same', within: 5e6 })
    expect(finder.of({ ...event('x'), cpu: 1 })).toBeNull()
    expect(finder.of(event(null))).toBeNull()
    expect([finder.mayFit('kernel/marked'), finder.mayFit('devres/added')]).toEqual([true, false])
    expect(pairFinder('type ~ "*"|data.text±0', 0, NO_NAMES).of(event('x'))).toMatchObject({ within: 0 })
  })

  it.each([
    ['text ± 5ms', 'EXPR | FIELD'],
    ['type == "kernel/marked" | text', 'EXPR | FIELD'],
    ['type == "kernel/marked" | ± 5ms', ''],
    ['nonsense == 1 | text ± 5ms', 'no event has a field "nonsense"'],
    ['| text ± 5ms', ''],
  ])('"%s" are refused', (text, says) => {
    expect(() => pairFinder(text, 0, NO_NAMES)).toThrow(says)
  })
})

it('drift is a part of a second', () => {
  expect(driftOf('100ppm')).toBe(1e-4)
  expect(driftOf('0.5 ppm')).toBe(5e-7)
  expect(() => driftOf('much')).toThrow('100ppm')
})

it('spans are told in three digits', () => {
  expect([0, 999, 1500, 6_164_213, 59e9].map(durationText)).toEqual(['0 ns', '999 ns', '1.5 µs', '6.16 ms', '59 s'])
})
