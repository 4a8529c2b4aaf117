/** What a timeline shows of a recording is what the models tell of each device after each event, looked at one by one. */
import { Facts, type AnyEvent } from '@devtrail/events'
import { asView, lookClosely, looksOf, models, Scan, vocabulary, type Timeline } from '@devtrail/survey'
import { pagemapOwner, pagemapToJson, type MemremapState } from '@devtrail/memremap'
import { describeDevice, Machine, partsOf } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { imported, names, traceLines } from './recorded.test-support.ts'

/** Events of a recording that are looked at: the slow way takes its time. */
const EVENTS_MAX = 700

/** What lanes show of each device after an event, by id: the slow and obvious way. */
function slowLooks(machine: Machine): Map<number, string> {
  const { pagemaps } = machine.state<MemremapState>('memremap')
  const all = machine.devices().map(({ id }) => {
    const gone = [...pagemaps.values()]
      .filter((p) => p.phase === 'removed' && pagemapOwner(p, machine.facts) === id)
      .map((p) => pagemapToJson(p, machine.facts))
    const looks = looksOf(asView(describeDevice(machine, id)), gone as never)
    return [id, looks.map((look) => (look === null ? '-' : `${look.tone} ${look.sure} ${look.text}`)).join('; ')] as const
  })
  return new Map(all)
}

/** What a timeline shows of a row after an event. */
function shown({ rows, looks }: Pick<Timeline, 'rows' | 'looks'>, key: string, seq: number): string {
  const row = rows.find((r) => r.key === key)
  return (['driver', 'memory', 'pages', 'disk'] as const)
    .map((name) => {
      const lane = row?.lanes.find((l) => l.name === name)
      const look = looks[lane?.looks[lane.seqs.findLastIndex((from) => from <= seq)] ?? -1]
      return look === undefined ? '-' : `${look.tone} ${look.sure} ${look.text}`
    })
    .join('; ')
}

async function check(events: readonly AnyEvent[]): Promise<string[]> {
  const facts = new Facts(vocabulary)
  for (const event of events) facts.learn(event)
  const scan = new Scan({ read: () => events }, facts, events.at(-1)!.seq, { bins: Infinity })
  await scan.run()
  const timeline = scan.timeline(0)
  const machine = new Machine(models, facts)
  const wrong: string[] = []
  // Those with memory first, those that are there for bookkeeping last.
  const ranks = timeline.rows.map(({ bookkeeping, lanes }) => (bookkeeping ? 2 : lanes.some(({ name }) => name === 'memory') ? 0 : 1))
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
  expect(timeline.devices).toBe(timeline.rows.length)
  // Where incarnations follow one another in a row, it is the newest that counts.
  const newest = (id: number): boolean => !machine.devices().some((d) => d.id > id && scan.names.device(d.id) === scan.names.device(id))
  for (const [i, event] of events.entries()) {
    machine.step(event)
    if (event.seq < 1 || events[i + 1]?.seq === event.seq) continue
    for (const [id, looks] of slowLooks(machine)) {
      const key = scan.names.device(id)
      const told = shown(timeline, key, event.seq)
      if (told !== looks && newest(id)) wrong.push(`${key} after ${event.seq} (${event.type}): ${told}, and not ${looks}`)
    }
    if (wrong.length > 5) break
  }
  return wrong
}

test.each(names.filter((name) => !name.includes('stress')))('%s', async (name) => {
  const { events } = await imported(name)
  expect(events.length).toBeGreaterThan(30)
  expect(await check(events.slice(0, EVENTS_MAX))).toEqual([])
})

test('fsdax-dev, with entries missing', async () => {
  const lines = traceLines('fsdax-dev')
  const head = lines.findIndex((line) => !line.startsWith('#'))
  const cut = [...lines.slice(0, head + 80), 'CPU:0 [LOST 30 EVENTS]', ...lines.slice(head + 110)]
  expect(await check((await imported('fsdax-dev', cut)).events.slice(0, EVENTS_MAX))).toEqual([])
})

/** What a window shows of a row after an event is what the whole shows. */
test.each(['fsdax-pinned-unbind', 'fsdax-gup-overwritten', 'devdax-dev'])('%s: a window shows what the whole does', async (name) => {
  const { events, history } = await imported(name)
  const scan = new Scan({ read: () => events }, await history.facts(), events.at(-1)!.seq, { bins: Infinity })
  await scan.run()
  const whole = scan.timeline(0)
  const rows = new Set(whole.rows.slice(0, 6).map(({ key }) => key))
  const last = Math.min(EVENTS_MAX, events.at(-1)!.seq)
  for (const [from, to] of [
    [1, last],
    [Math.floor(last / 3), Math.floor(last / 2)],
    [last, last],
  ] as const) {
    const window = await lookClosely(history, { from, to, rows, names: scan.names })
    expect(window.times).toEqual(
      Float64Array.from(
        events.filter(({ seq }) => seq >= from && seq <= to),
        ({ time }) => time,
      ),
    )
    for (const row of whole.rows.filter(({ key }) => rows.has(key))) {
      for (let seq = from; seq <= to; seq++)
        expect([row.key, seq, shown(window, row.key, seq)]).toEqual([row.key, seq, shown(whole, row.key, seq)])
      const bins = window.rows.find(({ key }) => key === row.key)?.bins ?? []
      // Bins of the whole count from 0.
      expect([...bins]).toEqual([...row.bins].map((bin) => bin + 1).filter((seq) => seq >= from && seq <= to))
    }
    expect(window.rows.map(({ key }) => key).filter((key) => !rows.has(key))).toEqual([])
  }
})

test.each(['fsdax-pinned-unbind', 'fsdax-truncate-hang'])(
  '%s: a log without its head shows what the whole does, from there on',
  async (name) => {
    const { events, history } = await imported(name)
    const facts = await history.facts()
    const last = Math.min(EVENTS_MAX, events.at(-1)!.seq)
    const all = events.filter(({ seq }) => seq <= last)
    const whole = new Scan({ read: () => all }, facts, last, { bins: Infinity })
    await whole.run()
    const gone = Math.floor(last / 2)
    const { at, machine } = await history.at({ kind: 'seq', seq: gone })
    const start = { seq: gone, entry: null, time: at.time, ended: false, parts: partsOf(machine) }
    const rest = new Scan({ start, read: () => all.filter(({ seq }) => seq > gone) }, facts, last, { bins: Infinity })
    await rest.run()
    const [wanted, found] = [whole.timeline(0), rest.timeline(0)]
    expect(found.firstSeq).toBe(gone + 1)
    expect(found.binTimes).toHaveLength(last - gone + 1)
    expect(found.rows.length).toBeGreaterThan(2)
    for (const { key, bins } of found.rows) {
      for (let seq = gone; seq <= last; seq++) expect([key, seq, shown(found, key, seq)]).toEqual([key, seq, shown(wanted, key, seq)])
      const wholeBins = wanted.rows.find((row) => row.key === key)!.bins
      expect([...bins].map((bin) => bin + gone)).toEqual([...wholeBins].filter((bin) => bin >= gone))
    }
  },
)

test('pages of a pagemap that may be there are at least so many, in words', async () => {
  const { events, history } = await imported('fsdax-truncate-hang')
  const scan = new Scan({ read: () => events }, await history.facts(), events.at(-1)!.seq)
  await scan.run()
  const said = scan.timeline(0).looks.map(({ text }) => text)
  expect(said.filter((text) => /Infinity|NaN|undefined/.test(text))).toEqual([])
  expect(said).toContain('perhaps ≥ 16 pages referenced')
})
