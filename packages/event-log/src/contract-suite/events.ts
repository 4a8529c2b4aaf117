import { rowsOf, type AnyEvent } from '@devtrail/events'
import type { LogUsageCode } from '../errors.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { nested, storedIn, refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

function said(text: string, by: string | null = null): AnyEvent {
  return { ...sampleEvent(2), seq: 1, type: 'sample/said', data: { text, by } }
}

export function eventTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
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

  test('one object can be every event that is taken one by one', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const events = sampleEvents(9000, { baseline: 2 })
    const object = {} as AnyEvent & Record<string, unknown>
    for (const event of events) {
      for (const name of Object.keys(object)) delete object[name]
      await writer.take(Object.assign(object, event))
    }
    expectEqual(writer.lastSeq, 9000)
    await refusal(async () => writer.take({ ...sampleEvent(9001), cause: [0.5] }), 'bad-event')
    await refusal(async () => writer.take(sampleEvent(9002)), 'bad-sequence')
    await writer.append([sampleEvent(9001)])
    await writer.flush('written')
    expectEqual(await storedIn(store), [...events, sampleEvent(9001)])
  })

  test('events in numbers read back as the same objects do', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const by = { device: null, cpu: 1, actor: { pid: 7, comm: 'pin' }, context: 'd....', source: 'probe', where: 'f+0x0/0x9' }
    const events = sampleEvents(9000).map(({ inferred, ...event }): AnyEvent => {
      if (event.type === 'sample/said') return inferred === undefined ? event : { ...event, inferred }
      return { ...event, ...by, entry: event.seq, cause: event.seq % 2 ? [event.seq - 1] : [] }
    })
    for (let at = 0; at < events.length;) {
      const end = events.findIndex(({ type }, i) => i > at && type === 'sample/said')
      const run = events[at]!.type === 'sample/said' ? null : rowsOf(events.slice(at, end < 0 ? undefined : end), sampleVocabulary)
      if (run === null) await writer.take(events[at]!)
      else await writer.takeRows(run)
      at += run?.count ?? 1
    }
    expectEqual(writer.lastSeq, 9000)
    const odd = rowsOf([{ ...sampleEvent(3), ...by, entry: 1, cause: [], seq: 9001 }], sampleVocabulary)!
    odd.origins[0]!.rows.low[0]![0] = 0.5
    await refusal(async () => writer.takeRows(odd), 'bad-event')
    odd.origins[0]!.rows.low[0]![0] = 1
    odd.seq = 9002
    await refusal(async () => writer.takeRows(odd), 'bad-sequence')
    await writer.append([sampleEvent(9001)])
    await writer.flush('written')
    expectEqual(await storedIn(store), [...events, sampleEvent(9001)])
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
