/** Messages that are there exactly once, however often they had to be sent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import { headers, TimeoutError } from '@nats-io/transport-node'
import { isForGood, StreamError, told } from './refusals.ts'
import { STREAM_NOT_FOUND, WRONG_LAST_SEQUENCE, codeOf, lastOf, messageAt, type OnWaiting, type Stream } from './stream.ts'

const ACK_MS = 2000
const MESSAGE_ID = 'Nats-Msg-Id'
const PAUSE_MS = 50
const PAUSE_MS_MAX = 2000
/** A server that has just started, or a new leader, may not know of all yet: so often it has to say that there is nothing. */
const GONE_TRIES = 6

export interface Publishing {
  readonly subject: string
  readonly content: Uint8Array
  /** By which the server, and who looks later, knows it when it is sent again. */
  readonly id: string
  readonly headers?: Readonly<Record<string, string>>
  /** The number of the subject's last message, 0 for none: with another one the message is refused. */
  readonly after?: number
  /** The id of the stream's last message, whatever its subject: with another one the message is refused. */
  readonly behind?: string
  /** How long it is sent again and again while no server answers, in milliseconds. */
  readonly patienceMs: number
}

/** Another message came between: whoever sent it was sooner. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
  /** The message that is the last one of the subject: its number, and its id. */
  readonly seq: number
  readonly id: string

  constructor(message: string, { seq, id }: { readonly seq: number; readonly id: string }, options?: ErrorOptions) {
    super(message, options)
    this.seq = seq
    this.id = id
  }
}

/** Sends a message once. @returns its number in the stream. */
export async function publishOnce(
  stream: Stream,
  { subject, content, id, after, behind, ...more }: Omit<Publishing, 'patienceMs'>,
): Promise<number> {
  const head = headers()
  for (const [name, value] of Object.entries(more.headers ?? {})) head.set(name, value)
  const expect = {
    streamName: stream.name,
    ...(after !== undefined && { lastSubjectSequence: after }),
    ...(behind !== undefined && { lastMsgID: behind }),
  }
  const { seq, duplicate } = await stream.client.publish(subject, content, {
    msgID: id,
    headers: head,
    timeout: ACK_MS,
    retries: 1,
    expect,
  })
  // A server that lost its leader knows ids of messages that did not come to be kept.
  if (duplicate && (await messageAt(stream, seq))?.header.get(MESSAGE_ID) !== id) {
    throw new TimeoutError({ cause: new Error(`message ${seq} is said to be ${id}, and is not`) })
  }
  return seq
}

/** Sends a message until a server says that it is kept. @returns its number in the stream. @throws OvertakenError, or as the server refuses. */
export async function publish(stream: Stream, { patienceMs, ...publishing }: Publishing): Promise<number> {
  const { subject, id } = publishing
  const begin = performance.now()
  const end = begin + patienceMs
  /** How often in a row the server said that what is asked for is not there at all. */
  let gone = 0
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
    try {
      return await publishOnce(stream, publishing)
    } catch (error) {
      if (codeOf(error) === WRONG_LAST_SEQUENCE) {
        const last = await lastOf(stream, subject).catch(() => undefined)
        const lastId = last?.header.get(MESSAGE_ID) ?? ''
        // An earlier try got through after all.
        if (last != null && lastId === id) return last.seq
        gone = last === null ? gone + 1 : 0
        if (last != null || gone === GONE_TRIES || performance.now() > end) {
          throw new OvertakenError(`another message of ${subject} came first`, { seq: last?.seq ?? 0, id: lastId }, { cause: error })
        }
      } else {
        if (!mayPass(error) || performance.now() > end || stream.connection.isClosed()) throw told(error, stream.name)
        gone = (await isStreamGone(stream)) ? gone + 1 : 0
        if (gone === GONE_TRIES)
          throw new StreamError('gone', `the stream ${stream.name} was deleted; begin the log anew, which makes the stream again`, {
            cause: error,
          })
      }
    }
    stream.onWaiting?.(performance.now() - begin)
    await sleep(pause)
  }
}

/** Whether the servers say for sure that there is no such stream. */
const isStreamGone = ({ manager, name }: Stream): Promise<boolean> =>
  manager.streams.info(name).then(
    () => false,
    (error: unknown) => codeOf(error) === STREAM_NOT_FOUND,
  )

/** Whether it may go better later: no answer, no leader; not a refusal. */
function mayPass(error: unknown): boolean {
  const known = told(error, '')
  if (known instanceof StreamError && known.code === 'forbidden') return false
  if (error instanceof StreamError) return error.code === 'unreachable'
  return !(error instanceof JetStreamApiError) || (error.status >= 500 && !isForGood(error))
}

/** Asks again and again while no server answers, or there is no leader. @throws as `work`. */
export async function patiently<T>(
  { patienceMs, onWaiting, stream }: { readonly patienceMs: number; readonly onWaiting: OnWaiting; readonly stream: string },
  isClosed: () => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const begin = performance.now()
  const end = begin + patienceMs
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
    try {
      return await work()
    } catch (error) {
      const isKnown = error instanceof StreamError || error instanceof JetStreamApiError || error instanceof TimeoutError
      if (!isKnown || !mayPass(error) || performance.now() > end || isClosed()) throw told(error, stream)
    }
    onWaiting?.(performance.now() - begin)
    await sleep(pause)
  }
}
