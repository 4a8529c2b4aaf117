/** How sure the place of an event is among those of other hosts, as JSON. */
import { seconds } from '@devtrail/events'
import type { Beside } from '@devtrail/survey'

export function besideJson(beside: Beside | null, digits: 6 | 9): object {
  if (beside === null) return {}
  const { uncertainty, concurrent } = beside
  return { uncertainty: uncertainty === null ? null : seconds(uncertainty, digits), concurrent }
}
