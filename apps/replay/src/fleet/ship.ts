/** A log of this machine into a stream, from where the stream's copy of it ends. */
import { partsOf } from '@devtrail/time-travel'
import { LogUsageError, type LogWriter } from '@devtrail/event-log'
import type { LogContents, LostEvents } from '@devtrail/event-log-jetstream'
import type { Session } from '../session/session.ts'
import { foldVersion } from '../logs/code-version.ts'
import { SUMMARY } from '../logs/import.ts'
import type { OpenLog } from '../logs/open.ts'
import { copyLog, NOTHING, type Copied, type Have } from './copy.ts'
import { BesideEvents, mustHoldAttachments } from './beside-events.ts'
import { spanText } from './holes.ts'
import type { RemoteLog } from './remote.ts'
import { eventsAt, mustBeItsBeginning, mustBeWhole } from './same-log.ts'

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
  const end = performance.now() + SUMMARY_MS
  while (!signal.aborted && performance.now() < end) {
    if ((await reader.attachments()).some(({ name }) => name === SUMMARY)) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Whether the log reaches the end of what it tells of. */
const isEnded = async ({ reader }: OpenLog): Promise<boolean> =>
  reader.lastSeq > 0 && (await eventsAt(reader, reader.lastSeq))?.at(-1)?.type === 'log/ended'

/** What is added to the log, each batch acknowledged before the next. @param there events of the log that the writer has. */
async function follow(
  log: OpenLog,
  writer: LogWriter,
  there: number,
  beside: BesideEvents,
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
    await beside.copyDue()
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

/** Puts again what the stream lost, as the log has it. @returns what was lost. @throws Failure. */
export async function mendFrom(
  log: OpenLog,
  { store, text }: RemoteLog,
  how: { readonly read: boolean },
  session: Session,
): Promise<readonly LostEvents[]> {
  const lost = await store.mend(log.reader, how)
  const spans = lost.map(({ firstSeq, lastSeq }) => spanText({ from: firstSeq, to: lastSeq }))
  if (lost.length > 0) session.note(`${text} had lost ${spans.join(', ')}; it is there again`)
  return lost
}

/** Says what a stream does not outlive. */
function tellRisk({ atRisk }: LogContents, { text, stream }: RemoteLog, session: Session): void {
  if (atRisk === 'restart') session.note(`${text} is in the memory of its servers, and lost when they are started again`)
  if (atRisk === 'server')
    session.note(
      `${text} is on one server of a cluster, and lost with that one; nats stream edit ${stream} --replicas 3 puts it on three (a stream that ship makes: --replicas 3)`,
    )
}

/** Who writes, and what is there by then: another one may have written since it was looked. @throws Failure, as the store does. */
async function writerOf(
  log: OpenLog,
  remote: RemoteLog,
  before: LogContents | null,
): Promise<{ readonly writer: LogWriter; readonly have: Have }> {
  const made = before === null ? await remote.store.create(log.reader.meta).catch(orNull) : null
  if (made !== null) return { writer: made, have: NOTHING }
  const writer = await remote.store.append()
  try {
    const contents = await remote.store.contents()
    if (contents.id !== before?.id || contents.events !== before.events) {
      await mustBeWhole(log, contents.lastSeq)
      await mustBeItsBeginning(log, remote, contents.lastSeq)
    }
    return { writer, have: haveOf(contents) }
  } catch (error) {
    await writer.close().catch(() => {})
    throw error
  }
}

/** Another one made the log meanwhile. */
function orNull(error: unknown): null {
  if (error instanceof LogUsageError && error.code === 'exists') return null
  throw error
}

/** Sends what is missing, and with `follow` what is added, until the recording has ended. @throws Failure, as the store does. */
export async function ship(log: OpenLog, remote: RemoteLog, isFollowed: boolean, session: Session): Promise<Shipped> {
  const contents = await contentsOf(remote)
  await mustBeWhole(log, contents?.lastSeq ?? 0)
  await mustHoldAttachments(remote.store, log.reader)
  if (contents !== null) {
    await mustBeItsBeginning(log, remote, contents.lastSeq)
    await mendFrom(log, remote, { read: false }, session)
  }
  const said = (events: number): void => session.progress(events, `events shipped to ${remote.text}`)
  return session.interrupt.shield(async (signal) => {
    const { writer, have } = await writerOf(log, remote, contents)
    if (have.events > 0 && have.lastSeq < log.reader.lastSeq)
      session.note(`${remote.text} has the log up to event ${have.lastSeq}; going on from there`)
    tellRisk(await remote.store.contents(), remote, session)
    let copied: Copied = { events: 0, keyframes: 0, attachments: 0 }
    const isDone = (error: unknown): boolean => signal.aborted && (error as Error).name === 'AbortError'
    try {
      copied = await copyLog(log.reader, writer, have, { fold: foldVersion(), signal, onProgress: said })
      if (isFollowed) {
        await writer.flush('written')
        const beside = new BesideEvents(log, remote.store, writer, haveOf(await remote.store.contents()))
        const events = await follow(log, writer, have.events + copied.events, beside, signal, said)
        await untilSummary(log, signal)
        await beside.copy()
        const { attachments, keyframes } = beside
        copied = {
          events: copied.events + events,
          keyframes: copied.keyframes + keyframes,
          attachments: copied.attachments + attachments,
        }
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
