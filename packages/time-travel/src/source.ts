import type { AnyEvent } from '@devtrail/events'

/** Where events come from: a log, or an array in a test. Read as often as needed, always from the start. */
export interface EventSource {
  read(): AsyncIterable<AnyEvent> | Iterable<AnyEvent>
}
