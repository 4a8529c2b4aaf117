/** What a stream has: whose logs, and of a log how much. */
import { LogUsageError } from '@devtrail/event-log'
import type { NatsConnection } from '@nats-io/transport-node'
import { endOfLog } from './block-index.ts'
import type { Log } from './place.ts'
import { findStream, subjectsIn, type JetStreamAt } from './stream.ts'
import { attachmentOf, hostOf, keyframeOf, mendedOf, mustBeToken } from './subjects.ts'

export interface LogContents {
  /** 16 hex digits that the log was given when it was made: no other log has them. */
  readonly id: string
  /** Events of the log, the baseline included. */
  readonly events: number
  /** `seq` of the last one; 0 when there is none, or only the baseline. */
  readonly lastSeq: number
  /** Names of attachments, sorted. */
  readonly attachments: readonly string[]
  /** The `seq` of each keyframe by fold, ascending. */
  readonly keyframes: ReadonlyMap<string, readonly number[]>
  /** Blocks that were put again where messages were lost. */
  readonly mended: number
  /** Whether the stream lets go of old messages, and so of a log's head. */
  readonly letsGo: boolean
  /** What loses all of the stream: a `restart` of its servers (it is in their memory), the loss of one `server` of a cluster (no other has it). */
  readonly atRisk: 'restart' | 'server' | null
}

/** The hosts that there are logs of in a stream, sorted. @throws LogUsageError `not-found`, `bad-name`; StreamError. */
export async function hostsIn(connection: NatsConnection, stream: string, at: JetStreamAt = {}): Promise<readonly string[]> {
  mustBeToken(stream, 'a stream')
  const found = await findStream(connection, stream, at)
  if (found === null) throw new LogUsageError('not-found', `the server has no stream ${stream}`)
  return (await subjectsIn(found, `${stream}.*.meta`)).flatMap((subject) => hostOf(subject) ?? []).toSorted()
}

export async function contentsOf(log: Log): Promise<LogContents> {
  const { stream, subjects, logId } = log
  const [{ end }, all] = await Promise.all([endOfLog(log), subjectsIn(stream, subjects.all)])
  const { index: events, lastSeq } = end
  const keyframes = new Map<string, number[]>()
  for (const subject of all) {
    const keyframe = keyframeOf(subject)
    if (keyframe === null) continue
    const { fold, seq } = keyframe
    keyframes.set(fold, [...(keyframes.get(fold) ?? []), seq])
  }
  for (const seqs of keyframes.values()) seqs.sort((a, b) => a - b)
  const attachments = all.flatMap((subject) => attachmentOf(subject) ?? []).toSorted()
  const mended = all.filter((subject) => mendedOf(subject) !== null).length
  return {
    id: Buffer.from(logId).toString('hex'),
    events,
    lastSeq,
    attachments,
    keyframes,
    mended,
    letsGo: stream.letsGo,
    atRisk: stream.atRisk,
  }
}
