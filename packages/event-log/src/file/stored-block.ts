/** Blocks as they lie in a segment's file: read, checked, unmasked and decompressed. */
import { BrokenBlockError } from '../codec/bytes.ts'
import { unpacked } from '../codec/compression.ts'
import { FRAME_BYTES, bodyCrc, readFrame, xorWith, type Frame, type Place } from '../codec/frame.ts'
import type { FileWindow } from './file-window.ts'

export type Found = { readonly frame: Frame; readonly body: Uint8Array<ArrayBuffer> } | Faulty

export interface Faulty {
  readonly fault: string
  /** Whether the file ends within it. */
  readonly cut: boolean
  /** Bytes of header and body where the header is whole, so that what lies in the body is not looked at. */
  readonly bytes?: number
}

/** A block's header and body, checked; or what is wrong with it. The body is valid until the next read. */
export async function readBlock(window: FileWindow, place: Place, offset: number, size: number): Promise<Found> {
  const found = await readStoredBlock(window, place, offset, size)
  if ('fault' in found || found.frame.rawBytes === 0) return found
  try {
    return { frame: found.frame, body: unpacked(found.body, found.frame.rawBytes, place.decompress) }
  } catch (error) {
    if (error instanceof BrokenBlockError) return { fault: error.message, cut: false, bytes: FRAME_BYTES + found.frame.bodyBytes }
    throw error
  }
}

/** The same with the body as it is stored, but unmasked. */
export async function readStoredBlock(window: FileWindow, place: Place, offset: number, size: number): Promise<Found> {
  const header = await window.bytes(offset, FRAME_BYTES)
  const frame = readFrame(header, place, offset)
  if (typeof frame === 'string') return { fault: frame, cut: size - offset < FRAME_BYTES }
  const total = FRAME_BYTES + frame.bodyBytes
  if (offset + total > size) return { fault: `a block of ${total} bytes cut after ${size - offset}`, cut: true }
  let body = (await window.bytes(offset, total)).subarray(FRAME_BYTES)
  if (body.length !== frame.bodyBytes) return { fault: 'a file that became shorter', cut: true }
  if (bodyCrc(place, offset, body) !== frame.bodyCrc) return { fault: 'a block with a wrong checksum', cut: false, bytes: total }
  if (frame.mask !== 0) {
    body = body.slice()
    xorWith(body, frame.mask)
  }
  return { frame, body }
}
