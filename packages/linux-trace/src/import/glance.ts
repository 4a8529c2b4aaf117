import type { Actor, AnyEvent } from '@devtrail/events'

/** One object for event after event: it must not be kept. */
export class Glance implements AnyEvent {
  seq = 0
  entry: number | null = 0
  time = 0
  device: number | null = null
  cpu: number | null = 0
  actor: Actor | null = null
  cause: readonly number[] = []
  context = ''
  source = ''
  where = ''
  type = ''
  data: AnyEvent['data'] = {}
}

/** An event of an import as one's own, to be kept. */
export const ownEvent = (event: AnyEvent): AnyEvent => ({ ...event, cause: [...event.cause], data: { ...event.data } })
