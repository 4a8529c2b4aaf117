import type { AnyEvent } from '@devtrail/events'
import type { OpenLog } from '../logs/open.ts'
import { number, plural, type Survey } from '@devtrail/survey'
import type { Session } from '../session/session.ts'

/** Names of events listed in a note at most. */
const NAMED_MAX = 3

/** Whether nothing is missing from beginning to end; null when nothing in the log tells. */
export function isComplete(log: OpenLog, survey: Survey): boolean | null {
  if (log.reader.tornTail !== null || !survey.ended) return false
  if (log.imported !== null) return log.imported.summary.complete
  if (log.reader.meta.source['kind'] === 'merged') return survey.last?.data['complete'] === true
  return log.reader.meta.source['kind'] === 'simulated' && 'scenario' in log.reader.meta.source ? true : null
}

/** Whether an event is the end of a log; of a log of several hosts, that of each of them is not. */
export const isEnd = (event: AnyEvent | undefined): boolean => event?.type === 'log/ended' && event.host === undefined

/** Says that a log stops short of its end, if it does. */
export function noteCut(survey: Survey, session: Session): void {
  if (!survey.ended) session.note('the log is cut: it stops before the end of what it tells of, and what came after may be anything')
}

/** Says that the recording holds events that nothing here knows. */
export function noteUnknown(log: OpenLog, session: Session): void {
  const unknown = log.imported?.summary.unknown ?? []
  if (unknown.length === 0) return
  const rest = unknown.length - NAMED_MAX
  const named = unknown.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${number(rest)} more` : '')
  session.note(`the recording holds events that are not known here and say nothing to the rules: ${named} (devtrail info lists them)`)
}

/** Says what an answer cannot know: entries that are missing, parts that were not recorded. */
export function noteGaps(log: OpenLog, survey: Survey, session: Session): void {
  noteCut(survey, session)
  const summary = log.imported?.summary
  if (summary === undefined) return
  const missing = summary.lost === null ? 'entries' : plural(summary.lost, 'entry', 'entries')
  if (summary.lost !== 0) session.note(`${missing} of the recording are missing: what is not found may still have happened`)
  else if (!summary.complete) session.note('the recording is not complete: what is not found may still have happened')
  for (const note of summary.notes) session.note(note)
}
