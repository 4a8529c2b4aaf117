/**
 * One writer at a time. Who writes says so in a message, answers while it lives, and takes it back when it closes. Whoever comes
 * and gets no answer takes over: from its first message on the server refuses what the other one still sends.
 */
import { randomUUID } from 'node:crypto'
import { LogUsageError } from '@devtrail/event-log'
import { NoRespondersError, RequestError, TimeoutError, type Subscription } from '@nats-io/transport-node'
import { endOfLog } from './block-index.ts'
import { fenceHeaders, type LogEnd } from './block-message.ts'
import type { Log } from './place.ts'
import { OvertakenError, publish } from './publish.ts'
import { jsonBytes, putSealed, sealedJson } from './sealed.ts'
import { lastOf } from './stream.ts'

const ANSWER_MS = 2000
/** How often it is tried to get behind the last message of a writer that is still sending. */
const TRIES = 20
const nothing = new Uint8Array(0)

export interface Lease {
  /** Who writes. */
  readonly id: string
  /** Where the log ends. */
  readonly end: LogEnd
  /** Number of the last message of `events`. */
  readonly last: number
  /** Says again who writes. */
  renew(): Promise<void>
  /** Lets the next writer in. */
  release(): Promise<void>
}

async function isAlive({ stream, subjects }: Log, writer: string): Promise<boolean> {
  try {
    await stream.connection.request(subjects.alive(writer), nothing, { timeout: ANSWER_MS })
    return true
  } catch (error) {
    // Somebody is there who does not get round to answering.
    if (error instanceof TimeoutError) return true
    if (error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())) return false
    throw error
  }
}

function lockedError({ stream, host }: Log): LogUsageError {
  return new LogUsageError('locked', `another writer has ${stream.name}/${host} open; close it first`)
}

/** Says who writes from now on. @returns the number of the message. @throws LogUsageError `locked`. */
async function take(log: Log, id: string): Promise<number> {
  const { stream, subjects, patienceMs } = log
  const message = await lastOf(stream, subjects.writer)
  if (message !== null) {
    const { writer } = (await sealedJson(stream, message)) as { writer?: unknown }
    if (typeof writer === 'string' && (await isAlive(log, writer))) throw lockedError(log)
  }
  const content = jsonBytes({ writer: id })
  const { writer: subject, pieces } = subjects
  try {
    return await putSealed(stream, { subject, content, pieces, id: `${id}.open`, after: message?.seq ?? 0, patienceMs })
  } catch (error) {
    throw error instanceof OvertakenError ? lockedError(log) : error
  }
}

/**
 * Puts a message behind the last one of `events`, after which no other writer's are taken. One that still sends is quicker now and then.
 * @throws LogUsageError `locked` when it always is.
 */
async function fence(log: Log, id: string): Promise<{ readonly end: LogEnd; readonly last: number }> {
  const { stream, subjects, logId, patienceMs } = log
  const until = performance.now() + patienceMs
  for (let tries = 1; ; tries++) {
    const { end, last: after } = await endOfLog(log)
    try {
      const last = await publish(stream, {
        subject: subjects.events,
        content: nothing,
        headers: fenceHeaders(logId, end),
        id: `${id}.fence.${tries}`,
        after,
        patienceMs,
      })
      return { end, last }
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error
      if (tries >= TRIES && performance.now() > until) throw lockedError(log)
    }
  }
}

async function answer(subscription: Subscription): Promise<void> {
  for await (const message of subscription) message.respond(nothing)
}

/** Becomes the writer of a log. @throws LogUsageError `locked`; LogDamagedError when its end is damaged. */
export async function acquireLease(log: Log): Promise<Lease> {
  const { stream, subjects, patienceMs } = log
  const id = randomUUID()
  const subscription = stream.connection.subscribe(subjects.alive(id))
  answer(subscription).catch(() => {})
  try {
    let opened = await take(log, id)
    let renewals = 0
    const { end, last } = await fence(log, id)
    let released: Promise<void> | null = null
    const release = async (): Promise<void> => {
      subscription.unsubscribe()
      const { writer: subject, pieces } = subjects
      // Where it cannot be said, nobody answers any more either.
      await putSealed(stream, {
        subject,
        content: jsonBytes({ writer: null }),
        pieces,
        id: `${id}.close`,
        after: opened,
        patienceMs: Math.min(patienceMs, 2000),
      }).catch(() => {})
    }
    const renew = async (): Promise<void> => {
      const { writer: subject, pieces } = subjects
      const content = jsonBytes({ writer: id })
      opened = await putSealed(stream, { subject, content, pieces, id: `${id}.renew.${++renewals}`, after: opened, patienceMs })
    }
    return { id, end, last, renew, release: () => (released ??= release()) }
  } catch (error) {
    subscription.unsubscribe()
    throw error
  }
}
