import type { AnyEvent } from '@devtrail/events'
import type { ReadRange } from '../contract.ts'
import { sampleEvents, sampleMeta } from '../samples.ts'
import { eventsOf, storedIn, refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

export function readingTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('an empty log has its meta, no event and seq 0', async () => {
    const store = await fresh()
    await filled(store, [])
    await using reader = await store.open()
    expectEqual(reader.meta, sampleMeta())
    expectEqual([reader.lastSeq, reader.tornTail, await eventsOf(reader), await reader.attachments()], [0, null, [], []])
  })

  test('what was appended is read back, baseline first', async () => {
    const store = await fresh()
    const events = sampleEvents(40, { baseline: 3 })
    await filled(store, events)
    await using reader = await store.open()
    expectEqual(reader.lastSeq, 40)
    expectEqual(await eventsOf(reader), events)
    expectEqual(await eventsOf(reader), events)
  })

  test('a range is inclusive at both ends; 0 is the whole baseline', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(40, { baseline: 3 }))
    await using reader = await store.open()
    const seqs = async (from: number, to: number): Promise<number[]> => (await eventsOf(reader, { from, to })).map((e) => e.seq)
    expectEqual(await seqs(0, 0), [0, 0, 0])
    expectEqual(await seqs(0, 1), [0, 0, 0, 1])
    expectEqual(await seqs(7, 9), [7, 8, 9])
    expectEqual(await seqs(40, 40), [40])
    expectEqual(await seqs(39, 99), [39, 40])
    expectEqual(await seqs(41, 99), [])
    expectEqual(await seqs(9, 7), [])
    for (const bad of [-1, 1.5, Number.NaN]) {
      await refusal(() => eventsOf(reader, { from: bad }), 'bad-range')
      await refusal(() => eventsOf(reader, { to: bad }), 'bad-range')
    }
  })

  test('events are found by entry, by time, by device and by type, alone and together', async () => {
    const store = await fresh()
    const events = sampleEvents(9000, { baseline: 3 })
    await filled(store, events)
    await using reader = await store.open()
    const ranges: readonly (readonly [ReadRange, (event: AnyEvent) => boolean])[] = [
      [{ fromEntry: 17_000 }, (e) => e.entry !== null && e.entry >= 17_000],
      [{ fromEntry: 100, toEntry: 107 }, (e) => e.entry !== null && e.entry >= 100 && e.entry <= 107],
      [{ fromTime: 8_900_000_001 }, (e) => e.time >= 8_900_000_001],
      [{ fromTime: 5_000_000, toTime: 9_000_000 }, (e) => e.time >= 5_000_000 && e.time <= 9_000_000],
      [{ devices: [3] }, (e) => e.device === 3],
      [{ devices: [null] }, (e) => e.device === null],
      [{ devices: [34, 35] }, () => false],
      [{ devices: [] }, () => false],
      [{ types: ['sample/said'] }, (e) => e.type === 'sample/said'],
      [{ types: ['sample/unheard-of'] }, () => false],
      [
        { from: 3000, to: 7000, types: ['sample/said', 'sample/counted'], devices: [2, null], toTime: 6_000_000_001 },
        (e) => e.seq >= 3000 && e.seq <= 6000 && e.type !== 'sample/measured' && (e.device === 2 || e.device === null),
      ],
    ]
    for (const [range, fits] of ranges) expectEqual(await eventsOf(reader, range), events.filter(fits))
    for (const bad of [{ fromTime: 0.5 }, { toTime: Number.NaN }, { fromEntry: 1.5 }, { toEntry: Number.NaN }]) {
      await refusal(() => eventsOf(reader, bad), 'bad-range')
    }
  })

  test('blocks hold the same events, in columns, as objects and at a glance', async () => {
    const store = await fresh()
    const events = sampleEvents(9000, { baseline: 3 }).map((event, i) =>
      i % 5 === 0 ? { ...event, context: 'd..1.', cause: [i, 7] } : event,
    )
    await filled(store, events)
    await using reader = await store.open()
    const found: AnyEvent[] = []
    let at = 0
    for await (const block of reader.blocks()) {
      for (let i = 0; i < block.count; i++, at++) {
        const event = events[at]!
        const { seq, entry, time, device, cpu, actor, cause, context, source, where, inferred, host, unordered, type, data } = block.view(i)
        const glance = { seq, entry, time, device, cpu, actor, cause, type, data: { ...data } }
        const rare = Object.entries({ context, source, where, inferred, host, unordered }).filter(([, value]) => value !== undefined)
        if (i % 97 === 0) expectEqual({ ...glance, ...Object.fromEntries(rare) }, event)
        const fields = block.fields(block.type[i]!).map((field) => [field.name, field.value(block.row(i))])
        if (i % 97 === 0) expectEqual(Object.fromEntries(fields), event.data)
        found.push(block.event(i))
      }
      expectEqual(block.lastSeq, events[at - 1]!.seq)
    }
    expectEqual(found, events)
    const seqs: number[] = []
    for await (const block of reader.blocks({ from: 8000, to: 8001 })) for (let i = 0; i < block.count; i++) seqs.push(block.seq(i))
    expectEqual([seqs.includes(8000), seqs.includes(8001), seqs.includes(1)], [true, true, false])
    const summaries = await reader.summaries()
    expectEqual([summaries[0]!.firstSeq, summaries.at(-1)!.lastSeq, summaries.reduce((sum, { count }) => sum + count, 0)], [0, 9000, 9003])
    const times = events.map(({ time }) => time)
    expectEqual([summaries[0]!.minTime, summaries.at(-1)!.maxTime], [Math.min(...times), Math.max(...times)])
  })

  test('many events, appended in pieces of many sizes', async () => {
    const store = await fresh()
    const events = sampleEvents(20_000)
    await using writer = await store.create(sampleMeta())
    for (let at = 0, size = 1; at < events.length; at += size, size = (size * 7 + 1) % 3001) {
      size = Math.max(1, size)
      void writer.append(events.slice(at, at + size))
    }
    await writer.flush('written')
    expectEqual(await storedIn(store), events)
    expectEqual(await storedIn(store, { from: 19_990 }), events.slice(19_989))
  })

  test('a reader sees the log as it was when it was opened', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(5))
    await writer.flush('written')
    await using reader = await store.open()
    await writer.append(sampleEvents(9, { first: 6 }))
    await writer.flush('written')
    expectEqual([reader.lastSeq, await eventsOf(reader)], [5, sampleEvents(5)])
    expectEqual(await storedIn(store), sampleEvents(9))
  })

  test('aborting ends a read with the reason', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(10))
    await using reader = await store.open()
    const stop = new AbortController()
    const seen: number[] = []
    let thrown: unknown
    try {
      for await (const event of reader.read({ signal: stop.signal })) {
        seen.push(event.seq)
        if (event.seq === 3) stop.abort(new Error('enough'))
      }
    } catch (error) {
      thrown = error
    }
    expectEqual([seen, (thrown as Error | undefined)?.message], [[1, 2, 3], 'enough'])
  })
}
