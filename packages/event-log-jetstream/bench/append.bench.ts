/** Events into a stream on one server, in blocks and one by one. */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import { startServers, type Servers } from '@devtrail/nats-server'
import { sampleEvents, sampleMeta, sampleVocabulary } from '@devtrail/event-log'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { jetStreamStore } from '../src/index.ts'

const BATCH = 40_000
/** Messages that are on their way at once; more do not make it faster. */
const AT_ONCE = 500
const encoder = new TextEncoder()
const withWords = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)

async function blocks(servers: Servers): Promise<Work> {
  const connection = await servers.connect()
  const writer = await jetStreamStore(connection, { stream: 'BLOCKS', host: 'h' }, sampleVocabulary).create(sampleMeta())
  let batch = sampleEvents(0)
  return {
    before: () => {
      batch = sampleEvents(writer.lastSeq + BATCH, { first: writer.lastSeq + 1 })
    },
    run: async () => {
      await writer.append(batch)
      await writer.flush('written')
      return BATCH
    },
    close: async () => {
      await writer.close()
      await servers[Symbol.asyncDispose]()
    },
  }
}

/** Each event as JSON in a message of its own, acknowledged, with an id, many on their way at once. */
async function oneByOne(servers: Servers): Promise<Work> {
  const connection = await servers.connect()
  await (await jetstreamManager(connection)).streams.add({ name: 'ONES', subjects: ['ONES.>'] })
  const client = jetstream(connection)
  let next = 1
  return {
    run: async () => {
      const events = sampleEvents(next + AT_ONCE - 1, { first: next })
      next += AT_ONCE
      await Promise.all(
        events.map((event) => client.publish('ONES.h', encoder.encode(JSON.stringify(event, withWords)), { msgID: String(event.seq) })),
      )
      return AT_ONCE
    },
  }
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'event-log-jetstream/append',
    about: `events acknowledged by one server: in blocks, ${BATCH} events at a time; as messages of JSON, ${AT_ONCE} on their way at once`,
    unit: 'event',
    millisMin: 200,
    setUp: () => startServers(1),
    ours: blocks,
    peers: [{ name: 'one event a message', goal: 30, work: oneByOne }],
  }),
]
