/**
 * What the header of a message of `events` says: of a block its number, which events it holds and where they lie in time, so that
 * blocks are passed over unread; or that another writer goes on from here. It has a checksum of its own.
 */
import { crc32 } from 'node:zlib'
import type { MsgHdrs } from '@nats-io/transport-node'
import type { StandaloneInfo } from '@devtrail/event-log/store'

const INFO = 'Devtrail-Block'
const INFO_CRC = 'Devtrail-Block-Crc'
/** Blanks at the end of a header are not kept. */
const NONE = '-'

/** Where the log ends behind a message. */
export interface LogEnd {
  /** Blocks of the log. */
  readonly blocks: number
  /** Its events, the baseline included. */
  readonly index: number
  readonly lastSeq: number
}

export const EMPTY: LogEnd = { blocks: 0, index: 0, lastSeq: 0 }

/** A block, and the message that holds it. */
export interface BlockInfo extends StandaloneInfo {
  readonly number: number
  /** Number of its message in the stream. */
  readonly seq: number
  /** The same block, put again: where this one's message is damaged. */
  readonly again?: BlockInfo
}

/** What says where the log ends: a block, or a fence. */
export type EndMessage = { readonly kind: 'block'; readonly block: BlockInfo } | { readonly kind: 'fence'; readonly end: LogEnd }
/** `foreign`: no writer of logs made it. */
export type EventsMessage = EndMessage | { readonly kind: 'foreign' }

function crcOf(logId: Uint8Array, text: string): string {
  return String(crc32(Buffer.from(text), crc32(logId)))
}

function headersOf(logId: Uint8Array, numbers: readonly (number | null)[]): Record<string, string> {
  const text = numbers.map((n) => n ?? NONE).join(' ')
  return { [INFO]: text, [INFO_CRC]: crcOf(logId, text) }
}

export function blockHeaders(logId: Uint8Array, number: number, info: StandaloneInfo): Record<string, string> {
  const { count, firstIndex, lastSeq, minTime, maxTime, deviceMask, entries } = info
  const numbers = [number, count, firstIndex, lastSeq, minTime, maxTime, deviceMask, entries?.first ?? null, entries?.last ?? null]
  return headersOf(logId, numbers)
}

export function fenceHeaders(logId: Uint8Array, { blocks, index, lastSeq }: LogEnd): Record<string, string> {
  return headersOf(logId, [blocks, index, lastSeq])
}

/** What a message of `events` is; null when its header is not as it was written. */
export function readEventsMessage(
  logId: Uint8Array,
  { seq, headers }: { seq: number; headers: MsgHdrs | undefined },
): EventsMessage | null {
  if (headers?.has(INFO) !== true && headers?.has(INFO_CRC) !== true) return { kind: 'foreign' }
  const text = headers.get(INFO)
  if (headers.get(INFO_CRC) !== crcOf(logId, text)) return null
  const words = text.split(' ')
  const numbers = words.map((word) => (word === NONE ? null : Number(word)))
  if (!numbers.every((n) => n === null || Number.isSafeInteger(n))) return null
  const [a = null, b = null, c = null, lastSeq = null, minTime = null, maxTime = null, deviceMask = null, first = null, last = null] =
    numbers
  if (a === null || b === null || c === null) return null
  if (numbers.length === 3) return { kind: 'fence', end: { blocks: a, index: b, lastSeq: c } }
  if (numbers.length !== 9 || lastSeq === null || minTime === null || maxTime === null || deviceMask === null || b < 1) return null
  const entries = first === null || last === null ? null : { first, last }
  return { kind: 'block', block: { number: a, count: b, firstIndex: c, lastSeq, minTime, maxTime, deviceMask, entries, seq } }
}

export function endOf(message: EndMessage): LogEnd {
  if (message.kind === 'fence') return message.end
  const { number, firstIndex, count, lastSeq } = message.block
  return { blocks: number, index: firstIndex + count, lastSeq }
}
