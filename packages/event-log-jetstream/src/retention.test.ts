/// <reference lib="esnext.disposable" />
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { setTimeout as wait } from 'node:timers/promises'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { jetstreamManager } from '@nats-io/jetstream'
import { nanos, type NatsConnection } from '@nats-io/transport-node'
import fc from 'fast-check'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetStreamStore, type JetStreamLogStore } from './index.ts'

const FOLD = 'fold-1'
const BLOCK = 20
const seqPart = (seq: number): readonly [string, Uint8Array] => ['seq', new TextEncoder().encode(String(seq))]

const wasLetGo = (error: unknown): void => expect(error).toMatchObject({ name: 'LogUsageError', code: 'let-go' })

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
  afterEach(() => vi.restoreAllMocks())

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

  test.each([
    ['right', 0],
    ['an hour behind', -3_600_000],
  ])(
    'a writer that has nothing to say keeps what its log needs, of messages that get no older than two seconds: its clock is %s',
    async (_, off) => {
      const manager = await jetstreamManager(connection)
      const now = Date.now.bind(Date)
      vi.spyOn(Date, 'now').mockImplementation(() => now() + off)
      await manager.streams.delete('YOUNG').catch(() => {})
      await manager.streams.add({ name: 'YOUNG', subjects: ['YOUNG.>'], max_age: nanos(2000) })
      const store = storeIn('YOUNG', 'h')
      const writer = await store.create(sampleMeta())
      await writer.append(sampleEvents(50))
      await writer.keyframe(FOLD, { since: null, parts: [seqPart(50)] })
      await wait(3500)
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
    },
  )

  test.each([
    ['messages', { max_msgs: 40 }],
    ['bytes', { max_bytes: 40_000 }],
  ])('in a stream of few %s, too, what a log needs is put to its end in time', async (what, limit) => {
    const name = `FEW-${what}`
    await (await jetstreamManager(connection)).streams.add({ name, subjects: [`${name}.>`], discard: 'old', ...limit })
    const store = storeIn(name, 'h')
    const writer = await store.create(sampleMeta())
    await writer.attach('import.json', new TextEncoder().encode('{}'))
    for (let block = 0; block < 150; block++) {
      await writer.append(sampleEvents(block * BLOCK + BLOCK, { first: block * BLOCK + 1 }))
      await writer.flush('written')
      await using reader = await store.open()
      expect(await reader.attachments()).toStrictEqual([{ name: 'import.json', bytes: 2 }])
    }
    await writer.close()
  })

  test('who opened a log before its head went is told so, and not of damage', async () => {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: 'HEAD', subjects: ['HEAD.>'], max_msgs: 1000, discard: 'old' })
    const store = storeIn('HEAD', 'h')
    const writer = await store.create(sampleMeta())
    for (let block = 0; block < 30; block++) {
      await writer.append(sampleEvents(block * BLOCK + BLOCK, { first: block * BLOCK + 1 }))
      await writer.flush('written')
    }
    await using before = await store.open()
    await manager.streams.purge('HEAD', { filter: 'HEAD.h.events', keep: 4 })
    const letGo = { code: 'let-go', message: expect.stringMatching(/the first 520 events of h in HEAD are gone since/) as string }
    await expect(eventsOf(before)).rejects.toMatchObject(letGo)
    await expect(eventsOf(before, { onDamage: () => {} })).rejects.toMatchObject(letGo)
    expect(await eventsOf(before, { from: 541 })).toStrictEqual(sampleEvents(600, { first: 541 }))
    await writer.close()
    await using after = await store.open()
    expect(after.gone).toStrictEqual({ events: 520, seq: 520 })
  })

  test(
    'while the head is cut, who reads gets what there is, or is told that it went; and there is always a keyframe to go on from',
    { timeout: 60_000 },
    async () => {
      let runs = 0
      const manager = await jetstreamManager(connection)
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            limit: fc.oneof(
              fc.integer({ min: 40, max: 150 }).map((messages) => ({ max_msgs: messages })),
              fc.integer({ min: 40, max: 90 }).map((kib) => ({ max_bytes: kib * 1024 })),
            ),
            blocks: fc.integer({ min: 200, max: 300 }),
            every: fc.integer({ min: 5, max: 15 }),
            baseline: fc.nat(30),
          }),
          async ({ limit, blocks, every, baseline }) => {
            const name = `CUT-${++runs}`
            await manager.streams.add({ name, subjects: [`${name}.>`], discard: 'old', ...limit })
            const store = storeIn(name, 'h')
            const writer = await store.create(sampleMeta())
            await writer.append(sampleEvents(1, { baseline }))
            const seen = { isOver: false, keyframed: 0, opened: 0 }
            const writing = (async () => {
              for (let block = 1; block <= blocks; block++) {
                const first = writer.lastSeq + 1
                await writer.append(sampleEvents(first + BLOCK - 1, { first }))
                await writer.flush('written')
                if (block % every !== 0) continue
                await writer.keyframe(FOLD, { since: null, parts: [seqPart(writer.lastSeq)] })
                seen.keyframed = writer.lastSeq
              }
              seen.isOver = true
            })()
            const reading = (async () => {
              while (!seen.isOver) {
                const known = seen.keyframed
                await using reader = await store.open()
                seen.opened++
                let last = reader.gone.seq
                try {
                  for await (const { seq } of reader.read({ from: Math.max(1, last) })) expect(seq).toBe(++last)
                  expect(last).toBe(reader.lastSeq)
                  const keyframe = await reader.keyframe(FOLD, reader.lastSeq)
                  expect(known === 0 ? Infinity : keyframe!.seq).toBeGreaterThanOrEqual(Math.min(known, reader.gone.seq))
                } catch (error) {
                  wasLetGo(error)
                }
              }
            })()
            const following = (async () => {
              while (!seen.isOver) {
                await using reader = await store.open()
                let last = reader.gone.seq
                const end = AbortSignal.timeout(500)
                try {
                  for await (const { seq } of reader.follow({ from: Math.max(1, last), signal: end })) expect(seq).toBe(++last)
                } catch (error) {
                  if (!end.aborted) wasLetGo(error)
                }
              }
            })()
            await Promise.all([writing, reading, following])
            const { lastSeq } = writer
            await writer.close()
            await using reader = await store.open()
            expect([reader.lastSeq, reader.gone.events - reader.gone.seq]).toStrictEqual([lastSeq, baseline])
            expect(seen.opened).toBeGreaterThan(2)
            expect(reader.gone.seq).toBeGreaterThan(0)
            expect((await reader.keyframe(FOLD, lastSeq))!.seq).toBe(seen.keyframed)
            expect(await store.lost({ read: true })).toStrictEqual([])
            await manager.streams.delete(name)
          },
        ),
        { numRuns: Number(process.env['RETENTION_RUNS'] ?? 2) },
      )
    },
  )
})
