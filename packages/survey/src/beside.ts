/** How sure the place of an event is among those of other hosts. */
import type { AnyEvent } from '@devtrail/events'
import type { Concurrent, History } from '@devtrail/time-travel'
import { durationText, plural } from './units.ts'

export interface Beside {
  /** Nanoseconds, either way; null: nothing is known of the host's clock. */
  readonly uncertainty: number | null
  readonly concurrent: Concurrent | null
}

/** Null in a log of one host. */
export async function besideOf(history: History, event: AnyEvent): Promise<Beside | null> {
  if (event.host === undefined) return null
  const clock = (await history.clocks()).at(event.host, event.seq)
  return { uncertainty: clock?.uncertainty ?? null, concurrent: await history.concurrentWith(event) }
}

function timeText(uncertainty: number | null): string {
  if (uncertainty === null) return 'how its clock stands to the others is not known'
  return uncertainty === 0 ? 'its time is that of the time line' : `its time is right within ${durationText(uncertainty)}`
}

export function besideText({ uncertainty, concurrent }: Beside): string {
  const sure = timeText(uncertainty)
  if (concurrent === null) return `${sure}; the order to every event of other hosts is known`
  const { count, first, last } = concurrent
  const where = first === last ? `${first}` : `${first} to ${last}`
  return `${sure}: ${plural(count, 'event')} of other hosts (${where}) may have happened before or after it`
}
