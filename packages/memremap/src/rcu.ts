/**
 * Read sections and grace periods (RCU), as far as lookups and teardown need them: what was queued runs once every read
 * section that was open then has ended. Nothing happens by itself: grace periods pass when told to, or while somebody waits.
 */
import type { RcuScheduler } from '@devtrail/percpu-ref'

/** A wait that nothing can end any more: in a kernel the task would hang. */
export class NeverEnds extends Error {
  override readonly name = 'NeverEnds'
  /** What comes after the wait does not happen, not even the rest of a teardown. */
  readonly hangs = true
}

interface Callback {
  readonly run: () => void
  /** The read sections that were open when it was queued and still are. */
  readonly readers: Set<symbol>
}

/** Grace periods that wait for read sections. Hand the same one to everything that runs on one machine. */
export class Rcu implements RcuScheduler {
  #queue: Callback[] = []
  readonly #open = new Set<symbol>()
  /** Lets some other task go on by one step; false: none can. Set by whoever has tasks. */
  others: () => boolean = () => false

  /** rcu_read_lock; returns rcu_read_unlock. */
  readLock(): () => void {
    const section = Symbol('read section')
    this.#open.add(section)
    return () => {
      this.#open.delete(section)
      for (const { readers } of this.#queue) readers.delete(section)
    }
  }

  /** Open read sections. */
  get readers(): number {
    return this.#open.size
  }

  get readLockHeld(): boolean {
    return this.#open.size > 0
  }

  /** Callbacks that wait for their grace period. */
  get queued(): number {
    return this.#queue.length
  }

  callRcu(run: () => void): void {
    this.#queue.push({ run, readers: new Set(this.#open) })
  }

  /** One grace period: runs what was queued before it and waits for no reader any more. False when there was nothing to run. */
  pass(): boolean {
    const due = this.#queue.filter(({ readers }) => readers.size === 0)
    this.#queue = this.#queue.filter(({ readers }) => readers.size > 0)
    for (const { run } of due) run()
    return due.length > 0
  }

  /** Grace periods until none can pass. */
  drain(): void {
    while (this.pass()) continue
  }

  /** @throws NeverEnds when no callback and no other task is left that could make it true. */
  waitUntil(condition: () => boolean): void {
    while (!condition()) {
      if (this.pass() || this.others()) continue
      throw new NeverEnds('a wait can never end: no RCU callback is due and no other task can go on')
    }
  }
}
