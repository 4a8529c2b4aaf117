/// <reference lib="esnext.disposable" />
import { describe, expect, test } from 'vitest'
import { mustHaveServer, reason, startServers } from '@devtrail/nats-server'
import { sampleEvents, sampleMeta, sampleVocabulary, type LogStore, type LogWriter } from '@devtrail/event-log'
import { eventsOf } from '@devtrail/event-log/contract-suite'
import { jetstreamManager } from '@nats-io/jetstream'
import { jetStreamStore } from './index.ts'

const STREAM = 'FLEET'
const BATCH = 50

/** Creates the log as soon as the cluster has its leaders. */
async function created(store: LogStore): Promise<LogWriter> {
  for (const end = Date.now() + 30_000; ;) {
    try {
      return await store.create(sampleMeta())
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

describe.skipIf(reason !== null && !mustHaveServer)(`a cluster of three${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test(
    'a follower killed, the leader killed, one cut off, all killed: nothing acknowledged is lost, nothing is there twice',
    { timeout: 120_000 },
    async () => {
      await using servers = await startServers(3)
      const connection = await servers.connect()
      const store = jetStreamStore(connection, { stream: STREAM, host: 'h', replicas: 3, patienceMs: 60_000 }, sampleVocabulary)
      const writer = await created(store)
      let acknowledged = 0
      const atFaults: number[] = []
      const write = async (batches: number): Promise<void> => {
        for (let i = 0; i < batches; i++) {
          await writer.append(sampleEvents(writer.lastSeq + BATCH, { first: writer.lastSeq + 1 }))
          if ((await writer.flush('written')) === 'written') acknowledged = writer.lastSeq
        }
      }
      const manager = await jetstreamManager(connection)
      const leader = async (): Promise<number> => Number((await manager.streams.info(STREAM)).cluster!.leader!.slice(1))

      await write(20)
      const follower = servers.all[((await leader()) + 1) % 3]!
      let writing = write(40)
      await follower.kill()
      atFaults.push(acknowledged)
      await writing
      follower.start()

      await write(10)
      const first = servers.all[await leader()]!
      writing = write(40)
      await first.kill()
      atFaults.push(acknowledged)
      await writing
      first.start()

      await write(10)
      const cut = servers.all[await leader()]!
      writing = write(40)
      cut.pause()
      atFaults.push(acknowledged)
      await new Promise((resolve) => setTimeout(resolve, 3000))
      cut.resume()
      await writing

      writing = write(40)
      await Promise.all(servers.all.map((server) => server.kill()))
      atFaults.push(acknowledged)
      for (const server of servers.all) server.start()
      await writing
      await writer.close()
      // Each fault came while there was more to be written.
      for (const [i, batches] of [60, 110, 160, 200].entries()) expect(atFaults[i]).toBeLessThan(batches * BATCH)

      await using reader = await store.open()
      expect([acknowledged, reader.lastSeq]).toStrictEqual([200 * BATCH, 200 * BATCH])
      expect(await eventsOf(reader)).toStrictEqual(sampleEvents(200 * BATCH))
    },
  )
})
