import { SEGMENT_HEADER_BYTES, readSegmentHeader, type SegmentStart } from '../codec/segment.ts'
import type { GoneHead } from '../contract.ts'
import { damagedFile } from './damage.ts'
import { errorCode, type Disk } from './disk.ts'
import { SEGMENTS_FOLDER, join, segmentNumber } from './layout.ts'
import { placeOf, segmentPath } from './segment-file.ts'

/** The numbers of the segments that there should be, each with the `seq` before it where its header tells. */
export interface SegmentList {
  readonly earlier: readonly { readonly number: number; readonly before: number }[]
  readonly last: { readonly number: number; readonly before: number }
  /** What the first one's header says was before it. */
  readonly gone: GoneHead
}

/** @throws LogDamagedError when there is none. */
export async function listSegments(disk: Disk, folder: string, logId: Uint8Array): Promise<SegmentList> {
  const path = join(folder, SEGMENTS_FOLDER)
  const names = await disk.list(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    throw damagedFile(path, 0, { expected: "the log's segments", found: 'no such folder' }, error)
  })
  const last = Math.max(0, ...names.map((name) => segmentNumber(name) ?? 0))
  if (last === 0) throw damagedFile(path, 0, { expected: "the log's segments", found: 'none' })
  const listed: { number: number; before: number }[] = []
  let before = 0
  let gone: GoneHead = { events: 0, seq: 0 }
  for (let number = 1; number <= last; number++) {
    const header = await startOf(disk, folder, logId, number)
    before = header?.lastSeq ?? before
    if (number === 1 && header !== null) gone = { events: header.firstIndex, seq: header.lastSeq }
    listed.push({ number, before })
  }
  return { earlier: listed.slice(0, -1), last: listed.at(-1)!, gone }
}

/** What comes before a segment; null when its header does not tell. */
async function startOf(disk: Disk, folder: string, logId: Uint8Array, number: number): Promise<SegmentStart | null> {
  try {
    const file = await disk.open(segmentPath(folder, number), 'r')
    try {
      const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
      const header = readSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)), placeOf(logId, number))
      return typeof header === 'string' ? null : header
    } finally {
      await file.close()
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}
