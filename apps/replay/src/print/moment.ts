import { seconds } from '@devtrail/events'
import type { Moment } from '@devtrail/time-travel'

/** `after event 121 (entry 261) at 9.396738`, `at the start`. */
export function momentText(at: Moment, digits: 6 | 9): string {
  if (at.seq === 0) return 'at the start: the baseline alone'
  const entry = at.entry === null ? '' : ` (entry ${at.entry})`
  return `after event ${at.seq}${entry}${at.time === null ? '' : ` at ${seconds(at.time, digits)}`}`
}
