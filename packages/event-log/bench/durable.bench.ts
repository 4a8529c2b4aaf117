/** Appends that are on the disk when they return. */
import { fdatasyncSync, openSync, writeSync, closeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import type { AnyEvent } from '@devtrail/events'
import { createFileLog } from '../src/file.ts'
import { nodeDisk } from '../src/file/node-disk.ts'
import { readHead } from '../src/file/head.ts'
import { loadSegment } from '../src/file/load-segment.ts'
import { EventSource, vocabulary } from './events.ts'
import { lmdbStore } from './lmdb-store.ts'
import { meta } from './meta.ts'
import { sqliteStore } from './sqlite-store.ts'
import { Supply } from './supply.ts'

const BATCH = 1000

/** Long enough for the checkpoints that a database does now and then. */
const BATCH_ROUNDS = { millisMin: 60, finer: 3 } as const
/** A round is one event: a slow moment of the disk spoils a round of many. */
const ONE_ROUNDS = { millisMin: 0, finer: 100 } as const

type Store = (batch: readonly AnyEvent[]) => unknown

/** Each run gets the batch that comes next. */
function storing(size: number, store: Store, close: () => void | Promise<void>): Work {
  const supply = new Supply(new EventSource().take(40 * BATCH), size)
  let batch: readonly AnyEvent[] = []
  return {
    before: () => {
      batch = supply.next()
    },
    run: async () => {
      await store(batch)
      return batch.length
    },
    close,
  }
}

async function logStore(folder: string, size: number, blocking: boolean): Promise<Work> {
  const log = await createFileLog(folder, meta, vocabulary, { blocking })
  const store = async (batch: readonly AnyEvent[]): Promise<void> => {
    await log.append(batch)
    await log.flush('durable')
  }
  return storing(size, store, async () => void (await log.close()))
}

/** As many bytes as so many events, durable together, take in a log. */
async function bytesOf(folder: string, events: number): Promise<Uint8Array> {
  const log = await createFileLog(folder, meta, vocabulary)
  const source = new EventSource()
  for (let block = 0; block < 20; block++) {
    await log.append(source.take(events))
    await log.flush('durable')
  }
  await log.close()
  const { logId } = await readHead(nodeDisk, folder)
  const { file, blocks } = await loadSegment(nodeDisk, { folder, logId, number: 1, isLast: true, before: 0 })
  await file.close()
  return new Uint8Array(blocks.at(-1)!.bytes).fill(7)
}

async function sizedFolder(events: number, bytes: number): Promise<{ readonly folder: string; readonly bytes: Uint8Array }> {
  const folder = workFolder(bytes)
  return { folder, bytes: await bytesOf(join(folder, 'size'), events) }
}

/** What the disk takes and nobody can do without: a write of as many bytes and a sync. @param space zeros written ahead at a time. */
function bare(path: string, bytes: Uint8Array, space: number): Work {
  const fd = openSync(path, 'w')
  const zeros = new Uint8Array(space)
  let [position, size] = [0, 0]
  return {
    run: () => {
      position += writeSync(fd, bytes, 0, bytes.length, position)
      if (space > 0 && position > size) size = position + writeSync(fd, zeros, 0, space, position)
      fdatasyncSync(fd)
      return BATCH
    },
    close: () => closeSync(fd),
  }
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'event-log/durable-batch',
    about: 'batches of 1000 events appended, each durable before the next, by calls that block the thread as those of the peers do',
    unit: 'event',
    ...BATCH_ROUNDS,
    setUp: () => sizedFolder(BATCH, 2 ** 30),
    ours: ({ folder }) => logStore(join(folder, 'log'), BATCH, true),
    peers: [
      {
        name: 'node:sqlite, WAL, synchronous=FULL',
        goal: 3,
        work: ({ folder }) => storing(BATCH, ...sqliteStore(join(folder, 'a.db'), 1)),
      },
      {
        name: 'node:sqlite, the same, 100 rows a statement',
        goal: 3,
        work: ({ folder }) => storing(BATCH, ...sqliteStore(join(folder, 'b.db'), 100)),
      },
      { name: 'lmdb, a sync transaction', goal: 5, work: ({ folder }) => storing(BATCH, ...lmdbStore(join(folder, 'a.mdb'), false)) },
      {
        name: 'lmdb, the same, shared structures, append',
        goal: 5,
        work: ({ folder }) => storing(BATCH, ...lmdbStore(join(folder, 'b.mdb'), true)),
      },
      { name: 'a bare write + fdatasync, as many bytes', work: ({ folder, bytes }) => bare(join(folder, 'bare'), bytes, 0) },
      { name: 'the same into zeros written ahead', work: ({ folder, bytes }) => bare(join(folder, 'bare-ahead'), bytes, 2 ** 18) },
    ],
  }),
  timedBench({
    name: 'event-log/durable-one',
    about: 'one event appended, durable before the next; the peer writes as many bytes as it takes in the log',
    unit: 'event',
    ...ONE_ROUNDS,
    setUp: () => sizedFolder(1, 2 ** 28),
    ours: ({ folder }) => logStore(join(folder, 'log'), 1, false),
    peers: [
      {
        name: 'write + fdatasync',
        goal: 1 / 1.1,
        goalText: 'at most 1.1 times',
        work: async ({ folder, bytes }) => {
          const file = await open(join(folder, 'bare'), 'w')
          let position = 0
          return {
            run: async () => {
              position += (await file.write(bytes, 0, bytes.length, position)).bytesWritten
              await file.datasync()
              return 1
            },
            close: () => file.close(),
          }
        },
      },
    ],
  }),
  timedBench({
    name: 'event-log/durable-one-blocking',
    about: 'the same by calls that block the thread',
    unit: 'event',
    ...ONE_ROUNDS,
    setUp: () => sizedFolder(1, 2 ** 28),
    ours: ({ folder }) => logStore(join(folder, 'log'), 1, true),
    peers: [
      {
        name: 'writeSync + fdatasyncSync',
        goal: 1 / 1.1,
        goalText: 'at most 1.1 times',
        work: ({ folder, bytes }) => {
          const fd = openSync(join(folder, 'bare-sync'), 'w')
          let position = 0
          return {
            run: () => {
              position += writeSync(fd, bytes, 0, bytes.length, position)
              fdatasyncSync(fd)
              return 1
            },
            close: () => closeSync(fd),
          }
        },
      },
    ],
  }),
]
