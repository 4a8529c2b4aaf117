/**
 * What every block of a segment is wrapped in: 48 bytes of header, then the body. Two checksums, so that after damage
 * the next block is found without trusting a length: one over the header, one over the body. Both start from the log's
 * identity, the segment's number and the block's place, so that no other bytes, however they came there (an attachment, a
 * string, an old file's sectors), are ever taken for a block.
 */
import type { Crc32 } from './crc32.ts'
import type { Decompress } from './decompress.ts'

export const FRAME_BYTES = 48
export const FRAME_MAGIC = 0x4b425444 // "DTBK"
export const FRAME_VERSION = 2
/** Of blocks whose body is stored compressed. */
export const COMPRESSED_VERSION = 3
/** Blocks start at multiples of this. */
export const FRAME_ALIGN = 8

/** Bytes of one block's body at most; more is damage, never an allocation. */
export const BODY_BYTES_MAX = 128 * 1024 * 1024
/** Events of one block at most. */
export const BLOCK_EVENTS_MAX = 65_536
/** Values of fields in one block at most: a column that is all the same takes two bytes, however many events it is of. */
export const BLOCK_VALUES_MAX = 1 << 20

export const EVENTS = 1
export const INDEX = 2

/** Where a block stands: what its checksums start from. */
export interface Place {
  /** 8 bytes that the log was given at its creation. */
  readonly logId: Uint8Array
  /** Number of the segment, from 1. */
  readonly segment: number
  readonly crc32: Crc32
  /** Null: compressed blocks cannot be read. */
  readonly decompress: Decompress | null
}

export interface Frame {
  readonly kind: number
  /** Bytes of the body as it is stored. */
  readonly bodyBytes: number
  /** Bytes of the body when it is stored compressed, else 0. */
  readonly rawBytes: number
  readonly bodyCrc: number
  /** What the body was xored with, byte for byte, so that no sector of it is all zero. */
  readonly mask: number
  /** Events in the block. */
  readonly count: number
  /** Events of the log before this block, the baseline included. */
  readonly firstIndex: number
  /** `seq` of the last event. */
  readonly lastSeq: number
  /** Bytes of this segment that were durable when the block was written. */
  readonly synced: number
}

const seedBytes = new Uint8Array(16)
const seedView = new DataView(seedBytes.buffer)
/** A block's header and its body start from the same. */
let last: { readonly place: Place; readonly offset: number; readonly seed: number } | null = null

function seed(place: Place, offset: number): number {
  if (last !== null && last.place === place && last.offset === offset) return last.seed
  seedBytes.set(place.logId, 0)
  seedView.setUint32(8, place.segment, true)
  seedView.setUint32(12, offset, true)
  last = { place, offset, seed: place.crc32(seedBytes) }
  return last.seed
}

/** The checksum of a body as it is stored. */
export function bodyCrc(place: Place, offset: number, body: Uint8Array): number {
  return place.crc32(body, seed(place, offset))
}

function setU53(view: DataView, at: number, n: number): void {
  view.setUint32(at, n % 2 ** 32, true)
  view.setUint32(at + 4, Math.floor(n / 2 ** 32), true)
}

function getU53(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
}

const headerBytes = new Uint8Array(FRAME_BYTES)
const headerView = new DataView(headerBytes.buffer)
const checkedBytes = headerBytes.subarray(8)

/** Writes a header to the first bytes of `into`. */
export function writeFrame(into: Uint8Array, place: Place, offset: number, frame: Frame): void {
  const view = headerView
  view.setUint32(0, FRAME_MAGIC, true)
  view.setUint32(8, frame.bodyCrc, true)
  view.setUint32(12, frame.bodyBytes, true)
  view.setUint32(16, frame.count, true)
  view.setUint8(20, frame.kind)
  view.setUint8(21, frame.mask)
  view.setUint16(22, frame.rawBytes === 0 ? FRAME_VERSION : COMPRESSED_VERSION, true)
  setU53(view, 24, frame.firstIndex)
  setU53(view, 32, frame.lastSeq)
  view.setUint32(40, frame.synced, true)
  view.setUint32(44, frame.rawBytes, true)
  view.setUint32(4, place.crc32(checkedBytes, seed(place, offset)), true)
  into.set(headerBytes)
}

/** The header at the start of `bytes`, or what is wrong with it. */
export function readFrame(bytes: Uint8Array, place: Place, offset: number): Frame | string {
  if (bytes.length < FRAME_BYTES) return `a block's header cut after ${bytes.length} bytes`
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_BYTES)
  if (view.getUint32(0, true) !== FRAME_MAGIC) return 'other bytes'
  const crc = place.crc32(bytes.subarray(8, FRAME_BYTES), seed(place, offset))
  if (view.getUint32(4, true) !== crc) return 'a header with a wrong checksum'
  const frame: Frame = {
    kind: view.getUint8(20),
    bodyBytes: view.getUint32(12, true),
    rawBytes: view.getUint32(44, true),
    bodyCrc: view.getUint32(8, true),
    mask: view.getUint8(21),
    count: view.getUint32(16, true),
    firstIndex: getU53(view, 24),
    lastSeq: getU53(view, 32),
    synced: view.getUint32(40, true),
  }
  const version = view.getUint16(22, true)
  if (version !== FRAME_VERSION && version !== COMPRESSED_VERSION) return `a block of version ${version}`
  for (const bytes of [frame.bodyBytes, frame.rawBytes]) {
    if (bytes > BODY_BYTES_MAX || bytes % FRAME_ALIGN !== 0) return `a body of ${bytes} bytes`
  }
  if ((version === COMPRESSED_VERSION) !== frame.rawBytes > 0)
    return `a block of version ${version} with ${frame.rawBytes} bytes in its body`
  if (frame.count > BLOCK_EVENTS_MAX) return `a block of ${frame.count} events`
  if (!Number.isSafeInteger(frame.firstIndex + frame.count) || !Number.isSafeInteger(frame.lastSeq)) return 'numbers past 2^53'
  if (frame.synced > offset) return `a block at ${offset} that knows ${frame.synced} bytes to be durable`
  return frame
}

/** Xors a body with its mask, in place: masks and unmasks. */
export function xorWith(body: Uint8Array, mask: number): void {
  if (mask === 0) return
  const head = Math.min(body.length, (4 - (body.byteOffset % 4)) % 4)
  const words = new Uint32Array(body.buffer, body.byteOffset + head, (body.length - head) >> 2)
  const wide = Math.imul(mask, 0x0101_0101)
  for (let i = 0; i < head; i++) body[i]! ^= mask
  for (let i = 0; i < words.length; i++) words[i]! ^= wide
  for (let i = head + words.length * 4; i < body.length; i++) body[i]! ^= mask
}
