/** What is too large for one message: pieces, each with its checksum, and a list of where they are. */
import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { LogDamagedError } from '@devtrail/event-log'
import type { Fault } from '@devtrail/event-log/store'
import { publish } from './publish.ts'
import { messageAt, type Stream } from './stream.ts'

/** Number of its message in the stream, bytes, checksum. */
export type Piece = readonly [seq: number, bytes: number, crc: number]

/** Whether somebody's JSON is a list of pieces. */
export function arePieces(value: unknown): value is readonly Piece[] {
  return Array.isArray(value) && value.every(isPiece)
}

const isPiece = (piece: unknown): boolean =>
  Array.isArray(piece) && piece.length === 3 && piece.every((n) => Number.isSafeInteger(n) && n >= 0)

/** Bytes of all of them. */
export const bytesOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, [, bytes]) => sum + bytes, 0)

/** Pieces that are asked for at once. */
const AT_ONCE = 4

async function* regular(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(size)
  let used = 0
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      const some = bytes.subarray(at, at + size - used)
      piece.set(some, used)
      at += some.length
      used += some.length
      if (used < size) continue
      yield piece
      piece = new Uint8Array(size)
      used = 0
    }
  }
  if (used > 0) yield piece.subarray(0, used)
}

/** Keeps bytes as pieces. Nobody finds them before their list is kept, too. */
export async function putPieces(
  stream: Stream,
  subject: string,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  patienceMs: number,
): Promise<Piece[]> {
  const pieces: Piece[] = []
  const id = randomUUID()
  for await (const content of regular(source, stream.contentBytes)) {
    const seq = await publish(stream, { subject, content, id: `${id}.${pieces.length}`, patienceMs })
    pieces.push([seq, content.length, crc32(content)])
  }
  return pieces
}

/** The pieces in order, each checked. @param damaged makes the error for piece `i`. @throws LogDamagedError. */
export async function* getPieces(
  stream: Stream,
  pieces: readonly Piece[],
  damaged: (fault: Fault, seq: number) => LogDamagedError,
): AsyncGenerator<Uint8Array> {
  const asked = pieces.slice(0, AT_ONCE).map(([seq]) => messageAt(stream, seq))
  for (const ahead of asked) ahead.catch(() => {})
  for (const [i, [seq, bytes, crc]] of pieces.entries()) {
    const found = await asked[i]!
    const next = pieces[i + AT_ONCE]
    if (next !== undefined) asked.push(messageAt(stream, next[0]))
    asked.at(-1)!.catch(() => {})
    if (found === null) throw damaged({ expected: `a piece of ${bytes} bytes`, found: 'no such message' }, seq)
    if (found.data.length !== bytes) throw damaged({ expected: `a piece of ${bytes} bytes`, found: `${found.data.length}` }, seq)
    if (crc32(found.data) !== crc) throw damaged({ expected: `a piece of ${bytes} bytes`, found: 'one with a wrong checksum' }, seq)
    yield found.data
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
