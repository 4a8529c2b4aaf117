/** A log whose head is gone, from where it is known on. */
import type { LogReader } from '@devtrail/event-log'
import { goneInWords, NothingKnownError, startOf } from '@devtrail/survey'
import { sourceFrom, type EventSource } from '@devtrail/time-travel'
import { exit, Failure } from '../cli/failure.ts'
import type { Session } from '../cli/session.ts'
import { foldVersion } from './code-version.ts'

/**
 * The log itself when all of it is there; else the log from where its state is known. Says so.
 * @throws Failure of one of several hosts where no keyframe says what was.
 */
export async function knownFrom(given: string, reader: LogReader, session: Pick<Session, 'note'>): Promise<EventSource> {
  if (reader.gone.events === 0) return reader
  const start = await startOf(reader, foldVersion()).catch((error: unknown) => {
    if (!(error instanceof NothingKnownError)) throw error
    throw new Failure(exit.damaged, `${given}: ${error.message}`, { cause: error })
  })
  if (start === null) return reader
  session.note(`${given}: ${goneInWords(reader, start)}`)
  return sourceFrom(reader, start)
}
