/** A source of time, handed in: nanoseconds since the log's epoch, never running backwards. */
export interface Clock {
  now(): number
}

/** A clock that moves only when told to: for tests, simulation and exploration. */
export class ManualClock implements Clock {
  #now: number

  constructor(start = 0) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  /** @throws RangeError when the clock would run backwards. */
  advanceTo(ns: number): void {
    if (ns < this.#now) throw new RangeError(`the clock is at ${this.#now} ns and cannot run back to ${ns} ns`)
    this.#now = ns
  }

  advance(ns: number): void {
    this.advanceTo(this.#now + ns)
  }
}

/** A source of identities, handed in: 1, 2, 3, … per kind. */
export class Ids {
  readonly #next = new Map<string, number>()

  next(kind: string): number {
    const n = (this.#next.get(kind) ?? 0) + 1
    this.#next.set(kind, n)
    return n
  }
}
