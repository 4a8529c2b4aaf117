import type { AnyEvent, Vocabulary } from '@devtrail/events'
import type { LogMeta } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import type { Waiting } from '../follow.ts'

/** A log in memory. */
export interface Held {
  readonly vocabulary: Vocabulary
  readonly meta: LogMeta
  readonly events: AnyEvent[]
  readonly attachments: Map<string, Uint8Array>
  /** Those who wait for more events. */
  readonly waiting: Set<Waiting>
  /** By fold, then by `seq`. */
  readonly keyframes: Map<string, Map<number, ReadonlyMap<string, Uint8Array>>>
  writing: boolean
}

export function closedError(what: string): LogUsageError {
  return new LogUsageError('closed', `this ${what} is closed; open another one`)
}
