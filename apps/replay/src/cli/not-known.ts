/** After which events it is not known whether something is so: what was never true may have been, there. */
import type { Turn } from '@devtrail/time-travel'

export interface NotKnown {
  /** The first event after which it is not known; 0: the baseline, or where the log begins. */
  readonly first: number
  /** After how many it is not. */
  readonly events: number
}

/** Counts them, told of each turn in the order of the log. */
export class UnknownStretches {
  /** Since when it is not known now; −1: since before the first event; null: it is known. */
  #since: number | null = -1
  #first: number | null = null
  #events = 0

  see({ seq, to }: Pick<Turn, 'seq' | 'to'>): void {
    this.#end(seq)
    if (to === null) this.#since = seq
    else this.#since = null
  }

  #end(seq: number): void {
    if (this.#since === null) return
    const events = seq - Math.max(this.#since, 1)
    // What is told with the first event, or by the baseline, was known from the beginning.
    if (events > 0) {
      this.#first ??= Math.max(this.#since, 0)
      this.#events += events
    }
    this.#since = null
  }

  /** @param last the last event. @param start the last that the log has no more. @returns null when it was known after each. */
  upTo(last: number, start: number): NotKnown | null {
    this.#end(last + 1)
    return this.#first === null ? null : { first: Math.max(this.#first, start), events: Math.min(this.#events, last - start) }
  }
}
