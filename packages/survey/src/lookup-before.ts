import type { AnyEvent } from '@devtrail/events'
import type { History } from '@devtrail/time-travel'

/** Events before an attempt to take references among which the lookup it rests on is looked for: other CPUs' come in between. */
const LOOKED_BACK = 4096

/**
 * The lookup by which a task knew that a page's pagemap lives before it took references to it: its last of that page, just before the
 * attempt. Null of an event that is no such attempt, and where nothing shows one.
 */
export async function lookupBefore(history: History, events: readonly AnyEvent[]): Promise<AnyEvent | null> {
  const attempt = events.find(({ type }) => type === 'memremap/grab-started')
  const pfn = attempt?.data['pfn']
  if (attempt?.actor == null || typeof pfn !== 'number') return null
  const { pid } = attempt.actor
  const seq = await history.search(
    attempt.seq,
    Math.max(1, attempt.seq - LOOKED_BACK),
    (type) => type === 'memremap/looked-up',
    ({ actor, data, host }) => actor?.pid === pid && data['pfn'] === pfn && data['pagemap'] !== null && host === attempt.host,
  )
  return seq === null ? null : ((await history.events([seq])).get(seq) ?? null)
}
