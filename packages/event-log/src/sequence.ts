import type { AnyEvent } from '@devtrail/events'
import { LogUsageError } from './errors.ts'

/** Whether `seq` may follow `last` (0: nothing yet, or the baseline). */
export function follows(last: number, seq: number): boolean {
  return seq === last + 1 || (seq === 0 && last === 0)
}

/** The numbers that may follow `last`, for messages. */
export function expectedAfter(last: number): string {
  return last === 0 ? 'seq 0 (baseline) or 1' : `seq ${last + 1}`
}

/**
 * The `seq` after taking `events` onto a log that ends with `last`.
 * @throws LogUsageError `bad-sequence`, naming both numbers.
 */
export function sequenceAfter(last: number, events: readonly AnyEvent[]): number {
  for (const [i, { seq, type }] of events.entries()) {
    if (!follows(last, seq)) {
      const late = seq === 0 ? '; the baseline comes before all other events' : ''
      throw new LogUsageError(
        'bad-sequence',
        `cannot append ${type}: expected ${expectedAfter(last)}, found seq ${String(seq)} (event ${i + 1} of ${events.length})${late}`,
      )
    }
    last = seq
  }
  return last
}

export interface CheckedRange {
  readonly from: number
  readonly to: number
}

/** @throws LogUsageError `bad-range`. */
export function checkedRange(from = 0, to = Infinity): CheckedRange {
  for (const [name, n] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (n < 0 || !(Number.isSafeInteger(n) || n === Infinity)) {
      throw new LogUsageError('bad-range', `"${name}" is a sequence number, 0 or more; found ${String(n)}`)
    }
  }
  return { from, to }
}
