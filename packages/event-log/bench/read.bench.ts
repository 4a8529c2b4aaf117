/** Bytes to events: objects that somebody keeps for a while. */
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import type { AnyEvent } from '@devtrail/events'
import { Packr } from 'msgpackr'
import type { ReadRange } from '../src/contract.ts'
import { openFileLog } from '../src/file.ts'
import { EventSource, vocabulary } from './events.ts'
import { writeSampleLog } from './sample-log.ts'

const EVENTS = 100_000
const BATCH = 1000
const KEPT = 1024

/** Keeps the latest events, so that none is optimised away. */
class Ring {
  readonly #events: (AnyEvent | undefined)[] = Array.from({ length: KEPT })
  #next = 0

  hold(event: AnyEvent): void {
    this.#events[this.#next++ % KEPT] = event
  }
}

const decoding = (decode: (ring: Ring) => void | Promise<void>): Work => {
  const ring = new Ring()
  return {
    run: async () => {
      await decode(ring)
      return EVENTS
    },
  }
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'event-log/decode',
    about: 'all events of a log file as objects, read by blocks, checksums checked; peers have their bytes in memory',
    unit: 'event',
    setUp: async () => ({
      path: await writeSampleLog(workFolder(2 ** 26), EVENTS),
      events: new EventSource().take(EVENTS),
    }),
    ours: async ({ path }) => {
      const reader = await openFileLog(path, vocabulary)
      const decode = async (ring: Ring): Promise<void> => {
        for await (const block of reader.blocks()) for (let i = 0; i < block.count; i++) ring.hold(block.event(i))
      }
      return { ...decoding(decode), close: () => reader.close() }
    },
    peers: [
      {
        name: 'JSON.parse, line by line',
        work: ({ events }) => {
          const lines = events.map((event) => JSON.stringify(event))
          return decoding((ring) => {
            for (const line of lines) ring.hold(JSON.parse(line) as AnyEvent)
          })
        },
      },
      {
        name: 'msgpackr, records, batches of 1000',
        work: ({ events }) => {
          const packr = new Packr({ structures: [] })
          const batches = Array.from({ length: EVENTS / BATCH }, (_, i) =>
            Buffer.from(packr.pack(events.slice(i * BATCH, (i + 1) * BATCH))),
          )
          return decoding((ring) => {
            for (const batch of batches) for (const event of packr.unpack(batch) as AnyEvent[]) ring.hold(event)
          })
        },
      },
    ],
  }),
  timedBench({
    name: 'event-log/one-device',
    about: 'the events of one device of eight, interleaved with the others, read from a log; per event of the log',
    unit: 'event',
    setUp: async () => writeSampleLog(workFolder(2 ** 26), EVENTS),
    ours: (path) => reading(path, { devices: [3] }),
    peers: [{ name: 'all events', goal: 2.5, work: (path) => reading(path, {}) }],
  }),
]

async function reading(path: string, range: ReadRange): Promise<Work> {
  const reader = await openFileLog(path, vocabulary)
  return {
    run: async () => {
      let lastSeq = 0
      for await (const event of reader.read(range)) lastSeq = event.seq
      return lastSeq > 0 ? EVENTS : 0
    },
    close: () => reader.close(),
  }
}
