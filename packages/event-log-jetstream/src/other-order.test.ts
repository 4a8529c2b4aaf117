/// <reference lib="esnext.disposable" />
/** Streams that were filled from another one: its messages in another order, or some of them again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream'
import { headers, type NatsConnection } from '@nats-io/transport-node'
import { jetStreamStore, type JetStreamLogStore } from './index.ts'

let servers: Servers
let connection: NatsConnection
let streams = 0
const storeIn = (stream: string): JetStreamLogStore => jetStreamStore(connection, { stream, host: 'h', patienceMs: 5000 }, sampleVocabulary)

/** The messages of a log of four blocks: what it is, who writes, where it begins, the blocks, that the writer closed. */
async function original(): Promise<StoredMsg[]> {
  const stream = `FROM-${++streams}`
  const writer = await storeIn(stream).create(sampleMeta())
  for (const event of sampleEvents(4)) {
    await writer.append([event])
    await writer.flush('written')
  }
  await writer.close()
  const manager = await jetstreamManager(connection)
  const { state } = await manager.streams.info(stream)
  const found: StoredMsg[] = []
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) found.push((await manager.streams.getMessage(stream, { seq }))!)
  return found
}

const BLOCK = 'Devtrail-Block'
const blocksOf = (messages: readonly StoredMsg[]): StoredMsg[] =>
  messages.filter(({ data, subject }) => subject.endsWith('.events') && data.length > 0)

async function send(stream: string, { subject, header, data }: StoredMsg): Promise<void> {
  const head = headers()
  for (const name of [BLOCK, 'Devtrail-Block-Crc', 'Devtrail-Crc']) if (header.has(name)) head.set(name, header.get(name))
  await jetstream(connection).publish(subject.replace(/^[^.]*/, stream), data, { headers: head })
}

async function filled(messages: readonly StoredMsg[]): Promise<JetStreamLogStore> {
  const stream = `TO-${streams}`
  await (await jetstreamManager(connection)).streams.add({ name: stream, subjects: [`${stream}.>`] })
  for (const message of messages) await send(stream, message)
  return storeIn(stream)
}

describe.skipIf(reason !== null && !mustHaveServer)(`a stream filled from another${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    servers = await startServers(1)
    connection = await servers.connect()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  test('has its events in their order where its blocks are in another', async () => {
    const all = await original()
    const [first, second, third, fourth] = blocksOf(all)
    const rest = all.filter((message) => !blocksOf(all).includes(message))
    const store = await filled([...rest, first!, third!, second!, fourth!])
    await using reader = await store.open()
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(4))
    expect(await store.lost({ read: true })).toStrictEqual([])
  })

  test('has each event once where a block is there twice, also for who follows', async () => {
    const all = await original()
    const [first, second, third, fourth] = blocksOf(all)
    const store = await filled([...all.filter((message) => message !== fourth), second!])
    await using reader = await store.open()
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(3))
    const seen: number[] = []
    const ended = (async () => {
      for await (const { seq } of reader.follow({ to: 4 })) seen.push(seq)
    })()
    for (const message of [first!, third!, fourth!]) await send(`TO-${streams}`, message)
    await ended
    expect(seen).toStrictEqual([1, 2, 3, 4])
  })
})
