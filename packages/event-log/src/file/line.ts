/**
 * One stored event: `JSON TAB CRC NEWLINE`. CRC is the CRC-32 (the one of zip and gzip) of the JSON's bytes as 8
 * lower-case hex digits. The JSON holds no raw tab or newline (they are escaped in strings) and starts with `{"seq":N,`.
 */
import { isUtf8 } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { Json } from '@devtrail/events'
import { LogUsageError } from '../errors.ts'
import { EVENT_BYTES_MAX } from '../limits.ts'

const TAB = 0x09
const FRAME_BYTES = 9
const SEQ_PREFIX = Buffer.from('{"seq":')
const SEQ_DIGITS_MAX = 16

export const NEWLINE = 0x0a

/** A checksum as it stands in files. */
export function hexCrc(bytes: Uint8Array | string): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}

/** The line of one event, newline included. @throws LogUsageError `bad-event` past EVENT_BYTES_MAX. */
export function encodeLine(json: { readonly [field: string]: Json }): string {
  const text = JSON.stringify(json)
  // A UTF-16 unit is 3 bytes of UTF-8 at most: only a text near the limit has to be measured.
  if (text.length * 3 + FRAME_BYTES > EVENT_BYTES_MAX) {
    const bytes = Buffer.byteLength(text) + FRAME_BYTES
    if (bytes > EVENT_BYTES_MAX) {
      throw new LogUsageError(
        'bad-event',
        `event ${JSON.stringify(json['seq'])} cannot be stored: it takes ${bytes} bytes, an event may take ${EVENT_BYTES_MAX}`,
      )
    }
  }
  return `${text}\t${hexCrc(text)}\n`
}

/** What is wrong with a line. */
export interface Fault {
  readonly expected: string
  readonly found: string
}

/** A line whose checksum is right. */
export interface Frame {
  readonly seq: number
  readonly json: Buffer
}

function printable(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1'))
}

function seqOf(json: Buffer): number | null {
  if (!json.subarray(0, SEQ_PREFIX.length).equals(SEQ_PREFIX)) return null
  let seq = 0
  for (let at = SEQ_PREFIX.length; at <= SEQ_PREFIX.length + SEQ_DIGITS_MAX; at++) {
    const c = json[at]!
    if (c === 0x2c) return at > SEQ_PREFIX.length && Number.isSafeInteger(seq) ? seq : null
    if (!(c >= 0x30 && c <= 0x39)) return null
    seq = seq * 10 + c - 0x30
  }
  return null
}

/** Checks a line (without its newline). */
export function checkLine(bytes: Buffer): Frame | Fault {
  const tab = bytes.length - FRAME_BYTES
  if (tab < 0 || bytes[tab] !== TAB) {
    return {
      expected: "a tab and 8 hex digits of checksum at the line's end",
      found: printable(bytes.subarray(-FRAME_BYTES)),
    }
  }
  const json = bytes.subarray(0, tab)
  const stored = bytes.toString('latin1', tab + 1)
  const actual = hexCrc(json)
  if (stored !== actual) return { expected: `checksum ${printable(bytes.subarray(tab + 1))}`, found: actual }
  if (!isUtf8(json)) return { expected: 'UTF-8', found: 'other bytes under a right checksum' }
  const seq = seqOf(json)
  if (seq === null) return { expected: '{"seq":NUMBER, at the line\'s start', found: printable(json.subarray(0, 24)) }
  return { seq, json }
}

export function isFault(checked: Frame | Fault): checked is Fault {
  return 'found' in checked
}

/**
 * Why bytes after the last newline are no torn line, or null when they are one. A torn line is a beginning of a line;
 * a whole line with one byte after it is a line whose newline was changed.
 */
export function faultOfTail(bytes: Buffer): Fault | null {
  if (bytes.length <= FRAME_BYTES || isFault(checkLine(bytes.subarray(0, -1)))) return null
  return { expected: "a newline at the line's end", found: printable(bytes.subarray(-1)) }
}
