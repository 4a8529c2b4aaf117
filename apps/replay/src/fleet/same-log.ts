/** Whether what a stream has of a host is the beginning of a log of this machine. */
import { isDeepStrictEqual } from 'node:util'
import type { AnyEvent } from '@devtrail/events'
import { LogDamagedError, type LogMeta, type LogReader } from '@devtrail/event-log'
import { exit, Failure } from '../session/failure.ts'
import type { OpenLog } from '../logs/open.ts'
import { keptHoles, spanText } from './holes.ts'
import type { RemoteLog } from './remote.ts'

/** The last events up to a `seq`: that one, or the baseline; null: they are lost. */
export async function eventsAt(reader: LogReader, seq: number): Promise<AnyEvent[] | null> {
  const events: AnyEvent[] = []
  try {
    for await (const event of reader.read({ from: seq, to: seq })) events.push(event)
    return events
  } catch (error) {
    if (error instanceof LogDamagedError) return null
    throw error
  }
}

const about = ({ source }: LogMeta): string => (typeof source['name'] === 'string' ? `of ${source['name']}` : 'that was not recorded')

/** That what is there is the beginning of this log, by what the log is and by where it ends there. @throws Failure. */
export async function mustBeItsBeginning(log: OpenLog, remote: RemoteLog, lastSeq: number): Promise<void> {
  const other = (why: string): Failure =>
    new Failure(exit.usage, `${remote.text} holds another log (${why}); name another host with --host, or purge that one`)
  await using there = await remote.store.open()
  if (!isDeepStrictEqual(there.meta, log.reader.meta)) throw other(`one ${about(there.meta)}`)
  if (lastSeq > log.reader.lastSeq) throw other(`it has ${lastSeq} events, ${log.given} ${log.reader.lastSeq}`)
  const [theirs, ours] = [await eventsAt(there, lastSeq), await eventsAt(log.reader, lastSeq)]
  if (theirs === null || ours === null) return
  // Of a baseline a part may be there.
  const isSame = lastSeq > 0 ? isDeepStrictEqual(theirs, ours) : isDeepStrictEqual(theirs, ours.slice(0, theirs.length))
  if (!isSame) throw other(`event ${lastSeq} differs`)
}

/** That a log has all its events from the first one on. @throws Failure. */
export async function mustBeWhole({ given, reader }: OpenLog, from: number): Promise<void> {
  const { gone } = reader
  if (gone.seq > from)
    throw new Failure(exit.damaged, `${given} has no beginning (its first ${gone.seq} events are gone): it cannot be shipped`)
  const [hole] = keptHoles((await reader.attachments()).map(({ name }) => name))
  if (hole === undefined) return
  throw new Failure(exit.damaged, `${given} has lost ${spanText(hole)}: it cannot be shipped; ship the log from where it was recorded`)
}
