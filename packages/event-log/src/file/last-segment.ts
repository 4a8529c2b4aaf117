import { errorCode, type Disk } from './disk.ts'
import type { SegmentList } from './segment-list.ts'
import { loadSegment } from './load-segment.ts'
import { type SegmentFile } from './segment-file.ts'

/** Where a log ends. */
export interface LogEnd {
  readonly last: SegmentFile
  /** Events in the log. */
  readonly index: number
  readonly lastSeq: number
}

function endOf({ blocks, start }: SegmentFile): { index: number; lastSeq: number } | null {
  const newest = blocks.at(-1)
  if (newest !== undefined) return { index: newest.firstIndex + newest.count, lastSeq: newest.lastSeq }
  return start && { index: start.firstIndex, lastSeq: start.lastSeq }
}

/** The last segment, and where the log ends: in the one before, where nothing of the last one can be read. */
export async function findEnd(disk: Disk, folder: string, logId: Uint8Array, { earlier, last: name }: SegmentList): Promise<LogEnd> {
  const last = await loadSegment(disk, { folder, logId, ...name, isLast: true })
  try {
    let end = endOf(last)
    for (let i = earlier.length - 1; i >= 0 && end === null; i--) {
      // One that is gone is told by whoever reads.
      const segment = await loadSegment(disk, { folder, logId, ...earlier[i]!, isLast: false }).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error
        return null
      })
      if (segment === null) continue
      await segment.file.close()
      end = endOf(segment)
    }
    end ??= { index: 0, lastSeq: 0 }
    const { tornTail } = last
    return { ...end, last: tornTail === null ? last : { ...last, tornTail: { ...tornTail, afterSeq: end.lastSeq } } }
  } catch (error) {
    await last.file.close()
    throw error
  }
}
