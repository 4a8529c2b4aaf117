/// <reference lib="esnext.disposable" />
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogDamagedError, memoryStore, sampleEvents, sampleMeta, sampleVocabulary, type LogReader } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { headers, type NatsConnection } from '@nats-io/transport-node'
import fc from 'fast-check'
import { jetStreamStore, type JetStreamLogStore } from './index.ts'

const BASELINE = 3
const BLOCK = 10
const BLOCKS = 6
const LAST = BLOCK * BLOCKS
const WHOLE = sampleEvents(LAST, { baseline: BASELINE })

let servers: Servers
let connection: NatsConnection
let manager: JetStreamManager
let streams = 0

/** A log of six blocks, the first with a baseline, and the numbers of their messages. */
async function shipped(): Promise<{ readonly name: string; readonly store: JetStreamLogStore; readonly messages: readonly number[] }> {
  const name = `L${++streams}`
  const store = jetStreamStore(connection, { stream: name, host: 'h', patienceMs: 5000 }, sampleVocabulary)
  const writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(BLOCK, { baseline: BASELINE }))
  for (let block = 1; block <= BLOCKS; block++) {
    if (block > 1) await writer.append(sampleEvents(block * BLOCK, { first: (block - 1) * BLOCK + 1 }))
    await writer.flush('written')
  }
  await writer.close()
  const messages: number[] = []
  for (let seq = 1; messages.length < BLOCKS; seq++) {
    const message = await manager.streams.getMessage(name, { seq })
    if (message!.subject === `${name}.h.events` && message!.data.length > 0) messages.push(seq)
  }
  // So that the newest message is not the last block's.
  await (await store.append()).close()
  return { name, store, messages }
}

/** The log as it was recorded. */
async function recorded(events = WHOLE): Promise<LogReader> {
  const store = memoryStore(sampleVocabulary)
  const writer = await store.create(sampleMeta())
  await writer.append(events)
  await writer.close()
  return store.open()
}

/** Puts a message of the log's events whose content, or header, is another. */
async function spoil(name: string, seq: number, part: 'content' | 'header'): Promise<void> {
  const { header, data, subject } = (await manager.streams.getMessage(name, { seq }))!
  const head = headers()
  for (const key of header.keys()) if (key.startsWith('Devtrail')) head.set(key, header.get(key))
  if (part === 'header') head.set('Devtrail-Block', `${head.get('Devtrail-Block')}1`)
  await jetstream(connection).publish(subject, part === 'content' ? data.with(60, data[60]! ^ 4) : data, { headers: head })
}

async function readable(store: JetStreamLogStore): Promise<{ seqs: number[]; damages: number }> {
  const damages: LogDamagedError[] = []
  await using reader = await store.open()
  const seqs = (await eventsOf(reader, { onDamage: (damage) => void damages.push(damage) })).map(({ seq }) => seq)
  return { seqs, damages: damages.length }
}

const spans = (lost: readonly { readonly firstSeq: number; readonly lastSeq: number; readonly events: number }[]): unknown =>
  lost.map(({ firstSeq, lastSeq, events }) => [firstSeq, lastSeq, events])

describe.skipIf(reason !== null && !mustHaveServer)(`what a stream lost${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    servers = await startServers(1)
    connection = await servers.connect()
    manager = await jetstreamManager(connection)
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  test.each([
    ['the first block, with the baseline', [0], [[0, 10, 13]]],
    ['two in a row', [2, 3], [[21, 40, 20]]],
    ['two apart', [1, 4], [[11, 20, 10], [41, 50, 10]]], // prettier-ignore
    ['the last one, of which only the next writer knows', [5], [[51, 60, 10]]],
    ['all', [0, 1, 2, 3, 4, 5], [[0, 60, 63]]],
  ])('%s: named, told to who reads, and put again from a copy', async (_, gone, expected) => {
    const { name, store, messages } = await shipped()
    for (const block of gone) await manager.streams.deleteMessage(name, messages[block]!)
    expect(spans(await store.lost({ read: false }))).toStrictEqual(expected)
    expect((await store.contents()).events).toBe(WHOLE.length)
    await using lossy = await store.open()
    // Also where the last ones cannot be read: a keyframe of them can.
    expect(lossy.lastSeq).toBe(LAST)
    const before = await readable(store)
    // A head that is gone is said otherwise.
    expect(before.damages).toBe(gone[0] === 0 ? 0 : expected.length)
    await using copy = await recorded()
    expect(spans(await store.mend(copy, { read: false }))).toStrictEqual(expected)
    expect(await store.lost({ read: true })).toStrictEqual([])
    await using reader = await store.open()
    expect(await eventsOf(reader)).toStrictEqual(WHOLE)
    expect(await eventsOf(reader, { from: 25, to: 35 })).toStrictEqual(sampleEvents(35, { first: 25 }))
    expect(reader.gone).toStrictEqual({ events: 0, seq: 0 })
    expect((await store.contents()).mended).toBeGreaterThan(0)
    const followed: number[] = []
    for await (const { seq } of reader.follow({ to: LAST })) followed.push(seq)
    expect(followed).toStrictEqual(WHOLE.map(({ seq }) => seq))
  })

  test('full blocks are put again as full blocks', async () => {
    const name = `L${++streams}`
    const store = jetStreamStore(connection, { stream: name, host: 'h', patienceMs: 5000 }, sampleVocabulary)
    const events = sampleEvents(4 * 4096)
    const writer = await store.create(sampleMeta())
    await writer.append(events)
    await writer.close()
    const { last_seq: last } = (await manager.streams.info(name)).state
    const blocks: number[] = []
    for (let seq = 1; seq <= last; seq++)
      if ((await manager.streams.getMessage(name, { seq }))!.header.has('Devtrail-Block')) blocks.push(seq)
    // Behind the writer's fence.
    for (const seq of blocks.slice(2, 4)) await manager.streams.deleteMessage(name, seq)
    expect(spans(await store.lost({ read: false }))).toStrictEqual([[4097, 12_288, 8192]])
    await using copy = await recorded(events)
    await store.mend(copy, { read: false })
    expect((await store.contents()).mended).toBe(2)
    await using reader = await store.open()
    expect((await reader.summaries()).map(({ count }) => count)).toStrictEqual([4096, 4096, 4096, 4096])
    expect(await readable(store)).toStrictEqual({ seqs: events.map(({ seq }) => seq), damages: 0 })
  })

  test('a header that is damaged, and the block behind it gone: both are put again', async () => {
    const { name, store, messages } = await shipped()
    // As on a disk that failed: the message is there in its place, with another header.
    const again = jetStreamStore(connection, { stream: `${name}X`, host: 'h', patienceMs: 5000 }, sampleVocabulary)
    await manager.streams.add({ name: `${name}X`, subjects: [`${name}X.>`], max_age: 0, duplicate_window: 1e9 * 600, allow_direct: true })
    const { last_seq: last } = (await manager.streams.info(name)).state
    for (let seq = 1; seq <= last; seq++) {
      const { subject, data, header } = (await manager.streams.getMessage(name, { seq }))!
      if (seq === messages[3]) continue
      const head = headers()
      for (const key of header.keys()) if (key.startsWith('Devtrail')) head.set(key, header.get(key))
      if (seq === messages[2]) head.set('Devtrail-Block', `${head.get('Devtrail-Block')}1`)
      await jetstream(connection).publish(subject.replace(name, `${name}X`), data, { headers: head })
    }
    expect(spans(await again.lost({ read: false }))).toStrictEqual([[21, 40, 20]])
    expect((await readable(again)).damages).toBeGreaterThan(0)
    await using copy = await recorded()
    await again.mend(copy, { read: false })
    expect(await again.lost({ read: true })).toStrictEqual([])
    expect(await readable(again)).toStrictEqual({ seqs: WHOLE.map(({ seq }) => seq), damages: 0 })
    expect(await store.lost({ read: false })).toHaveLength(0)
  })

  test('what is damaged is lost when it is read, and put again', async () => {
    const { name, store, messages } = await shipped()
    await spoil(name, messages[5]!, 'content')
    await manager.streams.deleteMessage(name, messages[5]!)
    expect(await store.lost({ read: false })).toStrictEqual([])
    expect(spans(await store.lost({ read: true }))).toStrictEqual([[51, 60, 10]])
    await using copy = await recorded()
    await store.mend(copy, { read: true })
    expect(await readable(store)).toStrictEqual({ seqs: WHOLE.map(({ seq }) => seq), damages: 0 })
  })

  test('damage outside of what is read is not told', async () => {
    const { name, store, messages } = await shipped()
    await manager.streams.deleteMessage(name, messages[2]!)
    await manager.streams.deleteMessage(name, messages[5]!)
    await using reader = await store.open()
    expect(await eventsOf(reader, { from: 31, to: 50 })).toStrictEqual(sampleEvents(50, { first: 31 }))
    expect(await eventsOf(reader, { to: 20 })).toStrictEqual(sampleEvents(20, { baseline: BASELINE }))
    await expect(eventsOf(reader, { from: 25, to: 26 })).rejects.toThrow(LogDamagedError)
    await expect(eventsOf(reader, { from: 30, to: 31 })).rejects.toThrow(LogDamagedError)
    await expect(eventsOf(reader, { from: 50 })).rejects.toThrow(/10 more events, up to seq 60, found no such message/)
  })

  test('messages that no writer made do not keep anybody from reading or writing', async () => {
    const { name, store, messages } = await shipped()
    await jetstream(connection).publish(`${name}.h.events`, new TextEncoder().encode('hello'))
    const forged = headers()
    forged.set('Devtrail-Crc', '7')
    await jetstream(connection).publish(`${name}.h.events`, new Uint8Array(70_000), { headers: forged })
    await jetstream(connection).publish(`${name}.h.mended.3`, new Uint8Array(7), { headers: forged })
    expect(await readable(store)).toStrictEqual({ seqs: WHOLE.map(({ seq }) => seq), damages: 0 })
    const writer = await store.append()
    expect(writer.lastSeq).toBe(LAST)
    await writer.append(sampleEvents(LAST + 5, { first: LAST + 1 }))
    await writer.close()
    // A block of the log once more, with a header that is not right, between blocks that follow each other.
    await spoil(name, messages[1]!, 'header')
    await expect(store.append()).rejects.toThrow(LogDamagedError)
    const newest = (await manager.streams.getMessage(name, { last_by_subj: `${name}.h.events` }))!
    await manager.streams.deleteMessage(name, newest.seq)
    await (await store.append()).close()
    expect((await readable(store)).seqs).toStrictEqual([...WHOLE.map(({ seq }) => seq), 61, 62, 63, 64, 65])
  })

  test('a copy of other events, or of too few, puts nothing again', async () => {
    const { name, store, messages } = await shipped()
    await manager.streams.deleteMessage(name, messages[3]!)
    await using copy = await recorded(sampleEvents(35, { baseline: BASELINE }))
    await expect(store.mend(copy, { read: false })).rejects.toThrow(/has 5 events from 31 to 40, and 10 are lost/)
    expect(spans(await store.lost({ read: false }))).toStrictEqual([[31, 40, 10]])
  })

  test('whatever messages are lost, what is read and what is lost is the log, and a copy mends it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([0, 1, 2, 3, 4, 5]), fc.boolean(), async (gone, twice) => {
        const { name, store, messages } = await shipped()
        for (const block of gone) await manager.streams.deleteMessage(name, messages[block]!)
        const { seqs } = await readable(store)
        const lost = await store.lost({ read: true })
        expect(seqs.length + lost.reduce((sum, { events }) => sum + events, 0)).toBe(WHOLE.length)
        for (const { firstSeq, lastSeq } of lost) expect(seqs.filter((seq) => seq >= firstSeq && seq <= lastSeq)).toStrictEqual([])
        await using copy = await recorded()
        // Two that mend at once do no harm.
        await Promise.all(Array.from({ length: twice ? 2 : 1 }, () => store.mend(copy, { read: false })))
        expect((await readable(store)).seqs).toStrictEqual(WHOLE.map(({ seq }) => seq))
      }),
      { numRuns: 12 },
    )
  })
})
