/**
 * Quiescent states (as in liburcu's QSBR): a thread that is online promises to announce now and then that it is between
 * two operations. Once each has, after the epoch was raised, all of them have seen what was written before it was raised, and
 * all that they counted before can be seen. Who is offline is between two operations.
 */
import { GATE, header, lineOf, OFFLINE, place } from './layout.ts'
import { isThere, type Tenant } from './tenant.ts'

/** Times that the killer looks before it sleeps: some microseconds, which is less than being woken takes. */
const LOOKS = 1000

/** Begins a grace period: raises the epoch. Called with the lock held. */
export function raiseEpoch(words: Int32Array): void {
  Atomics.add(words, header.EPOCH, 1)
}

/** Which grace period it is, or was the last. */
export const epochOf = (words: Int32Array): number => Atomics.load(words, header.EPOCH)

/** Whether it is online and has not announced the epoch. */
export function isLate(words: Int32Array, worker: number): boolean {
  const line = lineOf(worker)
  return Atomics.load(words, line + place.EPOCH) !== Atomics.load(words, header.EPOCH) && isOnline(words, worker)
}

export const isOnline = (words: Int32Array, worker: number): boolean => (Atomics.load(words, lineOf(worker) + GATE) & OFFLINE) === 0

/** A worker that the grace period waits for, and the epoch it announced; null when it is over. Looks a while before it names one. */
export function lateWorker(words: Int32Array): { readonly worker: number; readonly announced: number } | null {
  let looks = LOOKS
  for (let worker = 0; worker < words[header.WORKERS]!; worker++) {
    for (;;) {
      // Read before it is judged: who waits for this to change is woken by whatever made the judgement wrong.
      const announced = Atomics.load(words, lineOf(worker) + place.EPOCH)
      if (!isLate(words, worker)) break
      if (looks-- <= 0) return { worker, announced }
    }
  }
  return null
}

/** For who waits: the worker has announced the epoch. One that is raised meanwhile it announces the next time. */
export function acknowledge(words: Int32Array, worker: number): number {
  const index = lineOf(worker) + place.EPOCH
  const epoch = epochOf(words)
  Atomics.store(words, index, epoch)
  Atomics.notify(words, index)
  return epoch
}

/** One worker's side of it, for as long as it has its place. */
export class Announcer {
  readonly #words: Int32Array
  readonly #tenant: Tenant
  readonly #gate: number
  /** What it announced last. */
  #epoch: number

  constructor(words: Int32Array, tenant: Tenant) {
    this.#words = words
    this.#tenant = tenant
    this.#gate = lineOf(tenant.worker) + GATE
    this.#epoch = acknowledge(words, tenant.worker)
  }

  /** rcu_quiescent_state. What costs more than a look happens once a grace period. */
  announce(): void {
    if (epochOf(this.#words) === this.#epoch || !isThere(this.#words, this.#tenant)) return
    this.#epoch = acknowledge(this.#words, this.#tenant.worker)
  }

  /**
   * rcu_thread_online. The epoch is read after the gate says that somebody is there: whoever raised it before has either
   * seen that, and waits, or is seen here, and the gate that it closed before with it.
   */
  online(): void {
    Atomics.and(this.#words, this.#gate, ~OFFLINE)
    this.announce()
  }

  /** rcu_thread_offline: a quiescent state too. Whoever raises the epoch after it was looked at sees that nobody is there. */
  offline(): void {
    Atomics.or(this.#words, this.#gate, OFFLINE)
    this.announce()
  }
}
