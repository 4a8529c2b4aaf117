/** The edge to RxJS: the one file of the package that imports it at run time. */
import type { AnyEvent } from '@devtrail/events'
import { Observable, type Subscriber } from 'rxjs'
import type { LogReader, ReadRange } from './contract.ts'

/**
 * The events of a log and those that come, in batches: what `followBatches` gives. Each subscription reads anew, completes
 * when the range's `to` is reached, and fails as `follow` throws; unsubscribing ends it. The next batch is read when the
 * subscriber has taken the one before.
 */
export function follow$(reader: Pick<LogReader, 'followBatches'>, range: ReadRange = {}): Observable<readonly AnyEvent[]> {
  return new Observable((subscriber) => {
    const batches = reader.followBatches(range)[Symbol.asyncIterator]()
    void handOut(batches, subscriber)
    return () => {
      // Nobody is there any more to be told of an error.
      batches.return?.().catch(() => {})
    }
  })
}

async function handOut<T>(items: AsyncIterator<T>, subscriber: Subscriber<T>): Promise<void> {
  try {
    for (let next = await items.next(); !next.done && !subscriber.closed; next = await items.next()) subscriber.next(next.value)
    subscriber.complete()
  } catch (error) {
    subscriber.error(error)
  }
}
