import { nanoseconds, type HostId } from '@devtrail/events'

/** A moment of a log, as a person names it. */
export type Position =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'seq'; readonly seq: number }
  /** `host`: in a log of several the one whose entry it is. */
  | { readonly kind: 'entry'; readonly entry: number; readonly host?: string }
  | { readonly kind: 'time'; readonly ns: number }

/** A position that cannot be read. */
export class PositionSyntaxError extends Error {
  override readonly name = 'PositionSyntaxError'
}

/** A position that the log does not have. */
export class NoSuchPositionError extends Error {
  override readonly name = 'NoSuchPositionError'
}

/**
 * Reads a position: `138` or `seq:138` (after that event), `@261` (after that entry of the recording; `web:@261` of a host's), `9.588325s`
 * (after the last event not later than it), `start` (the baseline alone), `end`.
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
      return { kind: 'time', ns: nanoseconds(time[1]!) }
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
