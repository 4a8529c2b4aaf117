import { OWNERLESS, type Lane, type Row, type TimelineWindow } from '@devtrail/survey'
import { expect, test } from 'vitest'
import type { ScanState } from '../protocol.ts'
import { Clock } from './clock.ts'
import { HOST_HEIGHT, rowHeight, rowTops } from './layout.ts'
import { lookWords } from './look-words.ts'
import { rowName, shownRows } from './shown-rows.ts'

const lane = (name: Lane['name'], ...seqs: number[]): Lane => ({
  name,
  seqs: Float64Array.from(seqs),
  times: Float64Array.from(seqs, (seq) => seq * 10),
  looks: Int32Array.from(seqs, () => 0),
})

const row = (key: string, lanes: readonly Lane[], host: string | null = null): Row => ({
  key,
  host,
  kind: null,
  bookkeeping: false,
  first: 101,
  last: 112,
  events: 3,
  lanes,
  bins: Int32Array.of(0, 2),
  counts: Int32Array.of(1, 2),
})

/** Twelve events from 101 on, four to a bin. */
const scan = (...rows: Row[]): ScanState => ({
  firstSeq: 101,
  upTo: 112,
  done: true,
  isFull: false,
  isBroken: false,
  binEvents: 4,
  binTimes: Float64Array.of(1010, 1050, 1090, 1120),
  looks: [{ tone: 'on', text: 'bound', sure: true }],
  rows,
  ownerless: null,
  devices: rows.length,
  fitting: rows.length,
  renamed: [],
  rules: 1,
  violations: [],
})

const window = (...rows: Row[]): TimelineWindow => ({
  from: 105,
  times: Float64Array.of(1050, 1060, 1070, 1080),
  looks: [{ tone: 'on', text: 'closely', sure: true }],
  rows,
})

test('bins count from the first event there is', () => {
  const [shown] = shownRows(scan(row('pfn0.0', [])), null)
  expect([0, 1, 2].map((bin) => shown!.bins.seqOf(bin))).toEqual([101, 105, 109])
  expect(shown!.bins.isExact).toBe(false)
  expect(shown!.bins.timeOf(1)).toBe(1050)
  expect([shown!.bins.upTo('events', 108), shown!.bins.upTo('time', 1060)]).toEqual([1, 1])
})

test('a row keeps its lanes where one looks closely, though the window has nothing of one', () => {
  const whole = scan(row('pfn0.0', [lane('driver', 101), lane('memory', 102), lane('pages', 109)]), row('pfn1.0', [lane('driver', 101)]))
  const shown = shownRows(whole, window({ ...row('pfn0.0', [lane('pages', 106), lane('driver', 105)]), bins: Int32Array.of(106) }))
  expect(shown[0]!.row.lanes.map(({ name, seqs }) => [name, ...seqs])).toEqual([['driver', 105], ['memory'], ['pages', 106]])
  expect(shown[0]!.looks[0]!.text).toBe('closely')
  expect([shown[0]!.bins.isExact, shown[0]!.bins.seqOf(106), shown[0]!.bins.timeOf(106)]).toEqual([true, 106, 1060])
  // What the window does not have is as the whole has it.
  expect([shown[1]!.looks[0]!.text, shown[1]!.bins.isExact]).toEqual(['bound', false])
})

test('the first row of each host has room for its name', () => {
  const shown = shownRows(scan(row('a:x', [], 'a'), row('a:y', [], 'a'), row('b:x', [], 'b')), null)
  expect(shown.map(({ lead }) => lead)).toEqual([HOST_HEIGHT, 0, HOST_HEIGHT])
  const height = rowHeight({ lanes: [] })
  expect([...rowTops(shown)]).toEqual([0, HOST_HEIGHT + height, HOST_HEIGHT + 2 * height, 2 * HOST_HEIGHT + 3 * height])
  expect(shownRows(scan(row('x', []), row('y', [])), null).map(({ lead }) => lead)).toEqual([0, 0])
})

test('a clock is exact where events are known one by one, and between known points elsewhere', () => {
  const opened = { blocks: [{ firstSeq: 101, lastSeq: 120, minTime: 1010, maxTime: 1200 }] } as unknown as ConstructorParameters<
    typeof Clock
  >[0]
  const rough = new Clock(opened, scan())
  expect([101, 103, 105, 120].map((seq) => rough.timeOf(seq))).toEqual([1010, 1030, 1050, 1200])
  expect([rough.seqAt(1009), rough.seqAt(1010), rough.seqAt(1055), rough.seqAt(5000)]).toEqual([0, 101, 105, 120])
  const close = new Clock(opened, scan(), { ...window(), times: Float64Array.of(1050, 1051, 1052, 1089) })
  expect([105, 106, 107, 108, 109].map((seq) => close.timeOf(seq))).toEqual([1050, 1051, 1052, 1089, 1090])
})

test('what no device is known of has the last row', () => {
  const rows = shownRows({ ...scan(row('pfn0.0', [])), ownerless: row(OWNERLESS, []) }, null)
  expect(rows.map((one) => rowName(one.row.key))).toEqual(['pfn0.0', 'no device'])
})

test('a row has as many events as its list: what the baseline says is none', () => {
  const told = { ...row('pfn0.0', []), events: 4 }
  expect(shownRows(scan(told), null)[0]?.events).toBe(3)
})

test('what is not sure is said so once', () => {
  expect(lookWords({ text: '16 pages referenced', sure: true })).toBe('16 pages referenced')
  expect(lookWords({ text: '16 pages referenced', sure: false })).toBe('16 pages referenced ?')
  expect(lookWords({ text: '≥ 16 pages referenced', sure: false })).toBe('≥ 16 pages referenced')
  expect(lookWords({ text: 'pagemap live, ref ?', sure: false })).toBe('pagemap live, ref ?')
})
