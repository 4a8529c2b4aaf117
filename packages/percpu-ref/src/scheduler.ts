/** Where grace periods and waits come from; handed in. */
export interface RcuScheduler {
  /** call_rcu: runs `callback` once a grace period has passed, never at once. */
  callRcu(callback: () => void): void
  /** wait_event: lets other things happen until `condition` holds. @throws Error when it never can. */
  waitUntil(condition: () => boolean): void
  /** rcu_read_lock_held: whether the caller is in a read section. Undefined where nobody keeps count of that. */
  readonly readLockHeld?: boolean | undefined
}

/**
 * Grace periods that pass when told to: for tests, simulation and exploration. With `defer` (say `queueMicrotask` or
 * `setImmediate`) they also pass by themselves, for a real program; no CPU is inside a read section between two of its turns.
 */
export class GracePeriods implements RcuScheduler {
  readonly #queue: (() => void)[] = []
  readonly #defer: ((turn: () => void) => void) | null
  /** A turn of its own is to come. */
  #isDeferred = false

  constructor(defer: ((turn: () => void) => void) | null = null) {
    this.#defer = defer
  }

  /** How many callbacks are queued. */
  get queued(): number {
    return this.#queue.length
  }

  /** call_rcu: queues `callback` for the next grace period. */
  callRcu(callback: () => void): void {
    this.#queue.push(callback)
    this.#deferTurn()
  }

  /** One grace period: runs what was queued before it, in order; what that queues waits for the next one. */
  pass(): void {
    for (let n = this.#queue.length; n > 0 && this.#queue.length > 0; n--) this.#queue.shift()!()
  }

  /** Grace periods until nothing is queued. What a callback throws ends it; the rest stays queued, with `defer` for another turn. */
  drain(): void {
    while (this.#queue.length > 0) this.pass()
  }

  /** wait_event: lets queued callbacks run, one after the other, until `condition` holds. @throws Error when none is left. */
  waitUntil(condition: () => boolean): void {
    while (!condition()) {
      const callback = this.#queue.shift()
      if (callback === undefined) throw new Error('a wait can never end: no RCU callback is queued that could end it')
      callback()
    }
  }

  #deferTurn(): void {
    if (this.#defer === null || this.#isDeferred) return
    this.#isDeferred = true
    this.#defer(() => {
      this.#isDeferred = false
      try {
        this.drain()
      } finally {
        if (this.#queue.length > 0) this.#deferTurn()
      }
    })
  }
}
