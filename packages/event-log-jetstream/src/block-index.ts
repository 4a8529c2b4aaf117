/** Which blocks a log has, from the headers of its messages alone. */
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import type { LogDamagedError, GoneHead } from '@devtrail/event-log'
import { firstSeqOf } from '@devtrail/event-log/store'
import { EMPTY, endOf, readEventsMessage, type BlockInfo, type LogEnd } from './block-message.ts'
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

export interface Index {
  readonly entries: readonly IndexEntry[]
  /** Number of the last message. */
  readonly last: number
  /** What there was before the first block, which the stream let go of. */
  readonly gone: GoneHead
}

const WHOLE: GoneHead = { events: 0, seq: 0 }

/**
 * Where a log begins, and its blocks from there on. One that begins within a baseline whose first part is gone is left out: nobody
 * could say how much of it there is.
 */
function begun(entries: readonly IndexEntry[], end: LogEnd): Pick<Index, 'entries' | 'gone'> {
  const [first] = entries
  if (first === undefined) return { entries, gone: { events: end.index, seq: end.lastSeq } }
  if (!isBlock(first) || first.firstIndex === 0) return { entries, gone: WHOLE }
  const at = entries.findIndex((entry) => isBlock(entry) && firstSeqOf(entry) > 0)
  if (at < 0) return { entries: [], gone: { events: end.index, seq: end.lastSeq } }
  const begin = entries[at] as BlockInfo
  return { entries: entries.slice(at), gone: { events: begin.firstIndex, seq: firstSeqOf(begin) - 1 } }
}

/** The blocks there are now, and the number of the last message. */
export async function loadIndex(log: Log): Promise<Index> {
  const newest = await lastOf(log.stream, log.subjects.events)
  if (newest === null) return { entries: [], last: 0, gone: WHOLE }
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
  const read = readEventsMessage(log.logId, { seq: newest.seq, headers: newest.header })
  return { ...begun(entries, read === null ? EMPTY : endOf(read)), last: newest.seq }
}
