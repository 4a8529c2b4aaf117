/** What can be said of a log whose head is gone: from its first keyframe on. */
import type { LogReader } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import { sourceFrom, type EventSource } from '@devtrail/time-travel'
import { exit, Failure } from '../cli/failure.ts'
import type { Session } from '../cli/session.ts'
import { foldVersion } from './code-version.ts'

/**
 * The log itself when all of it is there; else the log from where its state is known. Says so.
 * @throws Failure of one of several hosts where no keyframe says what was.
 */
export async function knownFrom(given: string, reader: LogReader, session: Pick<Session, 'note'>): Promise<EventSource> {
  const { gone: head, lastSeq } = reader
  if (head.events === 0) return reader
  const fold = foldVersion()
  const first = (await reader.keyframes(fold)).find((seq) => seq >= head.seq)
  const keyframe = first === undefined ? null : await reader.keyframe(fold, first, { onDamage: () => {} })
  const gone = `${given}: its first ${head.seq} events are gone`
  if (keyframe === null || keyframe.seq < head.seq) {
    // Whatever is said next may be of a host that nothing was heard of yet, and would stand there as if it had just begun.
    if (reader.meta.source['kind'] === 'merged')
      throw new Failure(exit.damaged, `${gone}, and no keyframe says what was then; merge the hosts' logs anew`)
    session.note(`${gone}, and no keyframe says what was then: what they told is not known`)
    return sourceFrom(reader, { seq: head.seq, entry: null, time: null, ended: false, parts: null })
  }
  const rest = keyframe.seq < lastSeq ? '' : ', the last one'
  session.note(`${gone}; it is known from event ${keyframe.seq} on${rest}`)
  const { seq, parts } = keyframe
  let at: Pick<AnyEvent, 'entry' | 'type'> & { readonly time: number | null } = { entry: null, time: null, type: '' }
  for await (const event of reader.read({ from: seq, to: seq })) at = event
  return sourceFrom(reader, { seq, entry: at.entry, time: at.time, ended: at.type === 'log/ended', parts })
}
