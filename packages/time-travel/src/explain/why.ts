import type { AnyEvent } from '@devtrail/events'
import type { History } from '../history.ts'

/** An event on the way back from another, over its causes. */
export interface Cause {
  readonly event: AnyEvent
  /** How many steps away: 1 led to it directly. */
  readonly distance: number
  /** The event that this one led to, the nearest to where the way began. */
  readonly ledTo: number
}

/** Causes followed at most. */
export const CAUSES_FOLLOWED_MAX = 10_000

/**
 * The events that led to an event, and what led to these, nearest first: by steps, then by time. Each once.
 * Null when there is no such event.
 */
export async function why(history: History, seq: number): Promise<{ event: AnyEvent; causes: Cause[] } | null> {
  const event = (await history.events([seq])).get(seq)
  if (event === undefined) return null
  const causes: Cause[] = []
  const seen = new Set([seq])
  let level: readonly AnyEvent[] = [event]
  for (let distance = 1; level.length > 0 && causes.length < CAUSES_FOLLOWED_MAX; distance++) {
    const ledTo = new Map<number, number>()
    for (const effect of level) {
      for (const cause of effect.cause) if (!seen.has(cause) && !ledTo.has(cause)) ledTo.set(cause, effect.seq)
    }
    const found = await history.events(ledTo.keys())
    for (const cause of ledTo.keys()) seen.add(cause)
    level = [...found.values()].toSorted((a, b) => b.seq - a.seq)
    causes.push(...level.map((cause) => ({ event: cause, distance, ledTo: ledTo.get(cause.seq)! })))
  }
  return { event, causes }
}
