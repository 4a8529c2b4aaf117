import type { OpenLog } from '../logs/open.ts'
import { plural } from '../print/units.ts'
import type { Session } from './session.ts'

/** Says what an answer cannot know: entries that are missing, parts that were not recorded. */
export function noteGaps(log: OpenLog, session: Session): void {
  const summary = log.imported?.summary
  if (summary === undefined) return
  const missing = summary.lost === null ? 'entries' : plural(summary.lost, 'entry', 'entries')
  if (summary.lost !== 0) session.note(`${missing} of the recording are missing: what is not found may still have happened`)
  else if (!summary.complete) session.note('the recording is not complete: what is not found may still have happened')
  for (const note of summary.notes) session.note(note)
}
