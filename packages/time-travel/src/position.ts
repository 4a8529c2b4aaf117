import { nanoseconds, type HostId } from '@devtrail/events'

/** A moment of a log, as a person names it. */
export type Position =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'seq'; readonly seq: number }
  /** `host`: in a log of several the one whose entry it is. */
  | { readonly kind: 'entry'; readonly entry: number; readonly host?: string }
  /** Up to `ns`; `from`: where that begins which is named alike, when it is a microsecond. */
  | { readonly kind: 'time'; readonly ns: number; readonly from?: number }

/** A position that cannot be read. */
export class PositionSyntaxError extends Error {
  override readonly name = 'PositionSyntaxError'
}

/** A position that the log does not have. */
export class NoSuchPositionError extends Error {
  override readonly name = 'NoSuchPositionError'
}

/** Digits of a second down to which a time that is printed without nanoseconds goes. */
const MICROSECOND_DIGITS = 6

/** A time in microseconds means all that is printed so: rounded to them. */
function timePosition(text: string): Position {
  const ns = nanoseconds(text)
  if ((text.split('.')[1] ?? '').length > MICROSECOND_DIGITS) return { kind: 'time', ns }
  return { kind: 'time', ns: ns + 499, from: ns - 500 }
}

/**
 * Reads a position: `138` or `seq:138` (after that event), `@261` (after that entry of the recording; `web:@261` of a host's), `9.588325s`
 * (after the last event not later than it, as times
 * are printed: one with up to six digits includes what is rounded to it), `start` (the baseline alone), `end`.
 * @throws PositionSyntaxError
 */
export function parsePosition(text: string): Position {
  if (text === 'start' || text === 'end') return { kind: text }
  const seq = /^(?:seq:)?(\d{1,15})$/.exec(text)
  if (seq) return { kind: 'seq', seq: Number(seq[1]) }
  const entry = /^(?:(?!seq:)([^:\s]+):)?@(\d{1,15})$/.exec(text)
  if (entry) return { kind: 'entry', entry: Number(entry[2]), ...(entry[1] === undefined ? {} : { host: entry[1] }) }
  const time = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(text)
  if (time) {
    try {
      return timePosition(time[1]!)
    } catch (error) {
      throw new PositionSyntaxError((error as Error).message, { cause: error })
    }
  }
  throw new PositionSyntaxError(
    `"${text}" is not a position; use a sequence number (138), an entry (@261), a time (9.588325s), start or end`,
  )
}

/** A position found in a log: the last event it includes. */
export interface Moment {
  readonly seq: number
  readonly entry: number | null
  readonly time: number | null
  /** The host whose entry was asked for, in a log of several. */
  readonly host?: HostId
}
