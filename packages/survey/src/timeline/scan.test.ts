import { Facts, idOfHost, type AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { History } from '@devtrail/time-travel'
import { models, vocabulary } from '../models.ts'
import { Scan } from './scan.ts'
import { OWNERLESS, type Timeline } from './timeline.ts'
import { lookClosely } from './window.ts'

const event = (seq: number, type: string, device: number | null, data: AnyEvent['data']): AnyEvent => ({
  seq,
  time: seq * 1000,
  type,
  device,
  cpu: 0,
  actor: null,
  entry: seq,
  cause: [],
  data,
})
const found = (seq: number, device: number, name: string, bus = 'nd'): AnyEvent =>
  event(seq, 'devres/device-found', device, { device, name, bus, kind: 'nd-pfn', state: 'bound', driver: 'nd_pmem', fromStart: false })
const gap = (seq: number): AnyEvent => event(seq, 'log/gap', null, { reason: 'lost', lost: 3, cpu: 0, model: null })

const joined = (host: number, name: string): AnyEvent => event(0, 'log/host-joined', null, { host, name, reference: host === 1 })
const on = (host: number, one: AnyEvent): AnyEvent => {
  const device = idOfHost(host, one.device!)
  return { ...one, host, device, data: { ...one.data, device } }
}

async function scanned(events: readonly AnyEvent[], options = {}): Promise<Scan> {
  const facts = new Facts(vocabulary)
  for (const one of events) facts.learn(one)
  const scan = new Scan({ read: () => events }, facts, events.at(-1)!.seq, options)
  await scan.run()
  return scan
}

/** What the driver's lane shows of a row, and since which event. */
function drivers({ rows, looks }: Pick<Timeline, 'rows' | 'looks'>, key: string): (readonly [number, string])[] {
  const lane = rows.find((row) => row.key === key)?.lanes.find(({ name }) => name === 'driver')
  return [...(lane?.seqs ?? [])].map((seq, i) => [seq, lane!.looks[i]! < 0 ? '-' : looks[lane!.looks[i]!]!.text])
}

test('a window of a timeline shows what a gap in it made unknown', async () => {
  const events = [found(1, 1, 'pfn0.0'), found(2, 2, 'pfn1.0'), gap(3), found(4, 3, 'pfn2.0')]
  const { names } = await scanned(events)
  const window = await lookClosely(new History({ read: () => events }, models), {
    from: 2,
    to: 4,
    rows: new Set(['pfn0.0', 'pfn2.0']),
    names,
  })
  expect(window.rows.map(({ key, bins }) => [key, [...bins]])).toEqual([
    ['pfn0.0', []],
    ['pfn2.0', [4]],
  ])
  expect(drivers(window, 'pfn0.0')).toEqual([
    [2, 'bound to nd_pmem'],
    [3, 'driver ?'],
  ])
  expect(drivers(window, 'pfn2.0')).toEqual([[4, 'bound to nd_pmem']])
})

describe('a timeline', () => {
  test('of many devices shows what a gap made unknown at once, and not when it next looks at all', async () => {
    const many = 700
    const events = Array.from({ length: many }, (_, i) => found(i + 1, i + 1, `dev${i}`))
    const late = (from: number, count: number): AnyEvent[] =>
      Array.from({ length: count }, (_, i) => found(from + i, from + i, `late${from + i}`))
    // Known again between two gaps, which are near each other.
    events.push(gap(many + 1), found(many + 2, 651, 'dev650'), ...late(many + 3, 5), gap(many + 8), ...late(many + 9, 40))
    const timeline = (await scanned(events)).timeline(0)
    expect(timeline.devices).toBe(many + 45)
    expect(drivers(timeline, 'dev650').slice(-3)).toEqual([
      [many + 1, 'driver ?'],
      [many + 2, 'bound to nd_pmem'],
      [many + 8, 'driver ?'],
    ])
    expect(drivers(timeline, `late${many + 40}`).at(-1)).toEqual([expect.any(Number), 'bound to nd_pmem'])
  })

  test('tells the first rows, or those whose key has a text in it, and how many there are', async () => {
    const scan = await scanned(Array.from({ length: 30 }, (_, i) => found(i + 1, i + 1, `dev${i}`)))
    const keys = (asked: Parameters<Scan['timeline']>[1]): string[] => scan.timeline(0, asked).rows.map(({ key }) => key)
    expect(keys({ rowsMax: 3 })).toEqual(['dev0', 'dev1', 'dev2'])
    expect(keys({ named: 'v2', rowsMax: 4 })).toEqual(['dev2', 'dev20', 'dev21', 'dev22'])
    expect(scan.timeline(0, { named: 'v2', rowsMax: 4 })).toMatchObject({ devices: 30, fitting: 11 })
  })

  test('ends with as many devices as are to be kept, and says so', async () => {
    const events = Array.from({ length: 30 }, (_, i) => found(i + 1, i + 1, `dev${i}`))
    const scan = await scanned(events, { devices: 10 })
    expect(scan.timeline(0)).toMatchObject({ isFull: true, done: false, upTo: 10, devices: 10 })
    // Also where the log has grown.
    await scan.run({ read: () => [...events, found(31, 31, 'more')] })
    expect(scan.timeline(0)).toMatchObject({ isFull: true, done: false, upTo: 10, devices: 10 })
    expect((await scanned(events, { devices: 31 })).timeline(0)).toMatchObject({ isFull: false, done: true, upTo: 30, devices: 30 })
  })

  test('incarnations follow one another in a row: what is left of an old one ends where the new one comes', async () => {
    const gone = (seq: number, device: number): AnyEvent => event(seq, 'devres/device-removed', device, { device })
    const events = [
      found(1, 1, 'pfn0.0'),
      gone(2, 1),
      found(3, 2, 'pfn0.0'),
      // Of the old one, after the new one has come.
      event(4, 'devres/probe-started', 1, { device: 1, driver: 'nd_pmem', listed: true }),
      gone(5, 2),
    ]
    const timeline = (await scanned(events)).timeline(0)
    expect(timeline.rows.map(({ key, events: n, first, last }) => [key, n, first, last])).toEqual([['pfn0.0', 5, 1, 5]])
    expect(drivers(timeline, 'pfn0.0')).toEqual([
      [1, 'bound to nd_pmem'],
      [2, '-'],
      [3, 'bound to nd_pmem'],
      [5, '-'],
    ])
    const [row] = (await scanned(events, { bins: 1 })).timeline(0).rows
    expect([[...row!.bins], [...row!.counts]]).toEqual([[0], [5]])
  })

  test('a name that turns out to be shared gives all that was seen under it to the row of the key in the end', async () => {
    const events = [found(1, 1, 'dax0.0', 'nd'), found(2, 2, 'pfn0.0'), found(3, 3, 'dax0.0', 'dax')]
    const timeline = (await scanned(events)).timeline(0)
    expect(timeline.rows.map(({ key, events: n }) => [key, n])).toEqual([
      ['nd/dax0.0', 1],
      ['pfn0.0', 1],
      ['dax/dax0.0', 1],
    ])
    expect(drivers(timeline, 'nd/dax0.0')).toEqual([[1, 'bound to nd_pmem']])
  })

  test('says which keys became others, unless a later moment said so before', async () => {
    const events = [found(1, 1, 'dax0.0', 'nd'), found(2, 2, 'pfn0.0'), found(3, 3, 'dax0.0', 'dax')]
    const facts = new Facts(vocabulary)
    for (const one of events) facts.learn(one)
    const read = async (foresees: boolean): Promise<{ before: readonly string[]; after: Timeline }> => {
      const scan = new Scan({ read: () => events.slice(0, 2) }, facts, 3)
      const end = await new History({ read: () => events }, models).end()
      if (foresees) scan.foresee(end)
      await scan.run()
      const before = scan.timeline(0).rows.map(({ key }) => key)
      await scan.run({ read: () => events })
      return { before, after: scan.timeline(0) }
    }
    const unforeseen = await read(false)
    expect(unforeseen.before).toEqual(['dax0.0', 'pfn0.0'])
    expect(unforeseen.after.renamed).toEqual([{ from: 'dax0.0', to: 'nd/dax0.0' }])
    const foreseen = await read(true)
    expect(foreseen.before).toEqual(['nd/dax0.0', 'pfn0.0'])
    expect(foreseen.after.renamed).toEqual([])
    expect(foreseen.after.rows.map(({ key }) => key)).toEqual(unforeseen.after.rows.map(({ key }) => key))
  })

  test('of several hosts has their rows together', async () => {
    const events = [
      { ...joined(1, 'web'), seq: 1 },
      { ...joined(2, 'db'), seq: 2 },
      on(2, found(3, 1, 'pfn0.0')),
      on(1, found(4, 1, 'pfn0.0')),
      on(2, found(5, 2, 'pfn1.0')),
    ]
    const { rows } = (await scanned(events)).timeline(0)
    // Though one of web came between those of db.
    expect(rows.map(({ host, key }) => [host, key])).toEqual([
      ['web', 'web:pfn0.0'],
      ['db', 'db:pfn0.0'],
      ['db', 'db:pfn1.0'],
    ])
  })

  test("of which no device is known are in a row of their own, with the pages of pagemaps that may be anyone's", async () => {
    const data = { pagemap: 1, pfn: 0x100, page: null, flags: null, refcount: 2, order: null }
    const events = [
      found(1, 1, 'pfn0.0'),
      event(2, 'memremap/pagemap-found', null, { pagemap: 1, pointer: '0x1', device: null, phase: 'live' }),
      event(3, 'memremap/grabbed', null, data),
      event(4, 'log/gap', null, { reason: 'lost', lost: 3, cpu: 0, model: null }),
    ]
    const { rows, ownerless } = (await scanned(events)).timeline(0)
    expect(rows.map(({ key, events: n }) => [key, n])).toEqual([['pfn0.0', 1]])
    // What a log says of itself is nobody's.
    expect(ownerless).toMatchObject({ key: OWNERLESS, events: 2 })
    expect(ownerless?.lanes.map(({ name }) => name)).toEqual(['memory', 'pages'])
    expect((await scanned([found(1, 1, 'pfn0.0'), gap(2)])).timeline(0).ownerless).toBe(null)
  })
})
