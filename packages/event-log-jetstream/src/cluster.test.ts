/// <reference lib="esnext.disposable" />
import { describe, expect, test } from 'vitest'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { sampleEvents, sampleMeta, sampleVocabulary, type LogStore, type LogWriter } from '@devtrail/event-log'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { setTimeout as wait } from 'node:timers/promises'
import { jetStreamStore } from './index.ts'

const STREAM = 'FLEET'
const BATCH = 500
/** Batches that are not acknowledged yet, at most. */
const UNDERWAY = 8
/** Times that all faults come, one after the other: `CLUSTER_ROUNDS=20 pnpm test cluster` for an hour. */
const ROUNDS = Number(process.env['CLUSTER_ROUNDS'] ?? 1)

/** Creates the log as soon as the cluster has its leaders. */
async function created(store: LogStore): Promise<LogWriter> {
  for (const end = Date.now() + 30_000; ;) {
    try {
      return await store.create(sampleMeta())
    } catch (error) {
      if (Date.now() > end) throw error
      await wait(200)
    }
  }
}

/** Writes without pause, and knows what was acknowledged. */
class Writing {
  acknowledged = 0
  readonly #writer: LogWriter
  readonly #done: Promise<void>
  #isOver = false

  constructor(writer: LogWriter) {
    this.#writer = writer
    this.#done = this.#write()
    this.#done.catch(() => {})
  }

  async #write(): Promise<void> {
    const underway: Promise<void>[] = []
    while (!this.#isOver) {
      await this.#writer.append(sampleEvents(this.#writer.lastSeq + BATCH, { first: this.#writer.lastSeq + 1 }))
      const upTo = this.#writer.lastSeq
      const flushed = this.#flush(upTo)
      flushed.catch(() => {})
      underway.push(flushed)
      if (underway.length > UNDERWAY) await underway.shift()
      // Not as fast as it can: the faults are to come in between.
      await wait(2)
    }
    await Promise.all(underway)
  }

  async #flush(upTo: number): Promise<void> {
    if ((await this.#writer.flush('written')) === 'written') this.acknowledged = Math.max(this.acknowledged, upTo)
  }

  /** Waits until so many more events are acknowledged. */
  async more(events: number): Promise<void> {
    const to = this.acknowledged + events
    while (this.acknowledged < to) await Promise.race([wait(10), this.#done.then(() => Promise.reject(new Error('nobody writes')))])
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#done
  }
}

async function leader(manager: JetStreamManager): Promise<number> {
  for (;;) {
    const name = await manager.streams.info(STREAM).then(
      ({ cluster }) => cluster?.leader,
      () => null,
    )
    if (typeof name === 'string' && name !== '') return Number(name.slice(1))
    await wait(100)
  }
}

type Fault = (servers: Servers, first: number) => Promise<void>

/** What happens while there is writing; `first` is the stream's leader. */
const FAULTS: readonly (readonly [string, Fault])[] = [
  [
    'a follower is killed',
    async ({ all }, first) => {
      await all[(first + 1) % 3]!.kill()
      await wait(500)
      all[(first + 1) % 3]!.start()
    },
  ],
  [
    'the leader is killed',
    async ({ all }, first) => {
      await all[first]!.kill()
      await wait(500)
      all[first]!.start()
    },
  ],
  [
    'the leader stands still',
    async ({ all }, first) => {
      all[first]!.pause()
      await wait(3000)
      all[first]!.resume()
    },
  ],
  [
    'the network to the leader is cut: its routes, and its clients',
    async (servers, first) => {
      servers.cut(first)
      await wait(3000)
      servers.mend()
    },
  ],
  [
    'the routes of the leader are cut, but not its clients',
    async (servers, first) => {
      servers.cut(first, true)
      await wait(3000)
      servers.mend()
    },
  ],
  [
    'all are killed',
    async ({ all }) => {
      await Promise.all(all.map((server) => server.kill()))
      for (const server of all) server.start()
    },
  ],
]

describe.skipIf(reason !== null && !mustHaveServer)(`a cluster of three${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test(
    'servers killed, standing still, cut off, all killed: nothing acknowledged is lost, nothing is there twice',
    { timeout: 120_000 * ROUNDS },
    async () => {
      await using servers = await startServers(3, { cuttable: true })
      const connection = await servers.connect()
      const store = jetStreamStore(connection, { stream: STREAM, host: 'h', replicas: 3, patienceMs: 60_000 }, sampleVocabulary)
      const writer = await created(store)
      const manager = await jetstreamManager(connection)
      const writing = new Writing(writer)
      await writing.more(BATCH)
      const told: string[] = []
      for (let round = 1; round <= ROUNDS; round++) {
        for (const [name, fault] of FAULTS) {
          const at = writing.acknowledged
          await fault(servers, await leader(manager))
          await writing.more(4 * BATCH)
          told.push(`${name} after ${at}, behind it ${writing.acknowledged}`)
        }
      }
      await writing.end()
      await writer.close()
      const { acknowledged } = writing
      if (ROUNDS > 1) console.log(`${acknowledged} events, ${told.length} faults\n${told.join('\n')}`)

      await using reader = await store.open()
      expect([acknowledged, reader.lastSeq]).toStrictEqual([writer.lastSeq, writer.lastSeq])
      let seq = 0
      for await (const batch of reader.blocks()) {
        const expected = sampleEvents(seq + batch.count, { first: seq + 1 })
        for (let place = 0; place < batch.count; place++) expect(batch.event(place)).toStrictEqual(expected[place])
        seq += batch.count
      }
      expect(seq).toBe(acknowledged)
    },
  )
})
