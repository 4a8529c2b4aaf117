/** Attachments: pieces, and a message that lists them once all are kept. */
import { LogUsageError, type AttachmentInfo } from '@devtrail/event-log'
import type { LogDamagedError } from '@devtrail/event-log'
import type { StoredMsg } from '@nats-io/jetstream'
import { arePieces, bytesOf, getPieces, putPieces, type Piece } from './pieces.ts'
import { damagedIn, type Place } from './place.ts'
import { OvertakenError } from './publish.ts'
import { jsonBytes, putSealed, sealedJson } from './sealed.ts'
import { lastOf, subjectsIn } from './stream.ts'
import { attachmentOf } from './subjects.ts'

interface Entry {
  readonly bytes: number
  readonly pieces: readonly Piece[]
}

function takenError(name: string): LogUsageError {
  return new LogUsageError('exists', `the log already has an attachment "${name}"`)
}

/** @throws LogUsageError `exists`. */
export async function putAttachment(
  place: Place,
  name: string,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  id: string,
): Promise<void> {
  const { stream, subjects, patienceMs } = place
  const subject = subjects.attachment(name)
  if ((await lastOf(stream, subject)) !== null) throw takenError(name)
  const pieces = await putPieces(stream, subjects.pieces, source, patienceMs)
  const content = jsonBytes({ bytes: bytesOf(pieces), pieces })
  try {
    await putSealed(stream, { subject, content, pieces: subjects.pieces, id: `${id}.attached.${name}`, after: 0, patienceMs })
  } catch (error) {
    throw error instanceof OvertakenError ? takenError(name) : error
  }
}

async function entryOf(place: Place, message: StoredMsg): Promise<Entry> {
  const entry = { ...((await sealedJson(place.stream, message)) as Partial<Entry> | null) }
  if (!arePieces(entry.pieces) || bytesOf(entry.pieces) !== entry.bytes) {
    throw damagedIn(place)({ expected: 'an attachment', found: 'something else' }, message.seq)
  }
  return entry as Entry
}

/** Puts an attachment, all of it, behind what came since. @throws LogDamagedError when a piece of it is gone. */
export async function renewAttachment(place: Place, message: StoredMsg, id: string): Promise<void> {
  const { stream, subjects, patienceMs } = place
  const { bytes, pieces } = await entryOf(place, message)
  const damaged: (fault: { expected: string; found: string }, seq: number) => LogDamagedError = damagedIn(place)
  const again = await putPieces(stream, subjects.pieces, getPieces(stream, pieces, damaged), patienceMs)
  const content = jsonBytes({ bytes, pieces: again })
  await putSealed(stream, { subject: message.subject, content, pieces: subjects.pieces, id, after: message.seq, patienceMs })
}

/** Those there are, sorted by name. */
export async function listAttachments(place: Place): Promise<AttachmentInfo[]> {
  const { stream, subjects } = place
  const found: AttachmentInfo[] = []
  for (const subject of await subjectsIn(stream, subjects.attachments)) {
    const name = attachmentOf(subject)
    const message = name === null ? null : await lastOf(stream, subject)
    if (name !== null && message !== null) found.push({ name, bytes: (await entryOf(place, message)).bytes })
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** How large an attachment is, and its pieces, each checked. @throws LogUsageError `not-found`; LogDamagedError. */
export async function findAttachment(
  place: Place,
  name: string,
): Promise<{ readonly bytes: number; readonly pieces: AsyncIterable<Uint8Array> }> {
  const { stream, subjects } = place
  const message = await lastOf(stream, subjects.attachment(name))
  if (message === null) throw new LogUsageError('not-found', `the log has no attachment "${name}"`)
  const { bytes, pieces } = await entryOf(place, message)
  const damaged: (fault: { expected: string; found: string }, seq: number) => LogDamagedError = damagedIn(place)
  return { bytes, pieces: getPieces(stream, pieces, damaged) }
}
