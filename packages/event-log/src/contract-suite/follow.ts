import type { AnyEvent } from '@devtrail/events'
import type { ReadRange } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { sampleEvent, sampleEvents, sampleMeta } from '../samples.ts'
import { refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

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

export function followTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
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
