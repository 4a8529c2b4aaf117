/** The slow, obvious way to the state at a position: event by event from the start, twice. The oracle of `History`. */
import { Facts, seconds, type AnyEvent, type Model } from '@devtrail/events'
import { Machine, vocabularyOf } from './machine.ts'
import { NoSuchPositionError, type Moment, type Position } from './position.ts'

class PositionFinder {
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

/** Where a position lies among events. @throws NoSuchPositionError */
export function slowMoment(events: readonly AnyEvent[], position: Position, entries: number | null): Moment {
  const finder = new PositionFinder(position)
  for (const event of events) finder.see(event)
  return finder.found(entries)
}

/** The state after `seq`, with what the whole log tells of incarnations. */
export function slowMachine(events: readonly AnyEvent[], models: readonly Model[], seq: number): Machine {
  const facts = new Facts(vocabularyOf(models))
  for (const event of events) facts.learn(event)
  const machine = new Machine(models, facts)
  for (const event of events) if (event.seq <= seq) machine.step(event)
  return machine
}
