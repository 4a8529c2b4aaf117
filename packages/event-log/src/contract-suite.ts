/**
 * What every log store must do, as tests. It imports no test runner: hand in yours.
 *
 *     import { describe, expect, test } from 'vitest'
 *     const api = { describe, test, expectEqual: (a, b) => expect(a).toStrictEqual(b) }
 *     logStoreContract(api, { name: 'mine', strongest: 'durable', fresh: async (vocabulary) => myStore(vocabulary) })
 */
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type AckLevel, type LogReader, type LogStore, type LogWriter, type ReadRange } from './contract.ts'
import { LogUsageError, type LogUsageCode } from './errors.ts'
import { KEYFRAME_PARTS_MAX, NAME_CHARS_MAX, PART_BYTES_MAX, PART_NAME_CHARS_MAX } from './limits.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from './samples.ts'

/** The part of a test runner that the suite needs. */
export interface TestApi {
  readonly describe: (name: string, body: () => void) => void
  readonly test: (name: string, body: () => Promise<void>) => void
  /** Deep, strict equality: throws when the two differ. */
  readonly expectEqual: (actual: unknown, expected: unknown) => void
}

export interface StoreUnderTest {
  readonly name: string
  /** The strongest level that the store ever acknowledges. */
  readonly strongest: AckLevel
  /** A place where no log has been created yet, a new one at each call. */
  fresh(vocabulary: Vocabulary): Promise<LogStore>
}

const LEVELS: readonly AckLevel[] = ['buffered', 'written', 'durable']

/** All events of a range, for tests of small logs. @throws as `reader.read`. */
export async function eventsOf(reader: LogReader, range?: ReadRange): Promise<AnyEvent[]> {
  const events: AnyEvent[] = []
  for await (const event of reader.read(range)) events.push(event)
  return events
}

async function storedIn(store: LogStore, range?: ReadRange): Promise<AnyEvent[]> {
  await using reader = await store.open()
  return await eventsOf(reader, range)
}

/** The LogUsageError that `run` rejects with; anything else fails. */
async function refusal(run: () => Promise<unknown>, code: LogUsageCode): Promise<LogUsageError> {
  try {
    await run()
  } catch (error) {
    if (error instanceof LogUsageError && error.code === code) return error
    throw error
  }
  throw new Error(`expected a LogUsageError "${code}", but the call was accepted`)
}

async function filled(store: LogStore, events: readonly AnyEvent[]): Promise<void> {
  const writer = await store.create(sampleMeta())
  await writer.append(events)
  await writer.close()
}

/** Declares the suite's tests for one store. */
export function logStoreContract(api: TestApi, under: StoreUnderTest): void {
  const fresh = (): Promise<LogStore> => under.fresh(sampleVocabulary)
  api.describe(`the log contract on ${under.name}`, () => {
    readingTests(api, fresh)
    sequenceTests(api, fresh)
    eventTests(api, fresh)
    followTests(api, fresh)
    levelTests(api, fresh, under.strongest)
    wrongLevelTests(api, fresh)
    lifeTests(api, fresh)
    metaTests(api, fresh)
    attachmentTests(api, fresh)
    keyframeTests(api, fresh, under.strongest)
  })
}

type Fresh = () => Promise<LogStore>

function readingTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
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
        const { seq, entry, time, device, cpu, actor, cause, context, source, where, inferred, type, data } = block.view(i)
        const glance = { seq, entry, time, device, cpu, actor, cause, type, data: { ...data } }
        const rare = Object.entries({ context, source, where, inferred }).filter(([, value]) => value !== undefined)
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

function sequenceTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  const cases: readonly (readonly [string, number[], number[], string, string])[] = [
    ['a log that does not start with 0 or 1', [], [2], 'seq 0 (baseline) or 1', 'seq 2'],
    ['a hole', [1, 2], [4], 'seq 3', 'seq 4'],
    ['a hole within a batch', [1], [2, 3, 5], 'seq 4', 'seq 5'],
    ['a repeated number', [1, 2], [2], 'seq 3', 'seq 2'],
    ['a baseline after the first event', [0, 1], [0], 'seq 2', 'seq 0'],
    ['a number that is none', [1], [Number.NaN], 'seq 2', 'seq NaN'],
  ]
  for (const [name, before, refused, expected, found] of cases) {
    test(`${name} is refused, naming both numbers, and nothing of the batch is kept`, async () => {
      const store = await fresh()
      const events = before.map((seq) => sampleEvent(seq))
      await using writer = await store.create(sampleMeta())
      await writer.append(events)
      const error = await refusal(() => writer.append(refused.map((seq) => ({ ...sampleEvent(1), seq }))), 'bad-sequence')
      expectEqual([error.message.includes(expected), error.message.includes(found)], [true, true])
      expectEqual(writer.lastSeq, before.at(-1) ?? 0)
      await writer.flush('written')
      expectEqual(await storedIn(store), events)
    })
  }

  test('a writer that continues a log goes on with its next number', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(4, { baseline: 2 }))
    await using writer = await store.append()
    expectEqual([writer.lastSeq, writer.cutTail, writer.meta], [4, null, sampleMeta()])
    await refusal(() => writer.append([sampleEvent(0)]), 'bad-sequence')
    await refusal(() => writer.append([sampleEvent(4)]), 'bad-sequence')
    await writer.append([sampleEvent(5)])
    await writer.flush('written')
    expectEqual(await storedIn(store), sampleEvents(5, { baseline: 2 }))
  })
}

function said(text: string, by: string | null = null): AnyEvent {
  return { ...sampleEvent(2), seq: 1, type: 'sample/said', data: { text, by } }
}

/** A list in a list in a list …: deeper than a recursive function can go. */
function nested(): unknown {
  let value: unknown = 1
  for (let level = 0; level < 100_000; level++) value = [value]
  return value
}

function eventTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('hostile text is only text', async () => {
    const texts = [
      '',
      '\0',
      'a\nb\r\n\tc',
      '\u2028\u2029\uFEFF',
      '\uD800 lone',
      '💾',
      '"}\t00000000\n{"seq":9',
      '__proto__',
      '['.repeat(50_000),
    ]
    const events = texts.map((text, i) => ({ ...said(text, text), seq: i + 1 }))
    const store = await fresh()
    await filled(store, events)
    expectEqual(await storedIn(store), events)
  })

  test('a batch with an event that is refused is refused whole, wherever the event stands in it', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(100))
    const batch = sampleEvents(9100, { first: 101 })
    for (const place of [0, 1, 99, 3994, 3995, 3996, 4096, 8999]) {
      const broken = batch.with(place, { ...batch[place]!, cause: [0.5] })
      await refusal(() => writer.append(broken), 'bad-event')
      await refusal(() => writer.append(batch.with(place, { ...batch[place]!, data: {} })), 'bad-event')
    }
    await writer.append(batch)
    await writer.flush('written')
    expectEqual(await storedIn(store), [...sampleEvents(100), ...batch])
  })

  test('the order in which an object has its fields does not matter, and what is undefined is null or absent', async () => {
    const store = await fresh()
    const [one, two, three] = [1, 2, 3].map((seq) => ({ ...said('a', 'b'), seq })) as [AnyEvent, AnyEvent, AnyEvent]
    const turned = { ...two, data: { by: 'b', text: 'a' } }
    const left = { ...three, data: { text: 'a', by: undefined, more: undefined }, context: undefined } as unknown as AnyEvent
    await filled(store, [one, turned, left, { ...one, seq: 4 }])
    expectEqual(await storedIn(store), [one, two, { ...three, data: { text: 'a', by: null } }, { ...one, seq: 4 }])
  })

  test('numbers at their limits come back exactly', async () => {
    const { MAX_SAFE_INTEGER: max, MIN_SAFE_INTEGER: min } = Number
    const data = {
      ...sampleEvent(3).data,
      word: 0xffff_ffff_ffff_ffffn,
      pfn: max,
      flags: -1,
      delta: min,
      took: max,
      size: 0,
    }
    const event = { ...sampleEvent(3), seq: 1, data, time: max, entry: max, cause: [1, max] }
    const store = await fresh()
    await filled(store, [event, { ...event, seq: 2, data: { ...data, word: 0n, took: min }, time: min }])
    expectEqual(await storedIn(store, { to: 1 }), [event])
    expectEqual((await storedIn(store, { from: 2 }))[0]?.time, min)
  })

  const bad: readonly (readonly [string, Partial<AnyEvent>, LogUsageCode])[] = [
    ['a type that is not in the vocabulary', { type: 'sample/unheard-of' }, 'unsupported'],
    ['a type named like a builtin', { type: '__proto__' }, 'unsupported'],
    ['a missing field', { data: { by: null } }, 'bad-event'],
    ['a field of another kind', { data: { text: 7, by: null } }, 'bad-event'],
    ['a field that is not declared', { data: { text: '', by: null, more: 1 } }, 'bad-event'],
    ['an own __proto__ key', { data: JSON.parse('{"text":"","by":null,"__proto__":{"polluted":1}}') as AnyEvent['data'] }, 'bad-event'],
    ['deep nesting', { data: { text: nested(), by: null } }, 'bad-event'],
    ['a time that is no number', { time: Number.NaN }, 'bad-event'],
    ['a time between nanoseconds', { time: 0.5 }, 'bad-event'],
    ['a cause that is no number', { cause: ['1' as unknown as number] }, 'bad-event'],
    ['an actor without a number', { actor: { pid: Number.NaN, comm: 'x' } }, 'bad-event'],
    ['a device that is undefined', { device: undefined as unknown as null }, 'bad-event'],
  ]
  for (const [name, part, code] of bad) {
    test(`${name} is refused with the whole batch`, async () => {
      const store = await fresh()
      await using writer = await store.create(sampleMeta())
      const error = await refusal(() => writer.append([said('fine'), { ...said('x'), seq: 2, ...part }]), code)
      expectEqual(error.message.length < 1500, true)
      expectEqual(writer.lastSeq, 0)
      await writer.append([said('fine')])
      await writer.flush('written')
      expectEqual(await storedIn(store), [said('fine')])
      expectEqual(({} as { polluted?: number }).polluted, undefined)
    })
  }

  test('changing an event after appending it changes nothing', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const event = structuredClone(said('before')) as {
      data: { text: string }
      cause: number[]
      time: number
    } & AnyEvent
    await writer.append([event])
    event.data.text = 'after'
    event.cause.push(77)
    event.time = 1
    await writer.flush('written')
    expectEqual(await storedIn(store), [said('before')])
  })
}

/** The next `count` items of an iteration. @throws when it ends before. */
async function take<T>(items: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) {
    const next = await items.next()
    if (next.done) throw new Error(`expected ${count} items, the iteration ended after ${taken.length}`)
    taken.push(next.value)
  }
  return taken
}

const iterated = <T>(items: AsyncIterable<T>): AsyncIterator<T> => items[Symbol.asyncIterator]()

/** What a promise is rejected with. @throws when it is not. */
async function rejected(promise: Promise<unknown>): Promise<unknown> {
  let found: { readonly value: unknown }
  try {
    found = { value: await promise }
  } catch (error) {
    return error
  }
  throw new Error(`expected a rejection, found ${JSON.stringify(found)}`)
}

function followTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('a follower gets what is there, and what comes, from whichever writer, each event once', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(3, { baseline: 2 }))
    await writer.flush('written')
    await using reader = await store.open()
    const events = iterated(reader.follow())
    expectEqual(await take(events, 5), sampleEvents(3, { baseline: 2 }))
    for (const [first, last] of [
      [4, 4],
      [5, 300],
      [301, 302],
    ] as const) {
      const coming = take(events, last - first + 1)
      await writer.append(sampleEvents(last, { first }))
      await writer.flush('written')
      expectEqual(await coming, sampleEvents(last, { first }))
    }
    const coming = take(events, 5000)
    await writer.append(sampleEvents(303, { first: 303 }))
    await writer.close()
    const next = await store.append()
    await next.append(sampleEvents(5000, { first: 304 }))
    await next.flush('written')
    await next.append(sampleEvents(5302, { first: 5001 }))
    await next.close()
    expectEqual(await coming, sampleEvents(5302, { first: 303 }))
    await events.return?.()
  })

  test('a follower of an empty log waits for its first event, also from a range that starts later, or fits little', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await using reader = await store.open()
    const all = take(iterated(reader.follow()), 20)
    const later = take(iterated(reader.follow({ from: 9, to: 12 })), 4)
    const few = take(iterated(reader.follow({ types: ['sample/said'], devices: [2, 3] })), 2)
    const events = sampleEvents(20)
    for (const event of events) {
      await writer.append([event])
      await writer.flush('written')
    }
    expectEqual(await all, events)
    expectEqual(await later, events.slice(8, 12))
    const said = events.filter(({ type, device }) => type === 'sample/said' && (device === 2 || device === 3))
    expectEqual(await few, said.slice(0, 2))
  })

  test('a range ends a follower when the log has come to its end, whether its last event fits or not', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(4, { baseline: 2 }))
    await writer.flush('written')
    await using reader = await store.open()
    const upTo = async (range: ReadRange): Promise<AnyEvent[]> => {
      const events: AnyEvent[] = []
      for await (const event of reader.follow(range)) events.push(event)
      return events
    }
    expectEqual(await upTo({ to: 2 }), sampleEvents(2, { baseline: 2 }))
    expectEqual(await upTo({ to: 4, from: 2 }), sampleEvents(4, { first: 2 }))
    expectEqual(await upTo({ to: 0 }), sampleEvents(0, { baseline: 2 }))
    expectEqual(await upTo({ to: 4, types: ['sample/unheard-of'] }), [])
    expectEqual(await upTo({ from: 7, to: 6 }), [])
    const coming = Promise.all([upTo({ to: 6 }), upTo({ to: 6, types: ['sample/unheard-of'] })])
    await writer.append(sampleEvents(9, { first: 5 }))
    await writer.flush('written')
    expectEqual(await coming, [sampleEvents(6, { baseline: 2 }), []])
    await refusal(() => upTo({ from: -1 }), 'bad-range')
  })

  test('the baseline may still come: only event 1 ends a follower of it', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await using reader = await store.open()
    const coming = (async (): Promise<number> => {
      let events = 0
      for await (const _ of reader.follow({ to: 0 })) events++
      return events
    })()
    for (const events of [sampleEvents(0, { baseline: 2 }), sampleEvents(0, { baseline: 3 }), sampleEvents(1)]) {
      await writer.append(events)
      await writer.flush('written')
    }
    expectEqual(await coming, 5)
  })

  test('aborting ends a follower with the reason, while it waits and between events', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(3))
    await using reader = await store.open()
    for (const taken of [3, 1]) {
      const stop = new AbortController()
      const events = iterated(reader.follow({ signal: stop.signal }))
      expectEqual(await take(events, taken), sampleEvents(taken))
      const next = taken === 3 ? events.next() : null
      stop.abort(new Error('enough'))
      expectEqual(((await rejected(next ?? events.next())) as Error).message, 'enough')
      expectEqual((await events.next()).done, true)
    }
    expectEqual(
      ((await rejected(iterated(reader.follow({ signal: AbortSignal.abort(new Error('before')) })).next())) as Error).message,
      'before',
    )
  })

  test('closing the reader ends its followers with an error, while they wait and between events', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(3))
    const reader = await store.open()
    const waiting = iterated(reader.follow())
    const between = iterated(reader.follow())
    const batches = iterated(reader.followBatches())
    await take(waiting, 3)
    await take(between, 1)
    await take(batches, 1)
    const next = [rejected(waiting.next()), rejected(batches.next())]
    await reader.close()
    for (const error of [...(await Promise.all(next)), await rejected(between.next()), await rejected(iterated(reader.follow()).next())]) {
      expectEqual((error as LogUsageError).code, 'closed')
    }
  })

  test('who asks for no more ends a follower, also while it waits, and no other one', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(3))
    await writer.flush('written')
    await using reader = await store.open()
    for await (const event of reader.follow()) if (event.seq === 2) break
    const [one, other] = [iterated(reader.follow()), iterated(reader.follow())]
    await Promise.all([take(one, 3), take(other, 3)])
    const next = one.next()
    const coming = take(other, 1)
    await one.return?.()
    expectEqual([(await next).done, (await one.next()).done], [true, true])
    await writer.append([sampleEvent(4)])
    await writer.flush('written')
    expectEqual(await coming, [sampleEvent(4)])
  })

  test('a follower that takes its time misses nothing, and keeps nobody waiting', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await using reader = await store.open()
    const [slow, quick] = [iterated(reader.follow()), iterated(reader.follow())]
    const first = take(slow, 1)
    for (let last = 1; last <= 9000; last += 1000) {
      const coming = take(quick, Math.min(last, 1000))
      await writer.append(sampleEvents(last, { first: writer.lastSeq + 1 }))
      await writer.flush('written')
      await coming
    }
    expectEqual([...(await first), ...(await take(slow, 8000))], sampleEvents(8001))
  })

  test('batches hold the same events, none is empty', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(9000, { baseline: 3 }))
    await writer.flush('written')
    await using reader = await store.open()
    const range = { from: 100, to: 9500, types: ['sample/said'] }
    const sizes: number[] = []
    const events: AnyEvent[] = []
    const coming = (async () => {
      for await (const batch of reader.followBatches(range)) {
        sizes.push(batch.length)
        events.push(...batch)
      }
    })()
    for (let seq = 9001; seq <= 9500; seq += 50) {
      await writer.append(sampleEvents(seq + 49, { first: seq }))
      await writer.flush('written')
    }
    await coming
    expectEqual(
      events,
      sampleEvents(9500, { first: 100 }).filter(({ type }) => type === 'sample/said'),
    )
    expectEqual([sizes.includes(0), sizes.length > 2], [false, true])
  })
}

const rank = (level: AckLevel): number => LEVELS.indexOf(level)

function levelTests({ test, expectEqual }: TestApi, fresh: Fresh, strongest: AckLevel): void {
  test('no acknowledgement is stronger than the store, and flush gives what was asked for as far as it can', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    expectEqual(rank(await writer.append(sampleEvents(3))) <= rank(strongest), true)
    for (const level of LEVELS) {
      expectEqual(await writer.flush(level), LEVELS[Math.min(rank(level), rank(strongest))])
    }
    expectEqual(rank(await writer.attach('a', new Uint8Array(1))) <= rank(strongest), true)
    expectEqual(await writer.close(), strongest)
  })

  test('a reader opened after flush("written") sees all that was appended', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    for (let seq = 1; seq <= 20; seq++) {
      await writer.append([sampleEvent(seq)])
      await writer.flush('written')
      await using reader = await store.open()
      expectEqual(reader.lastSeq, seq)
    }
    expectEqual(await storedIn(store), sampleEvents(20))
  })

  test('calls that are not awaited take effect in call order', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const calls: Promise<unknown>[] = [
      writer.append(sampleEvents(2)),
      writer.flush('durable'),
      writer.append([sampleEvent(3)]),
      writer.close(),
    ]
    await Promise.all(calls)
    expectEqual(await storedIn(store), sampleEvents(3))
  })
}

function lifeTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('where no log was created there is nothing to read or continue', async () => {
    const store = await fresh()
    await refusal(() => store.open(), 'not-found')
    await refusal(() => store.append(), 'not-found')
  })

  test('a log is not created twice, and the first one stays', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(3))
    await refusal(() => store.create(sampleMeta()), 'exists')
    expectEqual(await storedIn(store), sampleEvents(3))
  })

  test('there is one writer at a time; closing it lets the next one in', async () => {
    const store = await fresh()
    const first = await store.create(sampleMeta())
    await refusal(() => store.append(), 'locked')
    await first.append(sampleEvents(2))
    await first.close()
    const second = await store.append()
    await refusal(() => store.append(), 'locked')
    await first.close()
    await refusal(() => store.append(), 'locked')
    await second.append([sampleEvent(3)])
    await second.close()
    expectEqual(await storedIn(store), sampleEvents(3))
  })

  test('disposing of a writer closes it', async () => {
    const store = await fresh()
    {
      await using writer = await store.create(sampleMeta())
      await writer.append(sampleEvents(2))
    }
    await using next = await store.append()
    expectEqual(next.lastSeq, 2)
  })

  test('a closed writer or reader refuses everything but closing again', async () => {
    const store = await fresh()
    const writer: LogWriter = await store.create(sampleMeta())
    await writer.append(sampleEvents(2))
    await writer.close()
    await writer.close()
    await refusal(() => writer.append([sampleEvent(3)]), 'closed')
    await refusal(() => writer.flush('written'), 'closed')
    await refusal(() => writer.attach('a', new Uint8Array()), 'closed')
    await refusal(() => writer.keyframe('a', { since: null, parts: [] }), 'closed')
    const reader = await store.open()
    await reader.close()
    await reader.close()
    await refusal(() => eventsOf(reader), 'closed')
    await refusal(() => reader.attachments(), 'closed')
    await refusal(() => reader.keyframes('a'), 'closed')
    await refusal(() => reader.keyframe('a', 2), 'closed')
    expectEqual(await storedIn(store), sampleEvents(2))
  })
}

function metaTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('a source may hold any JSON, and is cut loose from the caller', async () => {
    const text = '{"__proto__":{"polluted":1},"constructor":null,"nul":"\\u0000","list":[1.5,-0.25,{"a":[]}],"7":true,"":""}'
    const source = JSON.parse(text) as { [key: string]: number | null }
    const stored = JSON.stringify(source)
    const store = await fresh()
    const writer = await store.create(sampleMeta(source))
    source['constructor'] = 1
    await writer.close()
    await using reader = await store.open()
    expectEqual(JSON.stringify(reader.meta.source), stored)
    expectEqual(({} as { polluted?: number }).polluted, undefined)
  })

  test('what is no meta is refused, and nothing is created', async () => {
    const store = await fresh()
    const wrong: readonly unknown[] = [
      null,
      { ...sampleMeta(), epoch: 5n },
      { ...sampleMeta(), epoch: '1.5' },
      { ...sampleMeta(), source: null },
      { ...sampleMeta(), source: [] },
      { ...sampleMeta(), source: { a: undefined } },
      { ...sampleMeta(), source: { a: Number.NaN } },
      { ...sampleMeta(), source: { a: new Date(0) } },
      { ...sampleMeta(), source: { deep: nested() } },
      { ...sampleMeta(), notes: [1] },
    ]
    for (const meta of wrong) await refusal(() => store.create(meta as ReturnType<typeof sampleMeta>), 'bad-meta')
    await refusal(
      () => store.create({ ...sampleMeta(), schemaVersion: (LOG_SCHEMA_VERSION + 1) as typeof LOG_SCHEMA_VERSION }),
      'unsupported',
    )
    await refusal(() => store.open(), 'not-found')
    await filled(store, [])
    expectEqual(await storedIn(store), [])
  })
}

const MEBIBYTE = 1024 * 1024
const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list)
const FOLD = 'sample-1'
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 251)

async function* broken(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10)
  throw new Error('the source broke')
}

/** As the Buffer of Node. */
class SharingBytes extends Uint8Array {
  override slice(from?: number, to?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(from, to)
  }
}

function wrongLevelTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('what is no level is not acknowledged', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(3))
    for (const level of ['nonsense', 'Durable', undefined, null]) await refusal(() => writer.flush(level as AckLevel), 'bad-range')
    expectEqual(await writer.flush('buffered'), 'buffered')
  })
}

function attachmentTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('attachments come back byte for byte, listed by name', async () => {
    const store = await fresh()
    const sizes = [0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE + 17]
    const names = sizes.map((size) => `iomem.before-${String(size).padStart(8, '0')}_x.json`)
    const writer = await store.create(sampleMeta())
    await Promise.all(names.toReversed().map((name, i) => writer.attach(name, noise(sizes.at(-1 - i)!))))
    await writer.close()
    await using reader = await store.open()
    expectEqual(
      await reader.attachments(),
      names.map((name, i) => ({ name, bytes: sizes[i] })),
    )
    for (const [i, name] of names.entries()) {
      const whole = noise(sizes[i]!)
      const read = await reader.attachment(name)
      expectEqual([read.length, read.every((byte, at) => byte === whole[at])], [whole.length, true])
      let length = 0
      for await (const chunk of reader.attachmentChunks(name)) length += chunk.length
      expectEqual(length, whole.length)
    }
  })

  test('bytes may change once they were handed over, also those of an array whose copies share its memory', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const bytes = new SharingBytes([1, 2, 3])
    const attaching = writer.attach('a', bytes)
    bytes.fill(0)
    await attaching
    await writer.close()
    await using reader = await store.open()
    expectEqual([...(await reader.attachment('a'))], [1, 2, 3])
  })

  test('an attachment may be streamed in while events are appended', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    async function* entries(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(MEBIBYTE - 3)
      for (let seq = 1; seq <= 4; seq++) {
        await writer.append([sampleEvent(seq)])
        await writer.flush('durable')
        yield buffer.fill(seq)
      }
    }
    await writer.attach('entries.raw', entries())
    await writer.close()
    await using reader = await store.open()
    const bytes = await reader.attachment('entries.raw')
    expectEqual([bytes.length, bytes[0], bytes[MEBIBYTE - 3], bytes.at(-1)], [4 * (MEBIBYTE - 3), 1, 2, 4])
    expectEqual(reader.lastSeq, 4)
  })

  test('an attachment whose source fails is not there, and its name stays free', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    let message = ''
    await writer.attach('raw', broken()).catch((error: Error) => (message = error.message))
    expectEqual(message, 'the source broke')
    await writer.attach('raw', new Uint8Array([1]))
    await writer.close()
    await using reader = await store.open()
    expectEqual(await reader.attachments(), [{ name: 'raw', bytes: 1 }])
  })

  test('a name is taken once, also over several writers', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const bytes = new Uint8Array([1, 2])
    const kept = writer.attach('a', bytes)
    bytes[0] = 9
    await kept
    await refusal(() => writer.attach('a', bytes), 'exists')
    await writer.close()
    const next = await store.append()
    await refusal(() => next.attach('a', bytes), 'exists')
    await next.close()
    await using reader = await store.open()
    expectEqual([...(await reader.attachment('a'))], [1, 2])
    await refusal(() => reader.attachment('b'), 'not-found')
  })

  test('names that could leave the folder, or hide, are refused', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const long = 'x'.repeat(NAME_CHARS_MAX)
    await writer.attach(long, new Uint8Array())
    const names = [
      '',
      '.',
      '..',
      '../x',
      '/etc/passwd',
      'a/b',
      'a\\b',
      '.hidden',
      '-rf',
      'A',
      'a b',
      'a\0',
      'ü',
      'a\n',
      `${long}x`,
      '__proto__',
      7,
    ]
    for (const name of names) await refusal(() => writer.attach(name as string, new Uint8Array()), 'bad-name')
    await writer.flush('written')
    await using reader = await store.open()
    for (const name of names) await refusal(() => reader.attachment(name as string), 'bad-name')
    expectEqual(await reader.attachments(), [{ name: long, bytes: 0 }])
  })
}

type Parts = { readonly [name: string]: Uint8Array | null }

/** The parts of a keyframe as an object, its `seq` first; null when there is none. */
async function keyframeAt(store: LogStore, atOrBefore: number, fold = FOLD): Promise<readonly [number, Parts] | null> {
  await using reader = await store.open()
  const found = await reader.keyframe(fold, atOrBefore)
  return found && [found.seq, Object.fromEntries(found.parts)]
}

async function seqsOf(store: LogStore, fold = FOLD): Promise<readonly number[]> {
  await using reader = await store.open()
  return await reader.keyframes(fold)
}

function keyframeTests({ test, expectEqual }: TestApi, fresh: Fresh, strongest: AckLevel): void {
  test('a keyframe is found at its seq and after, until the next one', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(5, { baseline: 2 }))
    const parts = { empty: bytes(), large: noise(70_017), small: bytes(1, 2, 0) }
    expectEqual(await writer.keyframe(FOLD, { since: null, parts: Object.entries(parts).toReversed() }), strongest)
    await writer.append(sampleEvents(9, { first: 6 }))
    await writer.keyframe(FOLD, { since: null, parts: [['other', bytes(9)]] })
    await writer.flush('written')
    expectEqual(await seqsOf(store), [5, 9])
    expectEqual(await keyframeAt(store, 4), null)
    for (const at of [5, 6, 8]) expectEqual(await keyframeAt(store, at), [5, parts])
    for (const at of [9, 10, Infinity]) expectEqual(await keyframeAt(store, at), [9, { other: bytes(9) }])
    expectEqual([await seqsOf(store, 'other-1'), await keyframeAt(store, 9, 'other-1')], [[], null])
    await using reader = await store.open()
    for (const bad of [-1, 0.5, Number.NaN]) await refusal(() => reader.keyframe(FOLD, bad), 'bad-range')
    expectEqual([...((await reader.keyframe(FOLD, 5))?.parts.keys() ?? [])], ['empty', 'large', 'small'])
  })

  test('only what changed is handed in; every keyframe has all its parts', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const a = noise(2000)
    for (const [since, parts] of [
      [null, { a, b: bytes(1), c: bytes(1) }],
      [1, { b: bytes(2), c: null, d: bytes(2), never: null }],
      [2, { b: bytes(3) }],
      [1, { c: bytes(4) }],
      [null, { e: bytes(5) }],
    ] as const) {
      await writer.append([sampleEvent(writer.lastSeq + 1)])
      await writer.keyframe(FOLD, { since, parts: Object.entries(parts) })
    }
    await writer.close()
    const next = await store.append()
    await next.append([sampleEvent(6)])
    await next.keyframe(FOLD, { since: 3, parts: [['d', null]] })
    await next.append([sampleEvent(7)])
    await next.keyframe(FOLD, { since: 6, parts: [] })
    await next.close()
    const all: readonly Parts[] = [
      { a, b: bytes(1), c: bytes(1) },
      { a, b: bytes(2), d: bytes(2) },
      { a, b: bytes(3), d: bytes(2) },
      { a, b: bytes(1), c: bytes(4) },
      { e: bytes(5) },
      { a, b: bytes(3) },
      { a, b: bytes(3) },
    ]
    for (const [i, parts] of all.entries()) expectEqual(await keyframeAt(store, i + 1), [i + 1, parts])
  })

  test('a keyframe may be made later, also between others, which do not change', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(20, { baseline: 1 }))
    const writer = await store.append()
    for (const [at, since, n] of [
      [10, null, 1],
      [20, 10, 2],
      [15, 10, 3],
      [5, null, 4],
    ] as const) {
      await writer.keyframe(FOLD, { at, since, parts: [[`part-${n}`, bytes(n)]] })
    }
    await writer.close()
    expectEqual(await seqsOf(store), [5, 10, 15, 20])
    expectEqual(await keyframeAt(store, 9), [5, { 'part-4': bytes(4) }])
    expectEqual(await keyframeAt(store, 19), [15, { 'part-1': bytes(1), 'part-3': bytes(3) }])
    expectEqual(await keyframeAt(store, 20), [20, { 'part-1': bytes(1), 'part-2': bytes(2) }])
    expectEqual(await storedIn(store), sampleEvents(20, { baseline: 1 }))
  })

  test('a keyframe is as it was when it was handed in, calls that are not awaited take effect in order, and closing waits', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const part = bytes(1)
    void writer.append([sampleEvent(1)])
    void writer.keyframe(FOLD, {
      since: null,
      parts: [
        ['a', part],
        ['b', part],
      ],
    })
    part[0] = 2
    void writer.append([sampleEvent(2)])
    void writer.keyframe(FOLD, { since: 1, parts: [['a', part]] })
    const closing = writer.close()
    part[0] = 3
    await closing
    expectEqual(
      [await keyframeAt(store, 1), await keyframeAt(store, 2)],
      [
        [1, { a: bytes(1), b: bytes(1) }],
        [2, { a: bytes(2), b: bytes(1) }],
      ],
    )
    await using reader = await store.open()
    ;(await reader.keyframe(FOLD, 2))!.parts.get('b')![0] = 9
    expectEqual((await reader.keyframe(FOLD, 2))!.parts.get('b'), bytes(1))
  })

  test('a reader sees no keyframe past the events it sees', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(2))
    await writer.flush('written')
    await using reader = await store.open()
    await writer.append([sampleEvent(3)])
    await writer.keyframe(FOLD, { since: null, parts: [['a', bytes(3)]] })
    expectEqual([await reader.keyframes(FOLD), await reader.keyframe(FOLD, 3)], [[], null])
    await writer.keyframe(FOLD, { at: 2, since: null, parts: [['a', bytes(2)]] })
    expectEqual([await reader.keyframes(FOLD), (await reader.keyframe(FOLD, Infinity))?.seq], [[2], 2])
  })

  test('one that is refused is not there, and the writer goes on', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const of =
      (at: number | undefined, since: number | null, parts: readonly (readonly [string, Uint8Array | null])[] = []) =>
      () =>
        writer.keyframe(FOLD, { ...(at === undefined ? {} : { at }), since, parts })
    await refusal(of(undefined, null), 'bad-range')
    await writer.append(sampleEvents(4, { baseline: 1 }))
    await writer.keyframe(FOLD, { at: 2, since: null, parts: [['a', bytes(1)]] })
    for (const at of [0, -1, 5, 1.5, Number.NaN, '2' as unknown as number]) await refusal(of(at, null), 'bad-range')
    for (const since of [0, 3, 4, 1.5, undefined as unknown as null]) await refusal(of(3, since), 'bad-range')
    await refusal(of(3, 1), 'not-found')
    await refusal(of(2, null), 'exists')
    await refusal(
      of(3, null, [
        ['a', bytes(1)],
        ['a', bytes(1)],
      ]),
      'bad-keyframe',
    )
    await refusal(of(3, null, [['a', 'text' as unknown as Uint8Array]]), 'bad-keyframe')
    expectEqual([await seqsOf(store), await keyframeAt(store, 4)], [[2], [2, { a: bytes(1) }]])
    await writer.append([sampleEvent(5)])
    await writer.flush('written')
    expectEqual(await storedIn(store), sampleEvents(5, { baseline: 1 }))
  })

  test('folds have names as attachments have, parts have any name that can be printed', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(1))
    await writer.flush('written')
    const folds = ['', '.', '..', '../x', 'a/b', 'A', '.a', 'a\0', '__proto__', 'x'.repeat(NAME_CHARS_MAX + 1), 7]
    await using reader = await store.open()
    for (const fold of folds as string[]) {
      await refusal(() => writer.keyframe(fold, { since: null, parts: [] }), 'bad-name')
      await refusal(() => reader.keyframes(fold), 'bad-name')
      await refusal(() => reader.keyframe(fold, 1), 'bad-name')
    }
    const long = 'p'.repeat(PART_NAME_CHARS_MAX)
    for (const name of ['', `${long}p`, 'a\n', 'ü', '\0', 7 as unknown as string]) {
      await refusal(() => writer.keyframe(FOLD, { since: null, parts: [[name, bytes(1)]] }), 'bad-keyframe')
    }
    const names = ['../../log.json', '/etc/passwd', '__proto__', 'constructor', 'a b', long, '~', ' ']
    await writer.keyframe(FOLD, { since: null, parts: names.map((name, i) => [name, bytes(i)]) })
    const found = (await reader.keyframe(FOLD, 1))!.parts
    expectEqual([found.size, ...names.map((name) => found.get(name))], [names.length, ...names.map((_, i) => bytes(i))])
    expectEqual(await storedIn(store), sampleEvents(1))
  })

  test('a keyframe has as many parts, and as large ones, as the limits and no more', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(3))
    const numbered = (n: number, first = 0): [string, Uint8Array][] =>
      Array.from({ length: n }, (_, i) => [`part-${first + i}`, bytes(i % 256)])
    const large = new Uint8Array(PART_BYTES_MAX + 1)
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: numbered(KEYFRAME_PARTS_MAX + 1) }), 'bad-keyframe')
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: [['large', large]] }), 'bad-keyframe')
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: endless() }), 'bad-keyframe')
    const whole = Array.from({ length: 17 }, (_, i) => [`large-${i}`, large.subarray(1)] as const)
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: whole }), 'bad-keyframe')
    await writer.keyframe(FOLD, { at: 1, since: null, parts: numbered(KEYFRAME_PARTS_MAX) })
    await refusal(() => writer.keyframe(FOLD, { since: 1, parts: [['one more', bytes(1)]] }), 'bad-keyframe')
    const instead: readonly (readonly [string, Uint8Array | null])[] = [
      ['part-7', null],
      ['large', large.subarray(1)],
    ]
    await writer.keyframe(FOLD, { at: 2, since: 1, parts: instead })
    await using reader = await store.open()
    const { parts } = (await reader.keyframe(FOLD, 2))!
    expectEqual(
      [parts.size, parts.get('part-65535'), parts.has('part-7'), parts.get('large')?.length],
      [KEYFRAME_PARTS_MAX, bytes(255), false, PART_BYTES_MAX],
    )
  })
}

function* endless(): Generator<[string, null]> {
  for (let i = 0; ; i++) yield [`part-${i}`, null]
}
