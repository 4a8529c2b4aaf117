import type { Disk } from './disk.ts'
import { endOf, segmentPath, type SegmentFile, type SegmentName } from './segment-file.ts'
import { Loading } from './segment-loading.ts'

/** Looks at a segment: through its index where it has one, else block by block. */
export async function loadSegment(disk: Disk, name: SegmentName): Promise<SegmentFile> {
  const path = segmentPath(name.folder, name.number)
  const file = await disk.open(path, 'r')
  try {
    const look = async (): Promise<SegmentFile> => new Loading(name, path, file, await file.size()).load()
    const found = await look()
    // Half of what a writer is just putting where there was space looks damaged.
    return name.isLast && found.damages.some(({ offset }) => offset >= endOf(found)) ? await look() : found
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Looks at the same file as if it had no index. */
export function scanSegment(name: SegmentName, { path, file, size }: SegmentFile): Promise<SegmentFile> {
  return new Loading(name, path, file, size).scanAll()
}

/** What came into a segment's file behind byte `at` since it was looked at, where its blocks ended then. Its dictionary grows. */
export async function loadMore(name: SegmentName, { path, file, start, dictionary }: SegmentFile, at: number): Promise<SegmentFile> {
  return new Loading(name, path, file, await file.size()).loadMore({ start, dictionary, at })
}
