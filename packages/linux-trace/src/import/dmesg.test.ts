import { describe, expect, it } from 'vitest'
import { dmesgTail, parseDmesg } from './dmesg.ts'
import { imported, on } from './trace.test-support.ts'

const texts = (tail: readonly { text: string }[]): string[] => tail.map((l) => l.text)

describe('dmesg', () => {
  it('has lines with a time; others are left out', () => {
    expect(parseDmesg('[    1.000001] a: b\r\n<4>[   12.345678] warned\nno time\n[ 13.5] x\n[  2.000000] \n')).toEqual([
      { ns: 1_000_001_000, text: 'a: b' },
      { ns: 12_345_678_000, text: 'warned' },
      { ns: 2_000_000_000, text: '' },
    ])
  })

  const lines = parseDmesg('[  1.000000] twice\n[  5.000000] twice\n[  5.500000] early\n[  6.000000] late\n')
  it('goes on behind the line that the trace has last, the nearest in time of equal ones', () => {
    expect(texts(dmesgTail(lines, { time: 4.9e9, ticks: false, epoch: 0 }, { text: 'twice', time: 4.9e9 }))).toEqual(['early', 'late'])
    expect(texts(dmesgTail(lines, { time: 0.9e9, ticks: false, epoch: 0 }, { text: 'twice', time: 0.9e9 }))).toEqual([
      'twice',
      'early',
      'late',
    ])
  })

  it('is moved to the clock of the trace, which that line tells', () => {
    expect(dmesgTail(lines, { time: 4.9e9, ticks: false, epoch: 0 }, { text: 'twice', time: 4.9e9 }).map((l) => l.ns)).toEqual([
      5.4e9, 5.9e9,
    ])
  })

  it('has no line that the trace would have had', () => {
    expect(texts(dmesgTail(lines, { time: 5.45e9, ticks: false, epoch: 0 }, { text: 'twice', time: 4.9e9 }))).toEqual(['late'])
    expect(texts(dmesgTail(lines, { time: 5.7e9, ticks: false, epoch: 0 }, null))).toEqual(['late'])
    expect(texts(dmesgTail(lines, { time: 5.7e9, ticks: false, epoch: 0 }, { text: 'never printed', time: 1e9 }))).toEqual(['late'])
  })

  it('is passed over by as many lines as the last console entry has', () => {
    expect(texts(dmesgTail(lines, { time: 4.9e9, ticks: false, epoch: 0 }, { text: 'twice\nearly', time: 4.9e9 }))).toEqual(['late'])
  })
})

describe('what the kernel printed after tracing stopped', () => {
  const first = on('sh-102', 1)('console: first')
  const dmesg =
    '[  0.500000] boot\n[  1.001500] first\n[  1.101500] Kernel panic - not syncing: x\n[  1.201500] CPU: 1 PID: 9 Comm: sh Not tainted\n'

  it('follows the trace, without an entry, before its end', async () => {
    const { all, events } = await imported([first], { dmesg })
    expect(all('kernel/console').map((e) => [e.data['text'], e.entry, e.time])).toEqual([
      ['first', 1, 1_001_000_000],
      ['Kernel panic - not syncing: x', null, 1_101_000_000],
      ['CPU: 1 PID: 9 Comm: sh Not tainted', null, 1_201_000_000],
    ])
    expect(all('kernel/warned')).toMatchObject([{ data: { kind: 'panic', pid: 9, comm: 'sh' } }])
    expect(events.at(-1)!.type).toBe('log/ended')
  })

  it('is nothing without an entry in the trace to go on from', async () => {
    const header = '# entries-in-buffer/entries-written: 0/0   #P:2'
    expect((await imported([], { dmesg, header })).all('kernel/console')).toEqual([])
  })
})
