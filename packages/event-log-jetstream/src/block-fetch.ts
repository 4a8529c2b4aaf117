/** Blocks from their messages: fetched, checked, unpacked. */
import { crc32 } from 'node:zlib'
import type { Vocabulary } from '@devtrail/events'
import { LogDamagedError, LogUsageError } from '@devtrail/event-log'
import { ColumnPool, EventViews, readStandalone, type BlockReader, type Fault, type StandaloneReading } from '@devtrail/event-log/store'
import type { StoredMsg } from '@nats-io/jetstream'
import type { BlockInfo } from './block-message.ts'
import { damagedIn, type Log } from './place.ts'
import { sealedContent } from './sealed.ts'
import { messageAt } from './stream.ts'
import { unzstd } from './zstd.ts'

/** Blocks that are asked for before they are wanted. */
const AHEAD = 8

export type BlockMessage = Pick<StoredMsg, 'seq' | 'data' | 'header'>
/** What blocks are read with; a block is good until the next one is read with the same. */
export type Reading = Pick<StandaloneReading, 'vocabulary' | 'views' | 'pool'>

export const readingOf = (vocabulary: Vocabulary): Reading => ({ vocabulary, views: new EventViews(), pool: new ColumnPool() })

/** The block of a message (null: it is gone), or what is damaged, when it was not put again either. */
export async function blockOf(
  log: Log,
  info: BlockInfo,
  message: BlockMessage | null,
  reading: Reading,
): Promise<BlockReader | LogDamagedError> {
  const block = await blockIn(log, info, message, reading)
  if (!(block instanceof LogDamagedError) || info.again === undefined) return block
  const again = await blockIn(log, info.again, await messageAt(log.stream, info.again.seq), reading)
  return again instanceof LogDamagedError ? block : again
}

async function blockIn(log: Log, info: BlockInfo, message: BlockMessage | null, reading: Reading): Promise<BlockReader | LogDamagedError> {
  const { logId, stream } = log
  const damaged = (fault: Fault, cause?: unknown): LogDamagedError => damagedIn(log)(fault, info.seq, cause)
  if (message === null) return damaged({ expected: `${info.count} events up to seq ${info.lastSeq}`, found: 'no such message' })
  try {
    const bytes = await sealedContent(stream, message)
    return readStandalone(bytes, { logId, number: info.number, crc32 }, info, { ...reading, damaged, decompress: unzstd })
  } catch (error) {
    if (error instanceof LogDamagedError) return error
    throw error
  }
}

/**
 * That a message which is not there was not let go of with the log's head, as a stream does that has limits: what is gone so is not
 * damaged, and whoever opens the log again is told where it begins.
 * @throws LogUsageError `let-go`.
 */
export async function mustNotBeLetGo(log: Log, firstIndex: number, beginNow: () => Promise<number>): Promise<void> {
  const begin = await beginNow()
  if (begin <= firstIndex) return
  const says = `the first ${begin} events of ${log.host} in ${log.stream.name} are gone since this was opened, as the stream's limits say; open it again to read what there is`
  throw new LogUsageError('let-go', says)
}

/** Messages of blocks in their order, a few asked for ahead of the one that is wanted. */
export class MessagesAhead {
  readonly #log: Log
  readonly #wanted: readonly BlockInfo[]
  readonly #asked: Promise<StoredMsg | null>[] = []
  #next = 0

  constructor(log: Log, wanted: readonly BlockInfo[]) {
    this.#log = log
    this.#wanted = wanted
  }

  /** The message of the next block; null when it is gone. */
  next(): Promise<StoredMsg | null> {
    const at = this.#next++
    while (this.#asked.length < this.#wanted.length && this.#asked.length < at + AHEAD) {
      const message = messageAt(this.#log.stream, this.#wanted[this.#asked.length]!.seq)
      message.catch(() => {})
      this.#asked.push(message)
    }
    const asked = this.#asked[at]!
    // What was handed out is not kept.
    this.#asked[at] = Promise.resolve(null)
    return asked
  }
}
