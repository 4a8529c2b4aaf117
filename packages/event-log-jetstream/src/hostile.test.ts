/// <reference lib="esnext.disposable" />
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogDamagedError, sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { headers, type NatsConnection } from '@nats-io/transport-node'
import { hostsIn, jetStreamStore, type JetStreamLogStore } from './index.ts'

let servers: Servers
let connection: NatsConnection
let streams = 0

/** A log of ten events, with an attachment and a keyframe, and somebody who may send messages into its stream. */
async function victim(): Promise<{
  readonly store: JetStreamLogStore
  readonly name: string
  readonly send: (subject: string, content: unknown, more?: Readonly<Record<string, string>>) => Promise<number>
}> {
  const name = `V${++streams}`
  const store = jetStreamStore(connection, { stream: name, host: 'h', patienceMs: 5000 }, sampleVocabulary)
  const writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(10))
  await writer.attach('notes.txt', Uint8Array.of(1, 2, 3))
  await writer.keyframe('fold-1', { since: null, parts: [['all', Uint8Array.of(7)]] })
  await writer.close()
  const send = async (subject: string, content: unknown, more: Readonly<Record<string, string>> = {}): Promise<number> => {
    const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content))
    const head = headers()
    head.set('Devtrail-Crc', String(crc32(bytes)))
    for (const [key, value] of Object.entries(more)) head.set(key, value)
    return (await jetstream(connection).publish(`${name}.${subject}`, bytes, { headers: head })).seq
  }
  return { store, name, send }
}

describe.skipIf(reason !== null && !mustHaveServer)(
  `a stream that others write to${reason === null ? '' : ` (skipped: ${reason})`}`,
  () => {
    beforeAll(async () => {
      servers = await startServers(1)
      connection = await servers.connect()
    })
    afterAll(() => servers[Symbol.asyncDispose]())

    test('hosts, attachments and keyframes that no writer could have named are none', async () => {
      const { store, name, send } = await victim()
      for (const host of ['a/b', '\u001b[31m', '..'.replaceAll('.', '%2e'), 'ä']) await send(`${host}.meta`, {})
      await send('__proto__.meta', {})
      for (const token of ['==/etc/passwd', '=hidden', 'UPPER', '\u001b[2J', 'x'.repeat(200)]) await send(`h.attached.${token}`, {})
      for (const seq of ['NaN', '-1', '1e3', '9'.repeat(30), '0']) await send(`h.keyframe.fold-1.${seq}`, {})
      await send('h.keyframe.__proto__.5', {})
      // A name like any other, with nothing behind it.
      expect(await hostsIn(connection, name)).toStrictEqual(['__proto__', 'h'])
      await using reader = await store.open()
      expect(await reader.attachments()).toStrictEqual([{ name: 'notes.txt', bytes: 3 }])
      expect(await reader.keyframes('fold-1')).toStrictEqual([10])
      const { attachments, keyframes } = await store.contents()
      expect([attachments, [...keyframes]]).toStrictEqual([['notes.txt'], [['fold-1', [10]]]])
      expect({}).not.toHaveProperty('seq')
    })

    const notPieces: readonly (readonly [string, unknown])[] = [
      ['null', null],
      ['a list', []],
      ['no pieces', { bytes: 3 }],
      ['pieces that are none', { bytes: 3, pieces: [['1', 3, 0]] }],
      ['pieces of another size', { bytes: 3, pieces: [[1, 4, 0]] }],
      ['a piece before all', { bytes: 3, pieces: [[-1, 3, 0]] }],
    ]
    test.each(notPieces)('an attachment of %s is damaged', async (_, content) => {
      const { store, send } = await victim()
      await send('h.attached.notes=txt', content)
      await using reader = await store.open()
      await expect(reader.attachment('notes.txt')).rejects.toThrow(LogDamagedError)
      await expect(reader.attachments()).rejects.toThrow(LogDamagedError)
    })

    test.each<readonly [string, unknown]>([
      ['null', null],
      ['nothing', {}],
      ['parts that are none', { seq: 10, events: 10, pieces: {}, parts: [null] }],
      ['a part nowhere', { seq: 10, events: 10, pieces: {}, parts: [['all', [10, 0, 1, 0]]] }],
      ['a part past its bytes', { seq: 10, events: 10, pieces: { 10: [] }, parts: [['all', [10, 5, 1e15, 0]]] }],
      ['more bytes than there are', { seq: 10, events: 10, pieces: { 10: [[1, 2 ** 50, 0]] }, parts: [] }],
      ['pieces of a prototype', JSON.parse('{"seq":10,"events":10,"pieces":{"__proto__":1},"parts":[]}')],
    ])('a keyframe of %s is passed over, and told', async (_, content) => {
      const { store, send } = await victim()
      await send('h.keyframe.fold-1.10', content)
      await using reader = await store.open()
      const damages: LogDamagedError[] = []
      expect(await reader.keyframe('fold-1', 10, { onDamage: (damage) => void damages.push(damage) })).toBeNull()
      expect(damages).toStrictEqual([expect.any(LogDamagedError)])
    })

    test.each([null, [], 7, 'x'])('a log that is said to be %j is damaged', async (content) => {
      const { store, send } = await victim()
      await send('h.meta', content)
      await expect(store.open()).rejects.toThrow(/expected a log's meta, found something else/)
    })

    test('a stream that was sealed is told to be so', async () => {
      const { store, name } = await victim()
      await (await jetstreamManager(connection)).streams.update(name, { sealed: true } as object)
      await expect(store.append()).rejects.toMatchObject({
        code: 'unsuitable',
        message: expect.stringMatching(/V\d+ is sealed, and takes nothing/),
      })
    })

    test('a message that says it is the same piece a million times is not put together', async () => {
      const { store, send } = await victim()
      const piece = new Uint8Array(500_000)
      const seq = await send('h.pieces', piece)
      const list = Array.from({ length: 5000 }, () => [seq, piece.length, crc32(piece)])
      await send('h.meta', list, { 'Devtrail-Pieces': String(5000 * piece.length) })
      const before = process.memoryUsage().rss
      await expect(store.open()).rejects.toThrow(/expected pieces of 2500000000 bytes, 268435456 at most/)
      await send('h.meta', list.slice(0, 2), { 'Devtrail-Pieces': '7' })
      await expect(store.open()).rejects.toThrow(/expected pieces of 7 bytes.*found pieces of 1000000/)
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
    })

    test.each([
      ['counts more than there are', '2 999999 10 1000009 1 2 3 - -'],
      ['ends before it begins', '2 5 10 3 1 2 3 - -'],
      ['has numbers that are none', '2 5 1e999 15 1 2 3 - -'],
      ['is of another number', '7 5 10 15 1 2 3 - -'],
    ])('a block whose header %s, by somebody who can make checksums, is damage and no more', async (_, info) => {
      const { store, send } = await victim()
      const { id } = await store.contents()
      const crc = String(crc32(Buffer.from(info), crc32(Buffer.from(id, 'hex'))))
      await send('h.events', new Uint8Array(100), { 'Devtrail-Block': info, 'Devtrail-Block-Crc': crc })
      await using reader = await store.open()
      const damages: LogDamagedError[] = []
      expect(await eventsOf(reader, { onDamage: (damage) => void damages.push(damage) })).toStrictEqual(sampleEvents(10))
      expect(damages.length).toBeGreaterThan(0)
    })

    test.each([
      ['the same', '1 10 0 10 1000001 10000001 31 2 20'],
      ['others', '1 5 0 5 1000001 5000001 31 2 10'],
      ['more', '2 5 10 15 1 2 3 - -'],
    ])('blocks that are said to be put again, of %s events, and are not, keep nobody from those that there are', async (_, info) => {
      const { store, send } = await victim()
      const { id } = await store.contents()
      const crc = String(crc32(Buffer.from(info), crc32(Buffer.from(id, 'hex'))))
      await send(`h.mended.${info[0]}`, new Uint8Array(100), { 'Devtrail-Block': info, 'Devtrail-Block-Crc': crc })
      await using reader = await store.open()
      expect(await eventsOf(reader, { to: 10 })).toStrictEqual(sampleEvents(10))
      expect(reader.lastSeq).toBe(10)
    })

    test('a stream that was deleted, or purged, while a writer is at work ends the writer, however patient, which says so', async () => {
      const patient = (stream: string): JetStreamLogStore =>
        jetStreamStore(connection, { stream, host: 'h', patienceMs: Infinity }, sampleVocabulary)
      const [{ name }, other] = [await victim(), await victim()]
      const manager = await jetstreamManager(connection)
      const [writer, doomed] = [await patient(name).append(), await patient(other.name).append()]
      await manager.streams.purge(name)
      await writer.append(sampleEvents(20, { first: 11 }))
      await expect(writer.flush('written')).rejects.toMatchObject({ code: 'gone', message: expect.stringMatching(/was purged/) as string })
      await expect(writer.close()).rejects.toMatchObject({ code: 'gone' })
      await manager.streams.delete(other.name)
      await doomed.append(sampleEvents(20, { first: 11 }))
      await expect(doomed.flush('written')).rejects.toMatchObject({ code: 'gone', message: expect.stringMatching(/was deleted/) as string })
      await expect(doomed.close()).rejects.toMatchObject({ code: 'gone' })
      await expect(other.store.open()).rejects.toMatchObject({ code: 'not-found' })
    })
  },
)
