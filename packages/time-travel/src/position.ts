import { nanoseconds, seconds, type AnyEvent } from '@devtrail/events'

/** A moment of a log, as a person names it. */
export type Position =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'seq'; readonly seq: number }
  | { readonly kind: 'entry'; readonly entry: number }
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
 * Reads a position: `138` or `seq:138` (after that event), `@261` (after that entry of the recording), `9.588325s`
 * (after the last event not later than it), `start` (the baseline alone), `end`.
 * @throws PositionSyntaxError
 */
export function parsePosition(text: string): Position {
  if (text === 'start' || text === 'end') return { kind: text }
  const seq = /^(?:seq:)?(\d{1,15})$/.exec(text)
  if (seq) return { kind: 'seq', seq: Number(seq[1]) }
  const entry = /^@(\d{1,15})$/.exec(text)
  if (entry) return { kind: 'entry', entry: Number(entry[1]) }
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
}

/** What has to be known of a log to find positions in it; gathered in one pass. */
export class PositionFinder {
  #last: Moment = { seq: 0, entry: null, time: null }
  #lastEntry = 0
  readonly #wanted: Position
  #found: Moment = { seq: 0, entry: null, time: null }

  constructor(wanted: Position) {
    this.#wanted = wanted
  }

  see(event: AnyEvent): void {
    if (event.seq === 0) return
    const here = { seq: event.seq, entry: event.entry ?? this.#last.entry, time: event.time }
    this.#last = here
    if (event.entry !== null) this.#lastEntry = Math.max(this.#lastEntry, event.entry)
    const w = this.#wanted
    const reached =
      w.kind === 'end' ||
      (w.kind === 'seq' && event.seq <= w.seq) ||
      (w.kind === 'entry' && event.entry !== null && event.entry <= w.entry) ||
      (w.kind === 'time' && event.time <= w.ns)
    if (reached) this.#found = here
  }

  /**
   * The moment wanted, once every event was seen. `entries`: how many entries the recording has, where known.
   * @throws NoSuchPositionError past the end of the log
   */
  found(entries: number | null): Moment {
    const w = this.#wanted
    if (w.kind === 'seq' && w.seq > this.#last.seq) {
      throw new NoSuchPositionError(
        `there is no event ${w.seq}: the log ends at ${this.#last.seq}${this.#last.time === null ? '' : ` (${seconds(this.#last.time)}s)`}`,
      )
    }
    const most = Math.max(entries ?? 0, this.#lastEntry)
    if (w.kind === 'entry' && w.entry > most) throw new NoSuchPositionError(`there is no entry ${w.entry}: the recording has ${most}`)
    if (w.kind === 'entry') return { ...this.#found, entry: w.entry }
    return this.#found
  }
}
