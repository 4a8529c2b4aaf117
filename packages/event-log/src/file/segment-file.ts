/** One segment's file as it is found: its blocks, its dictionary, what is damaged and what was left half-written. */
import { crc32, unzstd } from '#native'
import type { LogDamagedError } from '../errors.ts'
import type { TornTail } from '../contract.ts'
import type { Decompress } from '../codec/decompress.ts'
import type { Dictionary } from '../codec/dictionary.ts'
import type { Place } from '../codec/frame.ts'
import { SEGMENT_HEADER_BYTES, type BlockInfo, type SegmentStart } from '../codec/segment.ts'
import type { DiskFile } from './disk.ts'
import { SEGMENTS_FOLDER, join, segmentName } from './layout.ts'

/** What a frame may ask for beside what it holds: 8 MiB, as the RFC advises; Node's own limit is 128. */
const WINDOW_LOG_MAX = 23

export const decompress: Decompress = (frame, size) => unzstd(frame, size, WINDOW_LOG_MAX)

export function placeOf(logId: Uint8Array, segment: number): Place {
  return { logId, segment, crc32, decompress }
}

/** A segment as it was when it was looked at. */
export interface SegmentFile {
  readonly path: string
  readonly place: Place
  readonly file: DiskFile
  /** Bytes that belong to it: a reader goes no further. */
  readonly size: number
  /** Null when the header is damaged. */
  readonly start: SegmentStart | null
  readonly blocks: readonly BlockInfo[]
  readonly dictionary: Dictionary
  /** Whether its index was read, so that nothing can be missing at its end. */
  readonly sealed: boolean
  /** Damage found without reading the events of an indexed segment, by offset. */
  readonly damages: readonly LogDamagedError[]
  readonly tornTail: (TornTail & { readonly offset: number }) | null
}

/** The torn tail as users hear of it: a segment of no byte is none. */
export function tornTailOf({ tornTail }: SegmentFile): TornTail | null {
  return tornTail === null || tornTail.bytes === 0 ? null : { bytes: tornTail.bytes, afterSeq: tornTail.afterSeq }
}

export interface SegmentName {
  readonly folder: string
  readonly logId: Uint8Array
  readonly number: number
  /** Whether a writer may have been at work on it last. */
  readonly isLast: boolean
  /** `seq` before it, for a segment whose header is not readable. */
  readonly before: number
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, SEGMENTS_FOLDER, segmentName(number))
}

/** Where the last block ends, or the header. */
export function endOf({ blocks }: SegmentFile): number {
  const last = blocks.at(-1)
  return last === undefined ? SEGMENT_HEADER_BYTES : last.offset + last.bytes
}
