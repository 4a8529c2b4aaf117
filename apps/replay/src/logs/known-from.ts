/** What can be said of a log whose head is gone: from its first keyframe on. */
import type { LogMeta, LogReader } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import { sourceFrom, type EventSource, type SourceStart } from '@devtrail/time-travel'
import type { Session } from '../cli/session.ts'
import { foldVersion } from './code-version.ts'

/** Who a log of several hosts is of, by its meta. */
function hostsOf({ source }: LogMeta): Pick<SourceStart, 'hosts'> {
  const { kind, hosts, reference } = source
  if (kind !== 'merged' || !Array.isArray(hosts)) return {}
  return { hosts: hosts.map((name) => ({ name: String(name), isReference: name === reference })) }
}

/** The log itself when all of it is there; else the log from where its state is known. Says so. */
export async function knownFrom(given: string, reader: LogReader, session: Pick<Session, 'note'>): Promise<EventSource> {
  const { gone: head, lastSeq } = reader
  if (head.events === 0) return reader
  const fold = foldVersion()
  const hosts = hostsOf(reader.meta)
  const first = (await reader.keyframes(fold)).find((seq) => seq >= head.seq)
  const keyframe = first === undefined ? null : await reader.keyframe(fold, first, { onDamage: () => {} })
  const gone = `${given}: its first ${head.seq} events are gone`
  if (keyframe === null || keyframe.seq < head.seq) {
    session.note(`${gone}, and no keyframe says what was then: what they told is not known`)
    return sourceFrom(reader, { seq: head.seq, entry: null, time: null, ended: false, parts: null, ...hosts })
  }
  const rest = keyframe.seq < lastSeq ? '' : ', the last one'
  session.note(`${gone}; it is known from event ${keyframe.seq} on${rest}`)
  const { seq, parts } = keyframe
  let at: Pick<AnyEvent, 'entry' | 'type'> & { readonly time: number | null } = { entry: null, time: null, type: '' }
  for await (const event of reader.read({ from: seq, to: seq })) at = event
  return sourceFrom(reader, { seq, entry: at.entry, time: at.time, ended: at.type === 'log/ended', parts, ...hosts })
}
