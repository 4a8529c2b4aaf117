import type { Vocabulary } from '@devtrail/events'
import { LogUsageError, type LogReader, type LogStore } from '@devtrail/event-log'
import type { NatsConnection } from '@nats-io/transport-node'
import { loadIndex } from './block-index.ts'
import { contentsOf, type LogContents } from './contents.ts'
import { promisedBy } from './levels.ts'
import type { LostBlocks, LostEvents } from './lost.ts'
import { mend } from './mend.ts'
import { createLog, findLog, type Log } from './place.ts'
import { patiently } from './publish.ts'
import { JetStreamReader } from './reader.ts'
import { findStream, makeStream, mustBeWritable, mustHold, type JetStreamAt } from './stream.ts'
import { mustBeToken, subjectsOf } from './subjects.ts'
import { JetStreamWriter } from './writer.ts'
import { acquireLease } from './writer-lease.ts'

export interface JetStreamOptions extends JetStreamAt {
  /** The name of the stream: 1 to 128 of `A-Z a-z 0-9 _ -`. `create` makes it where there is none. */
  readonly stream: string
  /** Whose log it is, of the logs in the stream; a name as the stream has one. */
  readonly host: string
  /** Servers that each message is on: 1, 3 or 5; who writes is refused where the stream has another number. Default: that of the stream, 1 for one that is made. */
  readonly replicas?: 1 | 3 | 5
  /**
   * Whether servers sync what they take before they acknowledge it: `always` where all of them have `sync_interval: always` (2.10 or
   * newer). They cannot be asked, so it is believed, and `durable` given. Default `lazily`: `durable` is refused.
   */
  readonly serverSyncs?: 'lazily' | 'always'
  /** How long is waited for a server that does not answer, in milliseconds. Default 60 000. */
  readonly patienceMs?: number
  /** Told before each further try while no server takes or answers what it is sent: for how long it is tried already, in milliseconds. */
  readonly onWaiting?: (ms: number) => void
}

/** A log in a stream: a store, and a look at what there is. */
export interface JetStreamLogStore extends LogStore {
  /** What the stream has of the log now, asked without reading it. @throws LogUsageError `not-found`, `unsupported`; LogDamagedError. */
  contents(): Promise<LogContents>
  /**
   * That the stream, when it is there, does not let go of attachments of so many bytes before all of them are there: one that is too
   * small loses what the log is, too. @throws StreamError `unsuitable`, which says what is needed.
   */
  mustHold(attachmentBytes: number): Promise<void>
  /**
   * What of the log's events cannot be read any more: messages that are gone, and where it is `read` such as are not what was
   * written. @throws as `open`.
   */
  lost(how: { readonly read: boolean }): Promise<readonly LostEvents[]>
  /**
   * Puts what is lost again, from a copy of the same log; also while a writer is at work. What readers were opened before goes on
   * without it. @returns what was put again. @throws LogUsageError `not-found` when the copy has not just those events; as `open`.
   */
  mend(copy: LogReader, how: { readonly read: boolean }): Promise<readonly LostEvents[]>
}

/**
 * A log in a NATS JetStream stream. The connection stays the caller's. `written` means that the server, or most of the stream's
 * servers, took it; `durable` is refused unless `serverSyncs` says that they sync first: by default a server syncs its files every few
 * minutes, and says nothing of it.
 * @throws LogUsageError `bad-name`.
 */
export function jetStreamStore(connection: NatsConnection, options: JetStreamOptions, vocabulary: Vocabulary): JetStreamLogStore {
  const { stream, host, replicas, serverSyncs = 'lazily', patienceMs = 60_000, onWaiting, domain, apiPrefix } = options
  mustBeToken(stream, 'a stream')
  mustBeToken(host, 'a host')
  const subjects = subjectsOf(stream, host)
  const at = { onWaiting, ...(domain !== undefined && { domain }), ...(apiPrefix !== undefined && { apiPrefix }) }
  const existing = async (): Promise<Log> => {
    const found = await findStream(connection, stream, at)
    if (found === null) throw new LogUsageError('not-found', `the server has no stream ${stream}`)
    return findLog({ stream: found, host, subjects, patienceMs })
  }
  const asking = <T>(work: () => Promise<T>): Promise<T> => patiently({ patienceMs, onWaiting, stream }, () => connection.isClosed(), work)
  const writing = async (log: Log): Promise<JetStreamWriter> => {
    const promised = promisedBy(connection, serverSyncs)
    return new JetStreamWriter(log, await asking(() => acquireLease(log)), vocabulary, promised)
  }
  const opened = (): Promise<{ readonly log: Log; readonly reader: JetStreamReader }> =>
    asking(async () => {
      const log = await existing()
      return { log, reader: new JetStreamReader(log, await loadIndex(log), vocabulary) }
    })
  const lostOf = async (isRead: boolean): Promise<{ readonly log: Log; readonly lost: readonly LostBlocks[] }> => {
    const { log, reader } = await opened()
    return { log, lost: await reader.lost(isRead) }
  }
  return {
    async create(meta) {
      promisedBy(connection, serverSyncs)
      const made = await asking(() => makeStream(connection, stream, { replicas, ...at }))
      return writing(await createLog({ stream: made, host, subjects, patienceMs }, meta))
    },
    async append() {
      const log = await asking(existing)
      mustBeWritable(log.stream, replicas)
      return writing(log)
    },
    open: async () => (await opened()).reader,
    contents: () => asking(async () => contentsOf(await existing())),
    async mustHold(attachmentBytes) {
      const found = await asking(() => findStream(connection, stream, at))
      if (found !== null) mustHold(found, attachmentBytes)
    },
    lost: async ({ read }) => (await lostOf(read)).lost,
    async mend(copy, { read }) {
      const { log, lost } = await lostOf(read)
      for (const some of lost) await mend(log, some, copy, vocabulary)
      return lost
    },
  }
}
