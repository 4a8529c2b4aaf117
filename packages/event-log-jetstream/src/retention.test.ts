/// <reference lib="esnext.disposable" />
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setTimeout as wait } from 'node:timers/promises'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { jetstreamManager } from '@nats-io/jetstream'
import { nanos, type NatsConnection } from '@nats-io/transport-node'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetStreamStore, type JetStreamLogStore } from './index.ts'

const FOLD = 'fold-1'
const BLOCK = 20
const seqPart = (seq: number): readonly [string, Uint8Array] => ['seq', new TextEncoder().encode(String(seq))]

let servers: Servers
let connection: NatsConnection
const storeIn = (stream: string, host: string): JetStreamLogStore =>
  jetStreamStore(connection, { stream, host, patienceMs: 5000 }, sampleVocabulary)

describe.skipIf(reason !== null && !mustHaveServer)(`streams that let go${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    servers = await startServers(1)
    connection = await servers.connect()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  test('of a log longer than its stream the end is there, what it is, and a keyframe to read it from', async () => {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: 'SHORT', subjects: ['SHORT.>'], max_msgs: 300, discard: 'old' })
    const store = storeIn('SHORT', 'h')
    const writer = await store.create(sampleMeta())
    await writer.attach('import.json', new TextEncoder().encode('{}'))
    let since: number | null = null
    for (let block = 0; block < 2000; block++) {
      const first = block * BLOCK + 1
      await writer.append(sampleEvents(first + BLOCK - 1, { first }))
      if (block % 8 === 0) await writer.flush('written')
      else void writer.flush('written')
      if (block % 50 !== 49) continue
      await writer.keyframe(FOLD, {
        since,
        parts: [seqPart(writer.lastSeq), ...(since === null ? [['all', Uint8Array.of(7)] as const] : [])],
      })
      since = writer.lastSeq
    }
    const { lastSeq } = writer
    await writer.close()
    expect(lastSeq).toBe(2000 * BLOCK)

    await using reader = await store.open()
    const { gone } = reader
    expect(gone.seq).toBeGreaterThan(lastSeq - 300 * BLOCK)
    expect(gone.events).toBe(gone.seq)
    expect(reader.meta).toStrictEqual(sampleMeta())
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(lastSeq, { first: gone.seq + 1 }))
    expect(new TextDecoder().decode(await reader.attachment('import.json'))).toBe('{}')
    const keyframe = (await reader.keyframe(FOLD, lastSeq))!
    expect(keyframe.seq).toBeGreaterThanOrEqual(gone.seq)
    // A part that came with a keyframe that is gone, too.
    expect(keyframe.parts).toStrictEqual(new Map([['all', Uint8Array.of(7)], seqPart(keyframe.seq)]))
    const again = await store.append()
    expect(again.lastSeq).toBe(lastSeq)
    await again.close()
    expect(await store.contents()).toMatchObject({ events: lastSeq, lastSeq, attachments: ['import.json'] })
  })

  test('a writer that has nothing to say keeps what its log needs, of messages that get no older than two seconds', async () => {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: 'YOUNG', subjects: ['YOUNG.>'], max_age: nanos(2000) })
    const store = storeIn('YOUNG', 'h')
    const writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(50))
    await writer.keyframe(FOLD, { since: null, parts: [seqPart(50)] })
    await wait(5000)
    {
      await using reader = await store.open()
      expect([reader.gone, reader.lastSeq]).toStrictEqual([{ events: 50, seq: 50 }, 50])
      expect(await eventsOf(reader)).toStrictEqual([])
      expect(await reader.keyframe(FOLD, 50)).toStrictEqual({ seq: 50, parts: new Map([seqPart(50)]) })
    }
    await expect(storeIn('YOUNG', 'h').append()).rejects.toThrow(/another writer has YOUNG\/h open/)
    await writer.append(sampleEvents(60, { first: 51 }))
    await writer.flush('written')
    {
      await using reader = await store.open()
      expect(reader.gone).toStrictEqual({ events: 50, seq: 50 })
      expect(await eventsOf(reader)).toStrictEqual(sampleEvents(60, { first: 51 }))
    }
    await writer.close()
  })
})
