import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { AnyEvent } from '@devtrail/events'

const COLUMNS = 'seq integer primary key, time, device, cpu, pid, comm, type, pfn, n, who'
const ROW = `(${COLUMNS.split(',')
  .map(() => '?')
  .join()})`

/** A table of events in WAL mode with synchronous=FULL: a transaction for each batch, by one prepared insert of so many rows. */
export function sqliteStore(path: string, rows: number): [store: (batch: readonly AnyEvent[]) => void, close: () => void] {
  const db = new DatabaseSync(path)
  db.exec(`pragma journal_mode=wal; pragma synchronous=full; create table event (${COLUMNS})`)
  const insert = db.prepare(`insert into event values ${Array.from({ length: rows }, () => ROW).join()}`)
  const one = ({ seq, time, device, cpu, actor, type, data }: AnyEvent): void => {
    const { pid, comm } = actor!
    insert.run(seq, time, device, cpu, pid, comm, type, data['pfn'] as number, data['n'] as number, data['who'] as string)
  }
  const many = (events: readonly AnyEvent[]): void => {
    const values: SQLInputValue[] = []
    for (const { seq, time, device, cpu, actor, type, data } of events) {
      const { pid, comm } = actor!
      values.push(seq, time, device, cpu, pid, comm, type, data['pfn'] as number, data['n'] as number, data['who'] as string)
    }
    insert.run(...values)
  }
  const store = (batch: readonly AnyEvent[]): void => {
    db.exec('begin')
    if (rows === 1) for (const event of batch) one(event)
    else for (let at = 0; at < batch.length; at += rows) many(batch.slice(at, at + rows))
    db.exec('commit')
  }
  return [store, () => db.close()]
}
