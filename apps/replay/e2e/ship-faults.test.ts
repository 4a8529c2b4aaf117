/** What goes wrong between a log and its stream, and what is said then. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
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
})
