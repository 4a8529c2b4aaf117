/** JSON and bytes as messages: with a checksum, and by pieces where they are too large for one. */
import { crc32 } from 'node:zlib'
import { LogDamagedError } from '@devtrail/event-log'
import type { Fault } from '@devtrail/event-log/store'
import type { StoredMsg } from '@nats-io/jetstream'
import { arePieces, bytesOf, getPieces, joined, putPieces, type Piece } from './pieces.ts'
import { publish, type Publishing } from './publish.ts'
import type { Stream } from './stream.ts'

const CRC = 'Devtrail-Crc'
const IN_PIECES = 'Devtrail-Pieces'
/** Bytes of what is one message, in pieces or not, at most: more than a block, a meta or the table of a keyframe can be. */
const CONTENT_BYTES_MAX = 256 * 1024 * 1024
const encoder = new TextEncoder()

/** Damage of a message. */
export function damagedMessage(stream: string, seq: number, fault: Fault, cause?: unknown): LogDamagedError {
  const todo =
    'devtrail verify nats://SERVER/STREAM/HOST names all that is damaged, and devtrail repair nats://SERVER/STREAM/HOST --from LOG puts it again, LOG being the log where it was recorded'
  return new LogDamagedError({ file: `${stream} message ${seq}`, line: null, offset: 0, ...fault, todo }, { cause })
}

export interface SealedPublishing extends Publishing {
  /** Where pieces go. */
  readonly pieces: string
}

/** Bytes as a message has them: with a checksum, and where they are too many as pieces, which are sent before. */
export async function sealedMessage(
  stream: Stream,
  { content, headers, pieces, patienceMs }: Pick<SealedPublishing, 'content' | 'headers' | 'pieces' | 'patienceMs'>,
): Promise<{ readonly content: Uint8Array; readonly headers: Readonly<Record<string, string>> }> {
  const head = { ...headers, [CRC]: String(crc32(content)) }
  if (content.length <= stream.contentBytes) return { content, headers: head }
  const list = await putPieces(stream, pieces, [content], patienceMs)
  return { content: encoder.encode(JSON.stringify(list)), headers: { ...head, [IN_PIECES]: String(content.length) } }
}

/** Sends bytes with a checksum, by pieces where they are too many. @throws as `publish`. */
export async function putSealed(stream: Stream, { pieces, ...publishing }: SealedPublishing): Promise<number> {
  return publish(stream, { ...publishing, ...(await sealedMessage(stream, { ...publishing, pieces })) })
}

/** The bytes of a message that was sent so, checked. @throws LogDamagedError. */
export async function sealedContent(
  stream: Stream,
  { seq, data, header }: Pick<StoredMsg, 'seq' | 'data' | 'header'>,
): Promise<Uint8Array> {
  const damaged = (fault: Fault, at = seq, cause?: unknown): LogDamagedError => damagedMessage(stream.name, at, fault, cause)
  let content = data
  if (header.has(IN_PIECES)) {
    const parts: Uint8Array[] = []
    for await (const part of getPieces(stream, listed(data, header.get(IN_PIECES), damaged), damaged)) parts.push(part)
    content = joined(parts)
  }
  if (header.get(CRC) !== String(crc32(content))) throw damaged({ expected: 'a message', found: 'one with a wrong checksum' })
  return content
}

function listed(
  data: Uint8Array,
  total: string,
  damaged: (fault: Fault, at?: number, cause?: unknown) => LogDamagedError,
): readonly Piece[] {
  const list = parsed(data, damaged)
  if (!arePieces(list)) throw damaged({ expected: 'a list of pieces', found: 'something else' })
  const bytes = bytesOf(list)
  if (String(bytes) !== total || bytes > CONTENT_BYTES_MAX)
    throw damaged({ expected: `pieces of ${total.slice(0, 20)} bytes, ${CONTENT_BYTES_MAX} at most`, found: `pieces of ${bytes}` })
  return list
}

function parsed(data: Uint8Array, damaged: (fault: Fault, at?: number, cause?: unknown) => LogDamagedError): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch (error) {
    throw damaged({ expected: 'JSON', found: 'other bytes' }, undefined, error)
  }
}

export function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}

/** The JSON of a message. @throws LogDamagedError. */
export async function sealedJson(stream: Stream, message: Pick<StoredMsg, 'seq' | 'data' | 'header'>): Promise<unknown> {
  return parsed(await sealedContent(stream, message), (fault, at = message.seq, cause) => damagedMessage(stream.name, at, fault, cause))
}
