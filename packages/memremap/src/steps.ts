/** Operations as steps: between two of them anything else may happen. */
import type { Rcu } from './rcu.ts'

/** A point at which others may go on: before what is done next, or until something has happened. */
export interface Pause {
  /** What comes next, or what is waited for. */
  readonly at: string
  /** Left out: the operation can go on at once. */
  readonly until?: () => boolean
}

/** An operation that pauses; its return value is the operation's. */
export type Steps<T> = Generator<Pause, T, void>

/** Runs an operation to its end, as a task does that nobody interrupts. @throws NeverEnds when it waits for what cannot come. */
export function finish<T>(steps: Steps<T>, rcu: Rcu): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    if (value.until !== undefined) rcu.waitUntil(value.until)
  }
}

/** Runs an operation as far as it gets without others: true at its end, false while it waits. `at`: the pause it was left at. */
export class Progress<T> {
  readonly #steps: Steps<T>
  readonly #rcu: Rcu
  #pause: Pause | null = null
  result: T | undefined

  constructor(steps: Steps<T>, rcu: Rcu) {
    this.#steps = steps
    this.#rcu = rcu
  }

  /** What it waits for. */
  get at(): string | null {
    return this.#pause?.at ?? null
  }

  advance(): boolean {
    for (;;) {
      const until = this.#pause?.until
      if (until !== undefined && !until()) {
        this.#rcu.drain()
        if (!until()) return false
      }
      const { done, value } = this.#steps.next()
      if (done === true) {
        this.result = value
        return true
      }
      this.#pause = value
    }
  }
}
