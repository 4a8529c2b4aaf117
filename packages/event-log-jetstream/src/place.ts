/** One log in a stream: where it is, and what it is. */
import { randomBytes } from 'node:crypto'
import { LogUsageError, type LogMeta } from '@devtrail/event-log'
import { checkedMeta, excerpt, type Fault } from '@devtrail/event-log/store'
import type { LogDamagedError } from '@devtrail/event-log'
import { OvertakenError } from './publish.ts'
import { damagedMessage, jsonBytes, putSealed, sealedJson } from './sealed.ts'
import { lastOf, type Stream } from './stream.ts'
import type { Subjects } from './subjects.ts'

/** How logs lie in streams: the version of README's Format. */
const LAYOUT = 1

export interface Place {
  readonly stream: Stream
  readonly host: string
  readonly subjects: Subjects
  /** How long a message is sent again and again while no server answers, in milliseconds. */
  readonly patienceMs: number
}

export interface Log extends Place {
  readonly meta: LogMeta
  readonly logId: Uint8Array
}

/** Damage of a message of the log. */
export function damagedIn({ stream, host }: Place): (fault: Fault, seq: number, cause?: unknown) => LogDamagedError {
  return (fault, seq, cause) => damagedMessage(`${stream.name}/${host}`, seq, fault, cause)
}

/** Makes the log. @throws LogUsageError `exists`, `bad-meta`. */
export async function createLog(place: Place, meta: LogMeta): Promise<Log> {
  const checked = checkedMeta(meta)
  const id = randomBytes(8)
  const { meta: subject, pieces } = place.subjects
  const content = jsonBytes({ ...checked, id: id.toString('hex'), layout: LAYOUT })
  try {
    await putSealed(place.stream, { subject, content, pieces, id: `${id.toString('hex')}.meta`, after: 0, patienceMs: place.patienceMs })
  } catch (error) {
    if (!(error instanceof OvertakenError)) throw error
    throw new LogUsageError('exists', `${place.stream.name}/${place.host} already holds a log; append to it or name another host`, {
      cause: error,
    })
  }
  return { ...place, meta: checked, logId: new Uint8Array(id) }
}

/** Says again what the log is, behind the message `after` that said it last. */
export async function renewMeta({ stream, subjects, meta, logId, patienceMs }: Log, after: number, id: string): Promise<void> {
  const content = jsonBytes({ ...meta, id: Buffer.from(logId).toString('hex'), layout: LAYOUT })
  await putSealed(stream, { subject: subjects.meta, content, pieces: subjects.pieces, id, after, patienceMs })
}

/** The log that is there. @throws LogUsageError `not-found`, `unsupported`; LogDamagedError. */
export async function findLog(place: Place): Promise<Log> {
  const { stream, host, subjects } = place
  const message = await lastOf(stream, subjects.meta)
  if (message === null) throw new LogUsageError('not-found', `there is no log of ${host} in the stream ${stream.name}`)
  const { id, layout, ...meta } = { ...((await sealedJson(stream, message)) as Record<string, unknown> | null) }
  if (typeof layout !== 'number') throw damagedIn(place)({ expected: "a log's meta", found: 'something else' }, message.seq)
  if (layout !== LAYOUT) {
    const says = `the log of ${host} in ${stream.name} is laid out by version ${layout}; this version of devtrail knows ${LAYOUT}: use a newer one`
    throw new LogUsageError('unsupported', says)
  }
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) {
    throw damagedIn(place)({ expected: 'an id of 16 hex digits', found: 'another' }, message.seq)
  }
  try {
    return { ...place, meta: checkedMeta(meta), logId: new Uint8Array(Buffer.from(id, 'hex')) }
  } catch (error) {
    if (error instanceof LogUsageError && error.code === 'unsupported') throw error
    throw damagedIn(place)({ expected: "a log's meta", found: excerpt(error) }, message.seq, error)
  }
}
