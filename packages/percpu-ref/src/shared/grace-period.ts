/**
 * Quiescent states (as in liburcu's QSBR): a thread that is online promises to announce now and then that it is between
 * two operations. Once each has, after the epoch was raised, all of them have seen what was written before it was raised, and
 * all that they counted before can be seen. Who is offline is between two operations.
 */
import { header, lineOf, place } from './layout.ts'

/** Times that the killer looks before it sleeps: some microseconds, which is less than being woken takes. */
const LOOKS = 1000

/** Begins a grace period: raises the epoch. Called with the lock held. */
export function raiseEpoch(words: Int32Array): void {
  const next = (Atomics.load(words, header.EPOCH) + 1) | 0
  Atomics.store(words, header.EPOCH, next === 0 ? 1 : next)
}

/** A worker that the grace period waits for, or null when it is over. Looks a while before it gives an answer other than null. */
export function lateWorker(words: Int32Array): number | null {
  const epoch = Atomics.load(words, header.EPOCH)
  let looks = LOOKS
  for (let worker = 0; worker < words[header.WORKERS]!; worker++) {
    const index = lineOf(worker) + place.EPOCH
    for (let announced = Atomics.load(words, index); announced !== 0 && announced !== epoch; announced = Atomics.load(words, index))
      if (looks-- <= 0) return worker
  }
  return null
}

/** One worker's side of it. */
export class Announcer {
  readonly #words: Int32Array
  readonly #index: number
  /** What it announced last, or was to when it went offline. */
  #epoch = 1

  constructor(words: Int32Array, worker: number) {
    this.#words = words
    this.#index = lineOf(worker) + place.EPOCH
  }

  /** rcu_quiescent_state. All that costs anything happens once a grace period. */
  announce(): void {
    if (Atomics.load(this.#words, header.EPOCH) !== this.#epoch) this.#acknowledge()
  }

  /**
   * rcu_thread_online. The epoch is read after it was said that somebody is there: whoever raised it before has either
   * seen that, and waits, or is seen here, and what was written before it with it.
   */
  online(): void {
    Atomics.store(this.#words, this.#index, this.#epoch)
    this.announce()
  }

  /** rcu_thread_offline. Who looks at the epoch first raised it, and may sleep. */
  offline(): void {
    Atomics.store(this.#words, this.#index, 0)
    if (Atomics.load(this.#words, header.EPOCH) !== this.#epoch) Atomics.notify(this.#words, this.#index)
  }

  #acknowledge(): void {
    for (let epoch = Atomics.load(this.#words, header.EPOCH); epoch !== this.#epoch; epoch = Atomics.load(this.#words, header.EPOCH)) {
      this.#epoch = epoch
      Atomics.store(this.#words, this.#index, epoch)
    }
    Atomics.notify(this.#words, this.#index)
  }
}
