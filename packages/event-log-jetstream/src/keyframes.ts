/**
 * Keyframes: the parts that changed as pieces, and a message that says where each part is, the older ones too; so one is read
 * without the others.
 */
import { crc32 } from 'node:zlib'
import { KEYFRAME_BYTES_MAX, type Keyframe, type LogDamagedError } from '@devtrail/event-log'
import { keyframeExists, mustFit, noSuchKeyframe, withChanges, type Fault, type TakenKeyframe } from '@devtrail/event-log/store'
import { arePieces, bytesOf, getPieces, joined, putPieces, type Piece } from './pieces.ts'
import { damagedIn, type Place } from './place.ts'
import { OvertakenError } from './publish.ts'
import { jsonBytes, putSealed, sealedJson } from './sealed.ts'
import { lastOf, subjectsIn } from './stream.ts'
import { keyframeOf } from './subjects.ts'
import type { StoredMsg } from '@nats-io/jetstream'

/** Where a part is: the keyframe that it came with, its place among the bytes of that one, its checksum. */
type Part = readonly [of: number, offset: number, bytes: number, crc: number]

/** Keyframes that one has parts of come with bytes that it has none of: so many times as it may have itself, at most. */
const OLDER_MAX = 4

interface Table {
  readonly seq: number
  /** Events of the log up to it. */
  readonly events: number
  /** The pieces of this keyframe and of those that it has parts of. */
  readonly pieces: Readonly<Record<string, readonly Piece[]>>
  readonly parts: readonly (readonly [name: string, part: Part])[]
}

async function tableOf(place: Place, fold: string, seq: number): Promise<Table | null> {
  const { stream, subjects } = place
  const message = await lastOf(stream, subjects.keyframe(fold, seq))
  if (message === null) return null
  const table: unknown = await sealedJson(stream, message)
  if (isTable(table) && table.seq === seq) return table
  throw damagedIn(place)({ expected: `a keyframe at seq ${seq}`, found: 'something else' }, message.seq)
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** Whether somebody's JSON is a table, of no more than a keyframe may have. */
function isTable(value: unknown): value is Table {
  if (typeof value !== 'object' || value === null) return false
  const { seq, events, pieces, parts } = value as Partial<Record<keyof Table, unknown>>
  if (!isCount(seq) || !isCount(events) || typeof pieces !== 'object' || pieces === null || !Array.isArray(parts)) return false
  const lists: unknown[] = Object.values(pieces)
  if (!lists.every(arePieces) || lists.reduce((sum, list) => sum + bytesOf(list), 0) > KEYFRAME_BYTES_MAX * OLDER_MAX) return false
  return parts.every((part: unknown) => {
    if (!Array.isArray(part) || part.length !== 2 || typeof part[0] !== 'string') return false
    const where: unknown = part[1]
    return Array.isArray(where) && where.length === 4 && where.every(isCount)
  })
}

/** Keeps a keyframe of `events` events. @throws LogUsageError `exists`, `not-found`, `bad-keyframe`; LogDamagedError. */
export async function putKeyframe(
  place: Place,
  { fold, seq, since, changes }: TakenKeyframe,
  events: number,
  writer: string,
): Promise<void> {
  const { stream, subjects, patienceMs } = place
  const subject = subjects.keyframe(fold, seq)
  if ((await lastOf(stream, subject)) !== null) throw keyframeExists(fold, seq)
  if (stream.letsGo && since !== null) {
    // Its older parts would be gone first: it gets all of its own.
    const before = await getKeyframe(place, fold, since, null)
    if (before === null) throw noSuchKeyframe(fold, since)
    return putKeyframe(place, { fold, seq, since: null, changes: withChanges(before.parts, changes) }, events, writer)
  }
  const base = since === null ? null : await tableOf(place, fold, since)
  if (since !== null && base === null) throw noSuchKeyframe(fold, since)
  let offset = 0
  const changed = new Map<string, Part | null>()
  const own: Uint8Array[] = []
  for (const [name, bytes] of changes) {
    changed.set(name, bytes && [seq, offset, bytes.length, crc32(bytes)])
    if (bytes === null) continue
    own.push(bytes)
    offset += bytes.length
  }
  const parts = [...withChanges<Part>(base?.parts ?? [], changed)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  mustFit(
    parts.length,
    parts.reduce((sum, [, [, , bytes]]) => sum + bytes, 0),
  )
  const pieces: Record<string, readonly Piece[]> = { [seq]: await putPieces(stream, subjects.pieces, own, patienceMs) }
  for (const [, [of]] of parts) pieces[of] ??= base!.pieces[of]!
  const table: Table = { seq, events, pieces, parts }
  try {
    const id = `${writer}.keyframe.${fold}.${seq}`
    await putSealed(stream, { subject, content: jsonBytes(table), pieces: subjects.pieces, id, after: 0, patienceMs })
  } catch (error) {
    throw error instanceof OvertakenError ? keyframeExists(fold, seq) : error
  }
}

/** Puts a keyframe, with all its parts, behind what came since. @throws LogDamagedError when a piece of it is gone. */
export async function renewKeyframe(place: Place, message: StoredMsg, id: string): Promise<void> {
  const { stream, subjects, patienceMs } = place
  const { fold, seq } = keyframeOf(message.subject)!
  const table = await tableOf(place, fold, seq)
  const keyframe = await getKeyframe(place, fold, seq, null)
  if (table === null || keyframe === null) return
  let offset = 0
  const parts = [...keyframe.parts].map(([name, bytes]): readonly [string, Part] => {
    offset += bytes.length
    return [name, [seq, offset - bytes.length, bytes.length, crc32(bytes)]]
  })
  const pieces = { [seq]: await putPieces(stream, subjects.pieces, keyframe.parts.values(), patienceMs) }
  const content = jsonBytes({ ...table, pieces, parts } satisfies Table)
  await putSealed(stream, { subject: message.subject, content, pieces: subjects.pieces, id, after: message.seq, patienceMs })
}

/** The `seq` of each keyframe of a fold, ascending. */
export async function listKeyframes({ stream, subjects }: Place, fold: string): Promise<number[]> {
  const found = await subjectsIn(stream, subjects.keyframes(fold))
  return found.flatMap((subject) => keyframeOf(subject)?.seq ?? []).toSorted((a, b) => a - b)
}

/** A keyframe with all its parts, each checked; null when there is none. @param events how many there should be up to it. @throws LogDamagedError. */
export async function getKeyframe(place: Place, fold: string, seq: number, events: number | null): Promise<Keyframe | null> {
  const table = await tableOf(place, fold, seq)
  if (table === null) return null
  const message = Object.values(table.pieces).flat().at(0)?.[0] ?? 0
  const damaged = (fault: Fault, at = message): LogDamagedError => damagedIn(place)(fault, at)
  if (events !== null && table.events !== events)
    throw damaged({ expected: `a keyframe of ${events} events`, found: `one of ${table.events}` })
  const bytesBy = new Map<number, Uint8Array>()
  for (const of of new Set(table.parts.map(([, part]) => part[0]))) {
    const pieces: Uint8Array[] = []
    for await (const piece of getPieces(place.stream, table.pieces[of] ?? [], damaged)) pieces.push(piece)
    bytesBy.set(of, joined(pieces))
  }
  const parts = new Map<string, Uint8Array>()
  for (const [name, [of, offset, length, crc]] of table.parts) {
    const bytes = bytesBy.get(of)!.slice(offset, offset + length)
    if (bytes.length !== length || crc32(bytes) !== crc) throw damaged({ expected: `part "${name}"`, found: 'a wrong checksum' })
    parts.set(name, bytes)
  }
  return { seq, parts }
}
