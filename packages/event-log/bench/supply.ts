/** Batches of events without end: the same ones come round again with later numbers and times. */
export class Supply<T extends { readonly seq: number; readonly time: number }> {
  readonly #events: readonly T[]
  readonly #batch: number
  /** Nanoseconds that a round takes. */
  readonly #span: number
  #at = 0
  #rounds = 0

  /** `events` are numbered without a hole, a multiple of `batch` of them, and changed in place. */
  constructor(events: readonly T[], batch: number) {
    this.#events = events
    this.#batch = batch
    this.#span = events.at(-1)!.time - events[0]!.time + 1000
  }

  /** The next batch; it is good until it comes round again. */
  next(): readonly T[] {
    const batch = this.#events.slice(this.#at, this.#at + this.#batch)
    if (this.#rounds > 0) {
      for (const event of batch as { seq: number; time: number }[]) {
        event.seq += this.#events.length
        event.time += this.#span
      }
    }
    this.#at = (this.#at + this.#batch) % this.#events.length
    if (this.#at === 0) this.#rounds++
    return batch
  }

  many(batches: number): readonly (readonly T[])[] {
    return Array.from({ length: batches }, () => this.next())
  }
}
