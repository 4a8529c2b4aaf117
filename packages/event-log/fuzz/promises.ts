/** What is promised of every read, whatever the bytes. */
import { must } from '@devtrail/fuzz'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { BrokenBlockError } from '../src/codec/bytes.ts'
import { mustBeStorable } from '../src/codec/check-event.ts'
import { LogDamagedError, LogUsageError } from '../src/errors.ts'

/** Rethrows what no read may throw. */
export function mustBeForeseen(error: unknown, codes: readonly LogUsageError['code'][] = ['unsupported']): void {
  if (error instanceof BrokenBlockError || error instanceof LogDamagedError) return
  if (error instanceof LogUsageError && codes.includes(error.code)) return
  throw error
}

/** An event is one that a writer could have written. */
export function mustBeAnEvent(event: AnyEvent, vocabulary: Vocabulary): void {
  must(Number.isSafeInteger(event.seq) && event.seq >= 0, 'a seq is a whole number from 0', event.seq)
  must(Object.getPrototypeOf(event.data) === Object.prototype, 'data is a plain object')
  mustBeStorable(vocabulary, event)
}

/** What a view shows, copied. */
export function shown(view: AnyEvent): AnyEvent {
  const { seq, entry, time, device, cpu, actor, cause, context, source, where, inferred, type } = view
  const optional = Object.fromEntries(Object.entries({ context, source, where, inferred }).filter(([, value]) => value !== undefined))
  return { seq, entry, time, device, cpu, actor, cause, ...optional, type, data: { ...view.data } }
}
