/** What goes wrong between a log and its stream, and what is said then. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetStreamStore } from '@devtrail/event-log-jetstream'
import { vocabulary } from '@devtrail/survey'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recording, Scratch, segmentOf } from './devtrail.ts'

const PINNED = recording('fsdax-pinned-unbind')

describe.skipIf(reason !== null && !mustHaveServer)(`between a log and its stream${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let servers: Servers
  let manager: JetStreamManager
  beforeAll(async () => {
    servers = await startServers(1)
    manager = await jetstreamManager(await servers.connect())
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  test('a copy in the cache that is damaged is fetched anew', async () => {
    using scratch = new Scratch()
    const log = `${servers.urls[0]!}/COPY/box`
    await scratch.run(['ship', PINNED, log])
    const before = await scratch.run(['state', log])
    expect(before.code).toBe(0)
    const cache = scratch.path('cache/devtrail')
    const copies = readdirSync(cache).map((name) => segmentOf(join(cache, name)))
    for (const path of copies) writeFileSync(path, readFileSync(path).fill(0xff, 300, 308))
    const after = await scratch.run(['state', log])
    expect(after).toMatchObject({ code: 0, out: before.out, err: expect.stringMatching(/in the cache is damaged and is made anew/) })
    expect(await scratch.run(['state', log])).toEqual(before)
  })

  test('a stream too small for what the log has beside its events is refused before anything is sent', async () => {
    using scratch = new Scratch()
    await manager.streams.add({ name: 'TINY', subjects: ['TINY.>'], max_bytes: 60_000, discard: 'old' })
    expect(await scratch.run(['ship', PINNED, `${servers.urls[0]!}/TINY/box`])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/TINY lets go of what is old at 60000 bytes.*attachments alone are \d+.*raise max_bytes to \d+ or more/),
    })
    expect((await manager.streams.info('TINY')).state.messages).toBe(0)
  })

  test('of several that ship one log at once each ends well, or is told of the other', async () => {
    using scratch = new Scratch()
    const log = scratch.path('hang.log')
    await scratch.run(['simulate', 'fsdax-truncate-hang', '-o', log])
    for (let round = 0; round < 2; round++) {
      const to = `${servers.urls[0]!}/RACE/h${round}`
      const runs = await Promise.all([0, 1, 2].map(() => scratch.run(['ship', log, to])))
      for (const { code, err } of runs) expect(code === 0 ? '' : err).toMatch(/^$|another writer has RACE\/h\d open/)
      expect(runs.filter(({ code }) => code === 0)).not.toEqual([])
      expect(await scratch.run(['verify', to])).toMatchObject({ code: 0, out: expect.stringMatching(/^whole: 7\s?506 events/) })
    }
  })

  test.each([
    ['', /did not say within 5 s that it is a NATS server/],
    ['HTTP/1.0 400 Bad Request\r\n', /is no NATS server/],
  ])('of a port that says %j it is told that no NATS server is there', async (says, expected) => {
    using scratch = new Scratch()
    const sockets: Socket[] = []
    const other = createServer((socket) => {
      sockets.push(socket.on('error', () => {}))
      if (says !== '') socket.write(says)
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    try {
      expect(await scratch.run(['info', `nats://127.0.0.1:${port}/FLEET/box`])).toMatchObject({
        code: 3,
        err: expect.stringMatching(expected),
      })
    } finally {
      for (const socket of sockets) socket.destroy()
      other.close()
    }
  })

  test('verify looks at keyframes of all versions, and knows events that were purged', async () => {
    using scratch = new Scratch()
    const connection = await servers.connect()
    const log = `${servers.urls[0]!}/LOOK/box`
    await scratch.run(['ship', PINNED, log])
    const writer = await jetStreamStore(connection, { stream: 'LOOK', host: 'box' }, vocabulary).append()
    await writer.keyframe('another-fold', { since: null, parts: [['all', Uint8Array.of(1)]] })
    await writer.close()
    expect(await scratch.run(['verify', log])).toMatchObject({ code: 0, out: 'whole: 361 events up to 314 and 1 keyframe\n' })
    await manager.streams.purge('LOOK', { filter: 'LOOK.box.events' })
    expect(await scratch.run(['verify', log])).toMatchObject({ code: 3, out: expect.stringMatching(/they were purged/) })
  })
})
