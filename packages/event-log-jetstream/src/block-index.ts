/** Which blocks a log has, from the headers of its messages alone. */
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import type { LogDamagedError } from '@devtrail/event-log'
import { readEventsMessage, type BlockInfo } from './block-message.ts'
import { damagedIn, type Log } from './place.ts'
import { lastOf } from './stream.ts'

/** A block, or what is damaged where one should be. */
export type IndexEntry = BlockInfo | LogDamagedError

export function isBlock(entry: IndexEntry): entry is BlockInfo {
  return 'number' in entry
}

/** Messages as they come, until `end`. */
export interface Coming {
  readonly messages: AsyncIterable<JsMsg>
  /** No more are wanted: the server, too, lets go of what it holds for it. */
  end(): Promise<void>
}

/** The messages of `events` from one of the stream's on. */
export async function consume({ stream, subjects }: Log, from: number, isHeadersOnly: boolean): Promise<Coming> {
  const consumer = await stream.client.consumers.get(stream.name, {
    filter_subjects: subjects.events,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
    headers_only: isHeadersOnly,
  })
  const messages = await consumer.consume({ max_messages: isHeadersOnly ? 1000 : 16 })
  const end = async (): Promise<void> => {
    messages.stop()
    // Forgotten after a while where it cannot be said.
    await consumer.delete().catch(() => {})
  }
  return { messages, end }
}

/** What a message is in the index; null: nothing but that another writer goes on. */
export function entryOf(log: Log, { seq, headers }: Pick<JsMsg, 'seq' | 'headers'>): IndexEntry | null {
  const read = readEventsMessage(log.logId, { seq, headers })
  if (read === null) return damagedIn(log)({ expected: 'a block', found: 'a header with a wrong checksum' }, seq)
  return read.kind === 'block' ? read.block : null
}

/** The blocks there are now, and the number of the last message. */
export async function loadIndex(log: Log): Promise<{ readonly entries: readonly IndexEntry[]; readonly last: number }> {
  const newest = await lastOf(log.stream, log.subjects.events)
  if (newest === null) return { entries: [], last: 0 }
  const entries: IndexEntry[] = []
  const coming = await consume(log, 1, true)
  try {
    for await (const message of coming.messages) {
      const entry = entryOf(log, message)
      if (entry !== null) entries.push(entry)
      if (message.seq >= newest.seq) break
    }
  } finally {
    await coming.end()
  }
  return { entries, last: newest.seq }
}
