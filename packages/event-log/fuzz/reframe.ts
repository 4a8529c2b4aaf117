/**
 * Makes the checksums of a segment right, whatever is in it: so that what is fuzzed is not the checksum, but bytes that no
 * writer wrote and whose checksums say otherwise.
 */
import type { Bytes } from '@devtrail/fuzz'
import { FRAME_ALIGN, FRAME_BYTES, FRAME_MAGIC, bodyCrc, readFrame, type Place } from '../src/codec/frame.ts'
import { SEGMENT_HEADER_BYTES, TRAILER_BYTES } from '../src/codec/segment.ts'

const TRAILER_MAGIC = 0x4e455444

/** A block as its header, right or wrong, says. */
export interface Piece {
  readonly at: number
  /** Bytes of its body. */
  readonly bytes: number
}

const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** The blocks that follow each other from the header on, as far as their headers lead. */
export function piecesOf(bytes: Bytes): Piece[] {
  const view = viewOf(bytes)
  const pieces: Piece[] = []
  for (let at = SEGMENT_HEADER_BYTES; at + FRAME_BYTES <= bytes.length;) {
    const body = view.getUint32(at + 12, true)
    const isWhole = view.getUint32(at, true) === FRAME_MAGIC && body % FRAME_ALIGN === 0 && at + FRAME_BYTES + body <= bytes.length
    if (isWhole) pieces.push({ at, bytes: body })
    at += isWhole ? FRAME_BYTES + body : FRAME_ALIGN
  }
  return pieces
}

/** A copy with every checksum right. */
export function reframed(bytes: Bytes, place: Place): Bytes {
  const out = bytes.slice()
  const view = viewOf(out)
  const crcOf = (from: number, to: number, offset: number): number => bodyCrc(place, offset, out.subarray(from, to))
  if (out.length >= SEGMENT_HEADER_BYTES) view.setUint32(60, crcOf(0, 60, 0), true)
  for (const { at, bytes } of piecesOf(out)) {
    const body = at + FRAME_BYTES
    view.setUint32(at + 8, crcOf(body, body + bytes, at), true)
    view.setUint32(at + 4, crcOf(at + 8, body, at), true)
  }
  const end = out.length - TRAILER_BYTES
  if (end >= SEGMENT_HEADER_BYTES && view.getUint32(end, true) === TRAILER_MAGIC) view.setUint32(end + 20, crcOf(end, end + 20, end), true)
  return out
}

/** Whether some block or header in it has the right checksum, although no writer wrote it there. */
export function isForged(bytes: Bytes, pristine: Bytes, place: Place): boolean {
  const same = (from: number, to: number): boolean => Buffer.compare(bytes.subarray(from, to), pristine.subarray(from, to)) === 0
  const view = viewOf(bytes)
  const isRight = (from: number, to: number, offset: number, crcAt: number): boolean =>
    view.getUint32(crcAt, true) === bodyCrc(place, offset, bytes.subarray(from, to))
  if (bytes.length >= SEGMENT_HEADER_BYTES && isRight(0, 60, 0, 60) && !same(0, 60)) return true
  for (let at = SEGMENT_HEADER_BYTES; at + FRAME_BYTES <= bytes.length; at += FRAME_ALIGN) {
    const frame = readFrame(bytes.subarray(at, at + FRAME_BYTES), place, at)
    if (typeof frame === 'string') continue
    const body = at + FRAME_BYTES
    const end = body + frame.bodyBytes
    if (!same(at, body)) return true
    if (end <= bytes.length && bodyCrc(place, at, bytes.subarray(body, end)) === frame.bodyCrc && !same(body, end)) return true
  }
  return false
}
