/** A log whose head is gone, from where it is known on. */
import type { LogReader } from '@devtrail/event-log'
import { goneInWords, startOf } from '@devtrail/survey'
import { sourceFrom, type EventSource } from '@devtrail/time-travel'
import type { Session } from '../session/session.ts'
import { foldVersion } from './code-version.ts'

/** The log itself when all of it is there; else the log from where its state is known. Says so. */
export async function knownFrom(given: string, reader: LogReader, session: Pick<Session, 'note'>): Promise<EventSource> {
  const start = await startOf(reader, foldVersion())
  if (start === null) return reader
  session.note(`${given}: ${goneInWords(reader, start)}`)
  return sourceFrom(reader, start)
}
