/** Which blocks a log has, from the headers of its messages alone. */
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { LogDamagedError, type GoneHead } from '@devtrail/event-log'
import { firstSeqOf } from '@devtrail/event-log/store'
import { EMPTY, endOf, readEventsMessage, type BlockInfo, type EndMessage, type LogEnd } from './block-message.ts'
import { isBlock, type IndexEntry } from './index-entry.ts'
import { mendedBlocks, withMended } from './mended.ts'
import { damagedIn, type Log } from './place.ts'
import { lastOf } from './stream.ts'

/**
 * How often a server that has nothing new says that it is there, in milliseconds. After two that did not come the client asks anew: one
 * that was started again knows nothing of who waits.
 */
const HEARTBEAT_MS = 1000

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
  const messages = await consumer.consume({ max_messages: isHeadersOnly ? 1000 : 16, idle_heartbeat: HEARTBEAT_MS })
  const end = async (): Promise<void> => {
    messages.stop()
    // Forgotten after a while where it cannot be said.
    await consumer.delete().catch(() => {})
  }
  return { messages, end }
}

/** A message in the index: a block, what is damaged, where a writer says the log ends; null: none of a writer's. */
function readMessage(log: Log, { seq, headers }: Pick<JsMsg, 'seq' | 'headers'>): EndMessage | LogDamagedError | null {
  const read = readEventsMessage(log.logId, { seq, headers })
  if (read === null) return damagedIn(log)({ expected: 'a block', found: 'a header with a wrong checksum' }, seq)
  return read.kind === 'foreign' ? null : read
}

/** What a message is in the index; null: nothing but that another writer goes on. */
export function entryOf(log: Log, message: Pick<JsMsg, 'seq' | 'headers'>): IndexEntry | null {
  const read = readMessage(log, message)
  if (read === null || read instanceof LogDamagedError) return read
  return read.kind === 'block' ? read.block : null
}

export interface Index {
  readonly entries: readonly IndexEntry[]
  /** Where the log ends, by its last message: also where the blocks before it are lost. */
  readonly end: LogEnd
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

/** All messages of a log's events up to one, by their headers. */
async function readMessages(log: Log, last: number): Promise<(EndMessage | LogDamagedError)[]> {
  const found: (EndMessage | LogDamagedError)[] = []
  const coming = await consume(log, 1, true)
  try {
    for await (const message of coming.messages) {
      const read = readMessage(log, message)
      if (read !== null) found.push(read)
      if (message.seq >= last) break
    }
  } finally {
    await coming.end()
  }
  return found
}

/** The blocks, and what is damaged where some should be. */
const entriesOf = (messages: readonly (EndMessage | LogDamagedError)[]): IndexEntry[] =>
  messages.flatMap((message) => (message instanceof LogDamagedError ? message : message.kind === 'block' ? message.block : []))

/** The blocks there are now, and the number of the last message. */
export async function loadIndex(log: Log): Promise<Index> {
  const newest = await lastOf(log.stream, log.subjects.events)
  if (newest === null) return { entries: [], end: EMPTY, last: 0, gone: WHOLE }
  const messages = await readMessages(log, newest.seq)
  const last = messages.findLast((message) => !(message instanceof LogDamagedError)) as EndMessage | undefined
  const end = last === undefined ? EMPTY : endOf(last)
  const found = begun(withMended(entriesOf(messages), await mendedBlocks(log), end), end)
  return { ...found, entries: withEnd(log, found, end, newest.seq), end, last: newest.seq }
}

/** With what is damaged at the end: blocks that a later message says there were. */
function withEnd(log: Log, { entries, gone }: Pick<Index, 'entries' | 'gone'>, end: LogEnd, seq: number): readonly IndexEntry[] {
  const last = entries.findLast(isBlock)
  const has = last === undefined ? gone.events : last.firstIndex + last.count
  if (has >= end.index) return entries
  const fault = { expected: `${end.index - has} more events, up to seq ${end.lastSeq}`, found: 'no such message' }
  return [...entries, damagedIn(log)(fault, seq)]
}

/** Where a log ends, and the number of its last message, 0 for none. @throws LogDamagedError when that one is damaged. */
export async function endOfLog(log: Log): Promise<{ readonly end: LogEnd; readonly last: number }> {
  const newest = await lastOf(log.stream, log.subjects.events)
  if (newest === null) return { end: EMPTY, last: 0 }
  const read = readMessage(log, { seq: newest.seq, headers: newest.header })
  if (read instanceof LogDamagedError) throw read
  return { end: read === null ? (await loadIndex(log)).end : endOf(read), last: newest.seq }
}

/** How many of a log's events are gone by now, before the first that there is. */
export async function beginOfLog(log: Log): Promise<number> {
  return (await loadIndex(log)).gone.events
}
