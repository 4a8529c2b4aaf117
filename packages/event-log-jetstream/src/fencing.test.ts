/// <reference lib="esnext.disposable" />
import { crc32 as crcOf } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogDamagedError, sampleEvent, sampleEvents, sampleMeta, sampleVocabulary, type LogStore } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'
import { jetStreamStore } from './index.ts'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { OvertakenError, publish } from './publish.ts'
import { findStream } from './stream.ts'

let servers: Servers
let here: NatsConnection
let there: NatsConnection

let streams = 0
const storeOn = (connection: NatsConnection, host = 'h'): LogStore =>
  jetStreamStore(connection, { stream: `S${streams}`, host, patienceMs: 5000 }, sampleVocabulary)

/** A copy of a log in which the message of its last block is another. */
async function withLastBlock(change: (data: Uint8Array, head: MsgHdrs) => Uint8Array): Promise<{ events: number; damages: unknown[] }> {
  streams++
  const from = `S${streams}`
  const writer = await storeOn(here).create(sampleMeta())
  for (const first of [1, 101]) {
    await writer.append(sampleEvents(first + 99, { first }))
    await writer.flush('written')
  }
  await writer.close()
  const manager = await jetstreamManager(here)
  const stored = (await manager.streams.getMessage(from, { last_by_subj: `${from}.h.events` }))!
  await manager.streams.deleteMessage(from, stored.seq)
  const head = headers()
  for (const key of stored.header.keys()) if (key.startsWith('Devtrail')) head.set(key, stored.header.get(key))
  const data = change(stored.data.slice(), head)
  await jetstream(here).publish(`${from}.h.events`, data, { headers: head })
  const damages: unknown[] = []
  await using reader = await storeOn(there).open()
  const events = await eventsOf(reader, { onDamage: (damage) => damages.push(damage) })
  return { events: events.length, damages }
}

describe.skipIf(reason !== null && !mustHaveServer)(`writers of one host${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    servers = await startServers(1)
    here = await servers.connect()
    there = await servers.connect()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  test('a writer that does not answer any more is replaced, and what it sends later is refused', async () => {
    streams++
    const doomed = await servers.connect()
    const first = await storeOn(doomed).create(sampleMeta())
    await first.append(sampleEvents(2))
    await first.flush('written')
    await expect(storeOn(there).append()).rejects.toThrow(/another writer has S\d+\/h open/)
    // As if its process had died: nobody answers for it.
    await doomed.close()
    const second = await storeOn(there).append()
    expect(second.lastSeq).toBe(2)
    await second.append([sampleEvent(3)])
    await second.close()
    await expect(first.append([sampleEvent(3)]).then(() => first.flush('written'))).rejects.toThrow(/closed/)
    await using reader = await storeOn(here).open()
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(3))
  })

  test('a writer that was taken for dead and is not loses against the one that replaced it, and is told', async () => {
    streams++
    const first = await storeOn(here).create(sampleMeta())
    await first.append(sampleEvents(2))
    await first.flush('written')
    // The other one is told that nobody writes.
    const name = `S${streams}`
    const manager = await jetstreamManager(there)
    const open = await manager.streams.getMessage(name, { last_by_subj: `${name}.h.writer` })
    await manager.streams.deleteMessage(name, open!.seq)
    const second = await storeOn(there).append()
    await first.append([{ ...sampleEvent(3), time: 1 }])
    await expect(first.flush('written')).rejects.toThrow(/another writer took S\d+\/h over; of this one's events 2 are kept/)
    await expect(first.append([sampleEvent(4)])).rejects.toThrow(/took/)
    await expect(first.close()).rejects.toThrow(/took/)
    await second.append([sampleEvent(3)])
    await second.close()
    await using reader = await storeOn(here).open()
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(3))
  })

  test('hosts do not get in each other’s way', async () => {
    streams++
    const a = await storeOn(here, 'a').create(sampleMeta())
    const b = await storeOn(there, 'b').create(sampleMeta())
    for (let seq = 1; seq <= 20; seq++) {
      await a.append([sampleEvent(seq)])
      await b.append([sampleEvent(seq)])
      await Promise.all([a.flush('written'), b.flush('written')])
    }
    await a.close()
    await b.close()
    for (const host of ['a', 'b']) {
      await using reader = await storeOn(here, host).open()
      expect(await eventsOf(reader)).toStrictEqual(sampleEvents(20))
    }
  })

  test('many blocks of many hosts on their way at once: each log is whole, in order, and has each block once', async () => {
    streams++
    const hosts = ['a', 'b', 'c']
    const blocks = 60
    const write = async (host: string): Promise<void> => {
      const writer = await storeOn(here, host).create(sampleMeta())
      const kept: Promise<unknown>[] = []
      for (let block = 0; block < blocks; block++) {
        const first = block * 10 + 1
        void writer.append(sampleEvents(first + 9, { first }))
        kept.push(writer.flush('written'))
        // Keyframes, attachments and what is in pieces come between.
        if (block % 20 === 7) kept.push(writer.keyframe('fold-1', { since: null, parts: [['all', new Uint8Array(700_000)]] }))
      }
      await Promise.all(kept)
      await writer.close()
    }
    await Promise.all(hosts.map(write))
    for (const host of hosts) {
      await using reader = await storeOn(there, host).open()
      expect(await eventsOf(reader)).toStrictEqual(sampleEvents(blocks * 10))
      expect(await reader.keyframes('fold-1')).toStrictEqual([80, 280, 480])
    }
    const manager = await jetstreamManager(here)
    const { state } = await manager.streams.info(`S${streams}`, { subjects_filter: `S${streams}.*.events` })
    // And the fence of its writer.
    expect(Object.values(state.subjects!)).toStrictEqual(hosts.map(() => blocks + 1))
  })

  test('of a writer that is replaced while it sends, what it was told is kept is kept, and nothing comes after', async () => {
    streams++
    const first = await storeOn(here).create(sampleMeta())
    const seen: { told: number; failure: unknown } = { told: 0, failure: null }
    const sending = (async () => {
      for (let seq = 1; seq <= 2_000_000 && seen.failure === null; seq += 10) {
        const flush = async (): Promise<void> => {
          try {
            await first.append(sampleEvents(seq + 9, { first: seq }))
            await first.flush('written')
            seen.told = Math.max(seen.told, seq + 9)
          } catch (error) {
            seen.failure ??= error
          }
        }
        const flushed = flush()
        if (seq % 200 === 1) await flushed
      }
    })()
    while (seen.told < 500) await new Promise((resolve) => setTimeout(resolve, 5))
    const name = `S${streams}`
    const manager = await jetstreamManager(there)
    const open = await manager.streams.getMessage(name, { last_by_subj: `${name}.h.writer` })
    await manager.streams.deleteMessage(name, open!.seq)
    const second = await storeOn(there).append()
    const from = second.lastSeq
    await second.append(sampleEvents(from + 10, { first: from + 1 }))
    await second.close()
    await sending
    expect(String(seen.failure)).toMatch(new RegExp(`of this one's events ${from} are kept`))
    expect(seen.told).toBe(from)
    await using reader = await storeOn(here).open()
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(from + 10))
  })

  test('a message that is sent again is there once, also long after the server has forgotten its id', async () => {
    streams++
    await (await storeOn(here).create(sampleMeta())).close()
    const stream = (await findStream(here, `S${streams}`))!
    const subject = `S${streams}.h.other`
    const content = Uint8Array.of(1)
    const sent = { subject, content, id: 'x', after: 0, patienceMs: 1000 }
    const seq = await publish(stream, sent)
    expect(await publish(stream, sent)).toBe(seq)
    // A server that knows nothing of ids any more.
    await stream.manager.streams.update(stream.name, { duplicate_window: 100_000_000 })
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await publish(stream, sent)).toBe(seq)
    await expect(publish(stream, { ...sent, id: 'y' })).rejects.toThrow(OvertakenError)
    expect((await stream.manager.streams.info(stream.name, { subjects_filter: subject })).state.subjects).toStrictEqual({ [subject]: 1 })
  })

  const damage: readonly (readonly [string, (data: Uint8Array, head: MsgHdrs) => Uint8Array])[] = [
    ['a bit of its content', (data) => data.with(60, data[60]! ^ 4)],
    [
      'its content, with the checksum of the message made right',
      (data, head) => {
        const other = data.with(60, data[60]! ^ 4)
        // What a proxy that stores messages anew would say.
        head.set('Devtrail-Crc', String(crcOf(other)))
        return other
      },
    ],
    ['its end', (data) => data.subarray(0, -8)],
    [
      'a number in its header',
      (data, head) => {
        head.set('Devtrail-Block', head.get('Devtrail-Block').replace('100', '101'))
        return data
      },
    ],
  ]

  test('a copy without a change is whole', async () => {
    expect(await withLastBlock((data) => data)).toStrictEqual({ events: 200, damages: [] })
  })

  test.each(damage)('%s that changed on the way is found, and no event of that block is read', async (_, change) => {
    const { events, damages } = await withLastBlock(change)
    expect(events).toBe(100)
    expect(damages).toStrictEqual([expect.any(LogDamagedError)])
    expect(String(damages[0])).toMatch(/S\d+\/?h? message \d+: /)
  })

  test('a block that is gone is damage where it was', async () => {
    streams++
    const writer = await storeOn(here).create(sampleMeta())
    for (const first of [1, 11, 21]) {
      await writer.append(sampleEvents(first + 9, { first }))
      await writer.flush('written')
    }
    await writer.close()
    const name = `S${streams}`
    const manager = await jetstreamManager(here)
    const last = (await manager.streams.getMessage(name, { last_by_subj: `${name}.h.events` }))!
    await manager.streams.deleteMessage(name, last.seq - 1)
    await using reader = await storeOn(here).open()
    const damages: string[] = []
    const events = await eventsOf(reader, { onDamage: (d) => damages.push(d.message) })
    expect(events.map(({ seq }) => seq)).toStrictEqual([...sampleEvents(10), ...sampleEvents(30, { first: 21 })].map(({ seq }) => seq))
    expect(damages).toStrictEqual([expect.stringMatching(/expected event 10 of the log, found event 20/)])
  })

  test('a log that is laid out otherwise is refused by name', async () => {
    streams++
    const stream = `S${streams}`
    await (await storeOn(here).create(sampleMeta())).close()
    const head = headers()
    const content = new TextEncoder().encode(JSON.stringify({ ...sampleMeta(), id: '0123456789abcdef', layout: 2 }))
    head.set('Devtrail-Crc', String(crcOf(content)))
    await jetstream(here).publish(`${stream}.h.meta`, content, { headers: head })
    await expect(storeOn(there).open()).rejects.toThrow(/laid out by version 2; this version of devtrail knows 1: use a newer one/)
  })

  test('an event larger than any message is stored, and read', async () => {
    streams++
    const large = { ...sampleEvent(1), type: 'sample/said', cause: [], data: { text: 'ä'.repeat(3_000_000), by: null } }
    const writer = await storeOn(here).create(sampleMeta())
    await writer.append([large])
    await writer.close()
    await using reader = await storeOn(there).open()
    expect(await eventsOf(reader)).toStrictEqual([large])
  })
})
