/** How sure the place of an event is among those of other hosts. */
import { seconds, type AnyEvent } from '@devtrail/events'
import type { Concurrent } from '@devtrail/time-travel'
import { plural } from '@devtrail/survey'
import type { OpenLog } from '../logs/open.ts'
import { durationText } from '../merge/durations.ts'

export interface Beside {
  /** Nanoseconds, either way; null: nothing is known of the host's clock. */
  readonly uncertainty: number | null
  readonly concurrent: Concurrent | null
}

/** Null in a log of one host. */
export async function besideOf(event: AnyEvent, { history }: OpenLog): Promise<Beside | null> {
  if (event.host === undefined) return null
  const clock = (await history.clocks()).at(event.host, event.seq)
  return { uncertainty: clock?.uncertainty ?? null, concurrent: await history.concurrentWith(event) }
}

export function besideJson(beside: Beside | null, digits: 6 | 9): object {
  if (beside === null) return {}
  const { uncertainty, concurrent } = beside
  return { uncertainty: uncertainty === null ? null : seconds(uncertainty, digits), concurrent }
}

function timeText(uncertainty: number | null): string {
  if (uncertainty === null) return 'how its clock stands to the others is not known'
  return uncertainty === 0 ? 'its time is that of the time line' : `its time is right within ${durationText(uncertainty)}`
}

export function besideText({ uncertainty, concurrent }: Beside): string {
  const sure = timeText(uncertainty)
  if (concurrent === null) return `${sure}; the order to every event of other hosts is known\n`
  const { count, first, last } = concurrent
  const where = first === last ? `${first}` : `${first} to ${last}`
  return `${sure}: ${plural(count, 'event')} of other hosts (${where}) may have happened before or after it\n`
}
