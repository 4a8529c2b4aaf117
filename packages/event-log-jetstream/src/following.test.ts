/// <reference lib="esnext.disposable" />
import { describe, expect, test } from 'vitest'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { mustHaveServer, reason, startServers } from '@devtrail/nats-server'
import { jetStreamStore } from './index.ts'

describe.skipIf(reason !== null && !mustHaveServer)(`who follows${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  // Without heartbeats it takes 45 s.
  test('goes on soon after the server was killed and started again', { timeout: 40_000 }, async () => {
    await using servers = await startServers(1)
    const store = jetStreamStore(await servers.connect(), { stream: 'FLEET', host: 'h' }, sampleVocabulary)
    const writer = await store.create(sampleMeta())
    const events = sampleEvents(6)
    await writer.append(events.slice(0, 3))
    await writer.flush('written')
    await using reader = await jetStreamStore(await servers.connect(), { stream: 'FLEET', host: 'h' }, sampleVocabulary).open()
    const seen: number[] = []
    const ended = (async () => {
      for await (const { seq } of reader.follow({ to: 6 })) seen.push(seq)
    })()
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(3)
    await servers.all[0]!.kill()
    servers.all[0]!.start()
    // The first message wakes who waits, the next ones show whether it is heard.
    for (const event of events.slice(3)) {
      await writer.append([event])
      await writer.flush('written')
    }
    await ended
    await writer.close()
    expect(seen).toStrictEqual([1, 2, 3, 4, 5, 6])
  })
})
