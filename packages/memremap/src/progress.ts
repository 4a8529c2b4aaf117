import type { Rcu } from './rcu.ts'
import type { Pause, Steps } from './tasks.ts'

/** An operation that is run as far as it gets without others, again and again until its end. */
export class Progress<T> {
  readonly #steps: Steps<T>
  readonly #rcu: Rcu
  #pause: Pause = null
  result: T | undefined

  constructor(steps: Steps<T>, rcu: Rcu) {
    this.#steps = steps
    this.#rcu = rcu
  }

  /** True at its end, false while it waits for what no grace period brings. */
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
