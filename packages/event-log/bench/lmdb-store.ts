import type { AnyEvent } from '@devtrail/events'
import { open } from 'lmdb'

/**
 * Events by their number, packed as lmdb packs values. A batch is one transaction, on the disk when it returns: with
 * `overlappingSync`, the default, it would return before that. `shared` stores the names of fields once, as lmdb's
 * documentation advises for objects of one shape, and puts without looking for the key's place.
 */
export function lmdbStore(path: string, shared: boolean): [store: (batch: readonly AnyEvent[]) => void, close: () => Promise<void>] {
  const db = open<AnyEvent, number>({
    path,
    overlappingSync: false,
    ...(shared && { sharedStructuresKey: Symbol.for('structures') }),
  })
  const options = shared ? { append: true } : {}
  const store = (batch: readonly AnyEvent[]): void => {
    db.transactionSync(() => {
      for (const event of batch) db.putSync(event.seq, event, options)
    })
  }
  return [store, () => db.close()]
}
