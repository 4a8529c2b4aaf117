/// <reference lib="esnext.disposable" />
import { describe, expect, test } from 'vitest'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { mustHaveServer, reason, startServers } from '@devtrail/nats-server'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { setTimeout as wait } from 'node:timers/promises'
import { hostsIn, jetStreamStore, type JetStreamOptions } from './index.ts'

const store = (connection: NatsConnection, more: Partial<JetStreamOptions> = {}): ReturnType<typeof jetStreamStore> =>
  jetStreamStore(connection, { stream: 'FLEET', host: 'h', patienceMs: 5000, ...more }, sampleVocabulary)

const streamsOf = async (manager: JetStreamManager): Promise<unknown[]> => {
  const found: unknown[] = []
  for await (const { config } of manager.streams.list()) found.push(config.name)
  return found
}

const quoted = (subjects: readonly string[]): string => subjects.map((subject) => `"${subject}"`).join(', ')

/** A cluster has a leader a while after its servers answer. */
async function clustered(connection: NatsConnection): Promise<JetStreamManager> {
  for (const end = Date.now() + 20_000; ; await wait(200)) {
    try {
      const manager = await jetstreamManager(connection)
      await manager.streams.add({ name: 'READY', subjects: ['READY.>'], num_replicas: 3 })
      return manager
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}

describe.skipIf(reason !== null && !mustHaveServer)(`what servers refuse${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test('more replicas than a server alone can have; another number than the stream has', async () => {
    await using servers = await startServers(1)
    const connection = await servers.connect()
    await expect(store(connection, { replicas: 3 }).create(sampleMeta())).rejects.toMatchObject({
      name: 'StreamError',
      code: 'unsuitable',
      message: expect.stringMatching(/FLEET cannot be made .*replicas > 1 not supported.*--replicas/) as string,
    })
    await (await store(connection).create(sampleMeta())).close()
    const { messages } = (await (await jetstreamManager(connection)).streams.info('FLEET')).state
    const refused = {
      name: 'StreamError',
      message: 'stream FLEET is kept by 1 server, not 3; leave --replicas out, or change the stream',
    }
    await expect(store(connection, { replicas: 3 }).append()).rejects.toMatchObject(refused)
    await expect(store(connection, { replicas: 3, host: 'other' }).create(sampleMeta())).rejects.toMatchObject(refused)
    expect((await (await jetstreamManager(connection)).streams.info('FLEET')).state.messages).toBe(messages)
    await (await store(connection, { replicas: 1 }).append()).close()
  })

  test('more replicas than a cluster has servers', { timeout: 60_000 }, async () => {
    await using servers = await startServers(3)
    const connection = await servers.connect()
    const manager = await clustered(connection)
    await expect(store(connection, { replicas: 5 }).create(sampleMeta())).rejects.toMatchObject({
      name: 'StreamError',
      code: 'unsuitable',
      message: expect.stringMatching(/FLEET cannot be made .*no suitable peers.*--replicas/) as string,
    })
    expect(await streamsOf(manager)).toStrictEqual(['READY'])

    // Without a majority a log is not begun, which is told, and begun as soon as there is one again.
    const told: number[] = []
    const waits = { replicas: 3, onWaiting: (ms: number) => void told.push(ms) } as const
    await Promise.all([servers.all[1]!.kill(), servers.all[2]!.kill()])
    await expect(store(connection, { ...waits, patienceMs: 5200 }).create(sampleMeta())).rejects.toMatchObject({
      name: 'StreamError',
      code: 'unreachable',
      message: expect.stringMatching(/no server answered for the stream FLEET: .*of three, two are needed/) as string,
    })
    expect(told.length).toBeGreaterThan(0)
    const begun = store(connection, { ...waits, patienceMs: 60_000 }).create(sampleMeta())
    for (const server of servers.all.slice(1)) server.start()
    await (await begun).close()

    // Of a cluster a stream on one server is lost with that one.
    await (await store(connection, { stream: 'ONE', patienceMs: 60_000 }).create(sampleMeta())).close()
    expect((await store(connection, { stream: 'ONE', patienceMs: 60_000 }).contents()).atRisk).toBe('server')
    expect((await store(connection, { patienceMs: 60_000 }).contents()).atRisk).toBeNull()
  })

  test('a host needs no more rights than README says, and with these cannot write as another', async () => {
    const api = [
      'INFO',
      'STREAM.INFO.FLEET',
      'STREAM.MSG.GET.FLEET',
      'DIRECT.GET.FLEET',
      'CONSUMER.*.FLEET.>',
      'CONSUMER.CREATE.FLEET',
      'CONSUMER.MSG.NEXT.FLEET.>',
    ]
    const publish = [...api.map((subject) => `$JS.API.${subject}`), 'FLEET.h.>', 'devtrail-alive.FLEET.h.>']
    const rights = `publish: { allow: [${quoted(publish)}] }, subscribe: { allow: ["_INBOX.>", "devtrail-alive.FLEET.h.>"] }, allow_responses: true`
    const config = `authorization { users: [ { user: admin, password: a }, { user: host, password: h, permissions: { ${rights} } } ] }\n`
    await using servers = await startServers(1, { config })
    const [admin, host] = [await servers.connect({ user: 'admin', pass: 'a' }), await servers.connect({ user: 'host', pass: 'h' })]
    await (await store(admin, { host: 'other' }).create(sampleMeta())).close()
    const writer = await store(host).create(sampleMeta())
    await writer.append(sampleEvents(10))
    await writer.attach('a', Uint8Array.of(1))
    await writer.close()
    await (await store(host).append()).close()
    await using reader = await store(host).open()
    expect(await eventsOf(reader)).toStrictEqual(sampleEvents(10))
    await expect(store(host, { host: 'other' }).append()).rejects.toMatchObject({ code: 'forbidden' })
    // At once: it will not be allowed later either.
    const waited: number[] = []
    await expect(store(host, { host: 'fresh', onWaiting: (ms) => waited.push(ms) }).create(sampleMeta())).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/may not publish FLEET\.fresh\.meta; .*needs to publish FLEET\.fresh\.>, devtrail-alive/) as string,
    })
    expect(waited).toStrictEqual([])
    await expect((await jetstreamManager(host)).streams.purge('FLEET')).rejects.toThrow(/Permissions Violation/i)
  })

  test('a stream is looked for in the domain that is named, and nowhere else', async () => {
    await using servers = await startServers(1, { domain: 'hub' })
    const connection = await servers.connect()
    await (await store(connection, { domain: 'hub' }).create(sampleMeta())).close()
    expect(await hostsIn(connection, 'FLEET', { domain: 'hub' })).toStrictEqual(['h'])
    expect(await hostsIn(connection, 'FLEET', { apiPrefix: '$JS.hub.API' })).toStrictEqual(['h'])
    await expect(hostsIn(connection, 'FLEET', { domain: 'leaf' })).rejects.toMatchObject({ code: 'no-jetstream' })
    await expect(hostsIn(connection, 'FLEET', { domain: 'a b' })).rejects.toMatchObject({ code: 'unsuitable' })
    await expect(store(connection, { domain: 'hub', apiPrefix: 'x' }).open()).rejects.toThrow(/name one of them/)
  })

  test('that they sync before they answer is not believed of servers too old to, and else it is', async () => {
    await using servers = await startServers(1)
    const connection = await servers.connect()
    const always = store(connection, { serverSyncs: 'always' })
    const isOld = /^2\.[0-9]\./.test(connection.info?.version ?? '')
    const made = await always.create(sampleMeta()).then(
      async (writer) => [writer.strongest, await writer.flush('durable'), await writer.close()],
      (error: Error) => [error.name, error.message.replace(/NATS \S+,/, 'NATS,')],
    )
    const refused =
      'the server is NATS, which cannot sync always: sync_interval: always is known since 2.10; leave serverSyncs out, or use a newer server'
    expect(made).toStrictEqual(isOld ? ['StreamError', refused] : ['durable', 'durable', 'durable'])
    expect(await streamsOf(await jetstreamManager(connection))).toStrictEqual(isOld ? [] : ['FLEET'])
  })

  test('messages as small as a log has none, before a stream is made', async () => {
    await using servers = await startServers(1, { config: 'max_payload: 4096\n' })
    const connection = await servers.connect()
    await expect(store(connection).create(sampleMeta())).rejects.toMatchObject({
      name: 'StreamError',
      code: 'unsuitable',
      message: expect.stringMatching(/at most 4096 bytes \(max_payload\).* need 20480; raise max_payload/) as string,
    })
    expect(await streamsOf(await jetstreamManager(connection))).toStrictEqual([])
  })
})
