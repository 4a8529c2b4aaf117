import type { Vocabulary } from '@devtrail/events'
import { LogUsageError, type LogStore } from '@devtrail/event-log'
import type { NatsConnection } from '@nats-io/transport-node'
import { loadIndex } from './block-index.ts'
import { contentsOf, type LogContents } from './contents.ts'
import { createLog, findLog, type Log, type Place } from './place.ts'
import { patiently } from './publish.ts'
import { JetStreamReader } from './reader.ts'
import { findStream, makeStream, mustBeWritable } from './stream.ts'
import { mustBeToken, subjectsOf } from './subjects.ts'
import { JetStreamWriter } from './writer.ts'
import { acquireLease } from './writer-lease.ts'

export interface JetStreamOptions {
  /** The name of the stream: 1 to 128 of `A-Z a-z 0-9 _ -`. `create` makes it where there is none. */
  readonly stream: string
  /** Whose log it is, of the logs in the stream; a name as the stream has one. */
  readonly host: string
  /** Servers that each message is on: 1, 3 or 5; who writes is refused where the stream has another number. Default: that of the stream, 1 for one that is made. */
  readonly replicas?: 1 | 3 | 5
  /** How long is waited for a server that does not answer, in milliseconds. Default 60 000. */
  readonly patienceMs?: number
  /** Told before each further try while no server takes or answers what it is sent: for how long it is tried already, in milliseconds. */
  readonly onWaiting?: (ms: number) => void
}

/** A log in a stream: a store, and a look at what there is. */
export interface JetStreamLogStore extends LogStore {
  /** What the stream has of the log now, asked without reading it. @throws LogUsageError `not-found`, `unsupported`; LogDamagedError. */
  contents(): Promise<LogContents>
}

/**
 * A log in a NATS JetStream stream. The connection stays the caller's. `written` means that the server, or most of the stream's
 * servers, took it; `durable` is never claimed: a server syncs its files every few minutes, and says nothing of it.
 * @throws LogUsageError `bad-name`.
 */
export function jetStreamStore(connection: NatsConnection, options: JetStreamOptions, vocabulary: Vocabulary): JetStreamLogStore {
  const { stream, host, replicas, patienceMs = 60_000, onWaiting } = options
  mustBeToken(stream, 'a stream')
  mustBeToken(host, 'a host')
  const subjects = subjectsOf(stream, host)
  const existing = async (): Promise<Log> => {
    const found = await findStream(connection, stream, onWaiting)
    if (found === null) throw new LogUsageError('not-found', `the server has no stream ${stream}`)
    return findLog({ stream: found, host, subjects, patienceMs })
  }
  const asking = <T>(work: () => Promise<T>): Promise<T> => patiently({ patienceMs, onWaiting }, () => connection.isClosed(), work)
  const writing = async (log: Log): Promise<JetStreamWriter> => new JetStreamWriter(log, await acquireLease(log), vocabulary)
  return {
    async create(meta) {
      const place: Place = { stream: await makeStream(connection, stream, { replicas, onWaiting }), host, subjects, patienceMs }
      return writing(await createLog(place, meta))
    },
    async append() {
      const log = await asking(existing)
      mustBeWritable(log.stream, replicas)
      return writing(log)
    },
    open: () =>
      asking(async () => {
        const log = await existing()
        return new JetStreamReader(log, await loadIndex(log), vocabulary)
      }),
    contents: () => asking(async () => contentsOf(await existing())),
  }
}
