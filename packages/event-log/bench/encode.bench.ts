/** Events to bytes: typed objects in, no I/O. */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import type { AnyEvent } from '@devtrail/events'
import { Packr } from 'msgpackr'
import { createOn } from '../src/file/create.ts'
import { avroEvents, encodeAvro } from './avro.ts'
import { EventSource, vocabulary } from './events.ts'
import { meta } from './meta.ts'
import { Supply } from './supply.ts'
import { voidDisk } from './void-disk.ts'

const BATCH = 1000
const BATCHES = 40
const ARENA_BYTES = 4 << 20

type Batches = readonly (readonly AnyEvent[])[]

/** Each run gets the batches that come next; `encode` returns how much came out. */
function encoding(events: readonly AnyEvent[], encode: (batches: Batches) => number | Promise<number>): Work {
  const supply = new Supply(events, BATCH)
  let batches: Batches = []
  return {
    before: () => {
      batches = supply.many(BATCHES)
    },
    run: async () => ((await encode(batches)) > 0 ? BATCH * BATCHES : 0),
  }
}

const events = (): readonly AnyEvent[] => new EventSource().take(BATCH * BATCHES)

export const benches: readonly Bench[] = [
  timedBench({
    name: 'event-log/encode',
    about: 'typed events appended 1000 at a time to a log on a disk that keeps nothing: checked, in blocks, with checksums',
    unit: 'event',
    setUp: () => null,
    ours: async () => {
      const writer = await createOn(voidDisk, '/log', meta, vocabulary)
      return encoding(events(), async (batches) => {
        for (const batch of batches) await writer.append(batch)
        await writer.flush('written')
        return writer.lastSeq
      })
    },
    peers: [
      {
        name: 'JSON.stringify, one by one',
        goal: 4,
        work: () =>
          encoding(events(), (batches) => {
            let chars = 0
            for (const batch of batches) for (const event of batch) chars += JSON.stringify(event).length
            return chars
          }),
      },
      {
        name: 'msgpackr, records, batches of 1000',
        goal: 2.5,
        work: () => {
          const packr = new Packr({ structures: [] })
          const arena = Buffer.allocUnsafeSlow(ARENA_BYTES)
          return encoding(events(), (batches) => {
            packr.useBuffer(arena)
            let bytes = 0
            for (const batch of batches) bytes += packr.pack(batch).length
            return bytes
          })
        },
      },
      {
        name: 'avsc, into one buffer',
        goal: 1.4,
        work: () =>
          encoding(avroEvents(events()), (batches) => {
            let bytes = 0
            for (const batch of batches) bytes += encodeAvro(batch)
            return bytes
          }),
      },
    ],
  }),
]
