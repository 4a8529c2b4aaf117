/** Messages that are there exactly once, however often they had to be sent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { isForGood, told } from './refusals.ts'
import { WRONG_LAST_SEQUENCE, codeOf, lastOf, type Stream } from './stream.ts'

const ACK_MS = 2000
const PAUSE_MS = 50
const PAUSE_MS_MAX = 2000

export interface Publishing {
  readonly subject: string
  readonly content: Uint8Array
  /** By which the server, and who looks later, knows it when it is sent again. */
  readonly id: string
  readonly headers?: Readonly<Record<string, string>>
  /** The number of the subject's last message, 0 for none: with another one the message is refused. */
  readonly after?: number
  /** How long it is sent again and again while no server answers, in milliseconds. */
  readonly patienceMs: number
}

/** Another message came between: whoever sent it was sooner. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/** Sends a message until a server says that it is kept. @returns its number in the stream. @throws OvertakenError, or as the server refuses. */
export async function publish(stream: Stream, publishing: Publishing): Promise<number> {
  const { subject, content, id, after, patienceMs } = publishing
  const head = headers()
  for (const [name, value] of Object.entries(publishing.headers ?? {})) head.set(name, value)
  const end = Date.now() + patienceMs
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
    try {
      const expect = after === undefined ? { streamName: stream.name } : { streamName: stream.name, lastSubjectSequence: after }
      return (await stream.client.publish(subject, content, { msgID: id, headers: head, timeout: ACK_MS, retries: 1, expect })).seq
    } catch (error) {
      if (codeOf(error) === WRONG_LAST_SEQUENCE) {
        const last = await lastOf(stream, subject)
        // An earlier try got through after all.
        if (last?.header.get('Nats-Msg-Id') === id) return last.seq
        throw new OvertakenError(`another message of ${subject} came first`, { cause: error })
      }
      if (!mayPass(error) || Date.now() > end || stream.connection.isClosed()) throw told(error, stream.name)
    }
    await sleep(pause)
  }
}

/** Whether it may go better later: no answer, no leader; not a refusal. */
function mayPass(error: unknown): boolean {
  return !(error instanceof JetStreamApiError) || (error.status >= 500 && !isForGood(error))
}
