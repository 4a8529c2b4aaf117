/** A log of this machine into a stream, from where the stream's copy of it ends. */
import { isDeepStrictEqual } from 'node:util'
import type { AnyEvent } from '@devtrail/events'
import { partsOf } from '@devtrail/time-travel'
import { LogUsageError, type LogMeta, type LogReader, type LogWriter } from '@devtrail/event-log'
import type { LogContents } from '@devtrail/event-log-jetstream'
import { exit, Failure } from '../cli/failure.ts'
import type { Session } from '../cli/session.ts'
import { foldVersion } from '../logs/code-version.ts'
import { SUMMARY } from '../logs/import.ts'
import type { OpenLog } from '../logs/open.ts'
import { copyAttachments, copyLog, NOTHING, type Copied, type Have } from './copy.ts'
import type { RemoteLog } from './remote.ts'

/** What is there of the log before more of it is sent; null when there is none of this host. */
async function contentsOf(remote: RemoteLog): Promise<LogContents | null> {
  try {
    return await remote.store.contents()
  } catch (error) {
    if (error instanceof LogUsageError && error.code === 'not-found') return null
    throw error
  }
}

const haveOf = ({ events, lastSeq, attachments, keyframes }: LogContents): Have => ({
  start: 0,
  events,
  lastSeq,
  attachments: new Set(attachments),
  keyframes: new Set(keyframes.get(foldVersion())),
})

/** The last events up to a `seq`: that one, or the baseline. */
async function eventsAt(reader: LogReader, seq: number): Promise<AnyEvent[]> {
  const events: AnyEvent[] = []
  for await (const event of reader.read({ from: seq, to: seq })) events.push(event)
  return events
}

const about = ({ source }: LogMeta): string => (typeof source['name'] === 'string' ? `of ${source['name']}` : 'that was not recorded')

/** That what is there is the beginning of this log, by what the log is and by where it ends there. @throws Failure. */
async function mustBeItsBeginning(log: OpenLog, remote: RemoteLog, have: Have): Promise<void> {
  const other = (why: string): Failure =>
    new Failure(exit.usage, `${remote.text} holds another log (${why}); name another host with --host, or purge that one`)
  await using there = await remote.store.open()
  if (!isDeepStrictEqual(there.meta, log.reader.meta)) throw other(`one ${about(there.meta)}`)
  if (have.lastSeq > log.reader.lastSeq) throw other(`it has ${have.lastSeq} events, ${log.given} ${log.reader.lastSeq}`)
  const [theirs, ours] = [await eventsAt(there, have.lastSeq), await eventsAt(log.reader, have.lastSeq)]
  // Of a baseline a part may be there.
  const isSame = have.lastSeq > 0 ? isDeepStrictEqual(theirs, ours) : isDeepStrictEqual(theirs, ours.slice(0, theirs.length))
  if (!isSame) throw other(`event ${have.lastSeq} differs`)
}

/** What was sent, and what there is now. */
export interface Shipped extends Copied {
  /** Events of the log in the stream, the baseline included. */
  readonly there: number
  readonly lastSeq: number
  readonly interrupted: boolean
}

/** How long what an import adds behind the last event is waited for, in milliseconds. */
const SUMMARY_MS = 10_000
const POLL_MS = 200

/** Waits until an import has said what it found, which it does behind the log's last event. */
async function untilSummary({ reader }: OpenLog, signal: AbortSignal): Promise<void> {
  if (reader.meta.source['kind'] !== 'recording') return
  const end = Date.now() + SUMMARY_MS
  while (!signal.aborted && Date.now() < end) {
    if ((await reader.attachments()).some(({ name }) => name === SUMMARY)) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Whether the log reaches the end of what it tells of. */
const isEnded = async ({ reader }: OpenLog): Promise<boolean> =>
  reader.lastSeq > 0 && (await eventsAt(reader, reader.lastSeq)).at(-1)?.type === 'log/ended'

/** What is added to the log, each batch acknowledged before the next. @param there events of the log that the writer has. */
async function follow(
  log: OpenLog,
  writer: LogWriter,
  there: number,
  signal: AbortSignal,
  said: (events: number) => void,
): Promise<number> {
  if (await isEnded(log)) return 0
  let events = 0
  let skip = writer.lastSeq === 0 ? there : 0
  for await (const batch of log.reader.followBatches({ from: writer.lastSeq === 0 ? 0 : writer.lastSeq + 1, signal })) {
    const fresh = batch.slice(Math.min(skip, batch.length))
    skip -= batch.length - fresh.length
    if (fresh.length > 0) await writer.append(fresh)
    await writer.flush('written')
    events += fresh.length
    said(there + events)
    if (batch.at(-1)?.type === 'log/ended') break
  }
  return events
}

/** Into a stream that lets go of what is old: a keyframe at the log's end, from which its state is known without what came before. @returns how many. */
async function keepState(log: OpenLog, { store }: RemoteLog, writer: LogWriter): Promise<number> {
  await writer.flush('written')
  const { letsGo, keyframes } = await store.contents()
  const at = writer.lastSeq
  const fold = foldVersion()
  if (!letsGo || at === 0 || keyframes.get(fold)?.includes(at) === true) return 0
  const { machine } = await log.history.at({ kind: 'seq', seq: at })
  await writer.keyframe(fold, { at, since: null, parts: partsOf(machine) })
  return 1
}

/** Sends what is missing, and with `follow` what is added, until the recording has ended. @throws Failure, as the store does. */
export async function ship(log: OpenLog, remote: RemoteLog, isFollowed: boolean, session: Session): Promise<Shipped> {
  const contents = await contentsOf(remote)
  const have = contents === null ? NOTHING : haveOf(contents)
  const { gone } = log.reader
  if (gone.seq > have.lastSeq)
    throw new Failure(exit.damaged, `${log.given} has no beginning (its first ${gone.seq} events are gone): it cannot be shipped`)
  if (contents !== null) await mustBeItsBeginning(log, remote, have)
  if (have.events > 0 && have.lastSeq < log.reader.lastSeq)
    session.note(`${remote.text} has the log up to event ${have.lastSeq}; going on from there`)
  const said = (events: number): void => session.progress(events, `events shipped to ${remote.text}`)
  return session.interrupt.shield(async (signal) => {
    const writer = contents === null ? await remote.store.create(log.reader.meta) : await remote.store.append()
    let copied: Copied = { events: 0, keyframes: 0, attachments: 0 }
    const isDone = (error: unknown): boolean => signal.aborted && (error as Error).name === 'AbortError'
    try {
      copied = await copyLog(log.reader, writer, have, { fold: foldVersion(), signal, onProgress: said })
      if (isFollowed) {
        await writer.flush('written')
        const events = await follow(log, writer, have.events + copied.events, signal, said)
        await untilSummary(log, signal)
        const { store } = remote
        const attached = new Set((await store.contents()).attachments)
        const attachments = await copyAttachments(log.reader, writer, attached)
        copied = { ...copied, events: copied.events + events, attachments: copied.attachments + attachments }
      }
    } catch (error) {
      // What was taken is sent; the rest is sent the next time.
      if (!isDone(error)) {
        await writer.close().catch(() => {})
        throw error
      }
    }
    const added = signal.aborted ? 0 : await keepState(log, remote, writer)
    await writer.close()
    session.clearProgress()
    const { events: there, lastSeq } = await remote.store.contents()
    return { ...copied, keyframes: copied.keyframes + added, events: there - have.events, there, lastSeq, interrupted: signal.aborted }
  })
}
