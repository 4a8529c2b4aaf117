/// <reference lib="esnext.disposable" />
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { jetStreamStore, type JetStreamLogStore } from './index.ts'

let servers: Servers
let connection: NatsConnection
const storeIn = (stream: string): JetStreamLogStore => jetStreamStore(connection, { stream, host: 'h', patienceMs: 5000 }, sampleVocabulary)

async function made(stream: string): Promise<JetStreamLogStore> {
  const store = storeIn(stream)
  const writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(3))
  await writer.close()
  return store
}

describe.skipIf(reason !== null && !mustHaveServer)(`logs that go${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    servers = await startServers(1)
    connection = await servers.connect()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  test.concurrent.each([
    ['deleted', /followed is gone: the stream was deleted/],
    ['purged', /followed is gone: the stream was purged/],
    ['another', /followed is gone: it is another log of that name/],
  ])('who follows a log whose stream is %s is told', async (how, message) => {
    const stream = `GONE-${how}`
    const store = await made(stream)
    const manager = await jetstreamManager(connection)
    await using reader = await store.open()
    const seen: number[] = []
    const follow = async (): Promise<void> => {
      for await (const { seq } of reader.follow()) seen.push(seq)
    }
    const ended = follow().catch((error: unknown) => error)
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(3)
    if (how === 'deleted') await manager.streams.delete(stream)
    else await manager.streams.purge(stream)
    if (how === 'another') await made(stream)
    expect(await ended).toMatchObject({ name: 'StreamError', code: 'gone', message: expect.stringMatching(message) })
    expect(seen).toStrictEqual([1, 2, 3])
  })
})
