/** What all stores need to follow a log: to wait for more, and to end those who wait. */
import type { AnyEvent } from '@devtrail/events'
import type { CheckedRange } from './sequence.ts'

/** One iteration that follows a log, as it waits. */
export class Waiting {
  #rang = false
  #wake: (() => void) | null = null
  /** Nobody asks for more: the iteration is to end when it wakes. */
  isOver = false

  /** Something happened: more events, an abort, the end. It is heard also by one who waits only later. */
  readonly ring = (): void => {
    this.#rang = true
    this.#wake?.()
  }

  /** Resolves when something happened since the last call. */
  async more(): Promise<void> {
    if (!this.#rang) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = null
    this.#rang = false
  }
}

/** The iterations that follow the log of one reader. */
export class Followers {
  readonly #open = new Set<(isOver: boolean) => Promise<unknown>>()
  #closed: Error | null = null

  /**
   * An iterable whose iterators can be ended while they wait. `run` is to look again, and at `isOver`, whenever it wakes
   * from `more()`.
   */
  follow<T>(run: (waiting: Waiting) => AsyncGenerator<T, void>): AsyncIterable<T> {
    return { [Symbol.asyncIterator]: () => this.#iterate(run) }
  }

  #iterate<T>(run: (waiting: Waiting) => AsyncGenerator<T, void>): AsyncIterator<T, void> {
    const waiting = new Waiting()
    const items = run(waiting)
    const end = (isOver: boolean): Promise<IteratorResult<T, void>> => {
      this.#open.delete(end)
      waiting.isOver = isOver
      waiting.ring()
      return items.return()
    }
    this.#open.add(end)
    return {
      next: () => (this.#closed === null ? items.next() : Promise.reject(this.#closed)),
      return: () => end(true),
    }
  }

  /** Ends all: what they hold is let go of, and who asks them for more is told `reason`, which `run` throws when it wakes. */
  async close(reason: Error): Promise<void> {
    this.#closed = reason
    const ending = [...this.#open].map((end) => end(false))
    await Promise.allSettled(ending)
  }
}

/** Whether no event that follows `lastSeq` is in the range. */
export function isPast({ from, to }: CheckedRange, lastSeq: number): boolean {
  // The baseline may go on until event 1.
  return from > to || lastSeq >= Math.max(1, to)
}

/** The events of batches, one by one; `mustGoOn` is asked before each. */
export async function* eachOf(batches: AsyncIterable<readonly AnyEvent[]>, mustGoOn: () => void): AsyncGenerator<AnyEvent, void> {
  for await (const batch of batches) {
    for (const event of batch) {
      mustGoOn()
      yield event
    }
  }
}
