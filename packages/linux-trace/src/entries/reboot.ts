import { seconds } from '@devtrail/events'
import type { Reboot } from './batch.ts'

const SHOWN_MAX = 5

/** What people are told of clocks that begin anew within a trace. */
export function rebootNotes(reboots: readonly Reboot[]): string[] {
  const notes = reboots
    .slice(0, SHOWN_MAX)
    .map(
      ({ number, from, to }) =>
        `the clock goes back from ${seconds(from)} to ${seconds(to)} at entry ${number}: taken for another boot; what was known before it no longer holds`,
    )
  return reboots.length > SHOWN_MAX ? [...notes, `the clock goes back so ${reboots.length} times in all`] : notes
}
