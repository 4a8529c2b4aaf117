import { join, resolve } from 'node:path'
import type { TornTail } from '../contract.ts'
import type { LogDamagedError } from '../errors.ts'
import { DictionaryWriter } from '../codec/dictionary.ts'
import { SEGMENT_HEADER_BYTES, firstSeqOf, sealSegment, segmentHeader, type SegmentStart } from '../codec/segment.ts'
import { IO_BYTES } from '../limits.ts'
import { removeUnfinished } from './compress.ts'
import type { Disk, DiskFile } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { SEGMENTS_FOLDER } from './layout.ts'
import { removeKeyframesPast } from './fold-folder.ts'
import { removeDamagedKeyframes } from './keyframe-check.ts'
import { acquireLock } from './lock.ts'
import { findEnd, type LogEnd } from './last-segment.ts'
import { lossSince, readHead, writeHead } from './head.ts'
import { listSegments } from './segment-list.ts'
import { createSegment } from './segment-output.ts'
import { INDEX_WANTED, TRAILER_WANTED } from './segment-loading.ts'
import { loadSegment } from './load-segment.ts'
import { endOf, segmentPath, tornTailOf, type SegmentFile } from './segment-file.ts'

/** What was done to a log. */
export interface Repair {
  /** What a writer that died had left half-written; cut off. */
  readonly cutTail: TornTail | null
  /** Segments whose header or index was damaged and was made anew from their blocks. */
  readonly rebuilt: readonly string[]
  /** Where the damaged end of the last segment was moved, so that the log can be written on; null when there was none. */
  readonly movedAside: { readonly file: string; readonly bytes: number } | null
  /** Keyframes that were damaged, needed a file that was, or are past the end that is left: removed, for they can be made anew. */
  readonly removedKeyframes: readonly string[]
  /** Damage met on the way whose events are lost. Blocks of a sealed segment and attachments are not read here: `verifyFileLog` tells of those. */
  readonly lost: readonly LogDamagedError[]
}

/**
 * Mends what can be mended without guessing, and says what cannot. Nothing that may hold an event is thrown away.
 * Attachments are not touched, `log.json` only where it says that there were more events when the log was closed.
 * @throws LogUsageError `not-found`, `not-a-log`, `unsupported`, `locked`; LogDamagedError when the meta is damaged.
 */
export function repairFileLog(folder: string): Promise<Repair> {
  return repairOn(nodeDisk, folder)
}

export async function repairOn(disk: Disk, folder: string): Promise<Repair> {
  const path = resolve(folder)
  const head = await readHead(disk, path)
  const { logId } = head
  const lock = await acquireLock(disk, path)
  try {
    await removeUnfinished(disk, path)
    const list = await listSegments(disk, path, logId)
    const { last, index, lastSeq } = await findEnd(disk, path, logId, list)
    await last.file.close()
    const rebuilt: string[] = []
    const lost: LogDamagedError[] = []
    let movedAside: Repair['movedAside'] = null
    const { tornTail } = last
    const end = endOf(last)
    const isDamagedInside = last.damages.some(({ offset }) => offset >= SEGMENT_HEADER_BYTES && offset < end)
    const damagedEnd = isWhole(last) ? [] : last.damages.filter(({ offset }) => offset >= end)
    // What is cut may be all that tells the damage before it from a torn tail, which only the last segment can have.
    const isFollowed = isDamagedInside && (tornTail !== null || damagedEnd.length > 0)
    if (isFollowed)
      await (await createSegment({ disk, folder: path, logId }, list.last.number + 1, { firstIndex: index, lastSeq })).file.close()
    if (tornTail !== null) await changed(disk, last, (file) => file.truncate(tornTail.offset))
    if (damagedEnd.length > 0) movedAside = await moveAside(disk, path, last)
    for (const { number, before } of [...list.earlier, list.last]) {
      const isLast = number === list.last.number && !isFollowed
      const segment = await loadSegment(disk, { folder: path, logId, number, before, isLast })
      await segment.file.close()
      if (segment.damages.length === 0) continue
      if (isWhole(segment)) {
        await rebuild(disk, segment, isLast)
        rebuilt.push(segment.path)
      } else lost.push(...segment.damages)
    }
    lost.push(...damagedEnd)
    const after = await endAfter(disk, path, logId)
    const now = { events: after.index, lastSeq: after.lastSeq }
    const loss = lossSince(head.closed, now, after.last.path, after.last.size)
    if (loss !== null) {
      if (damagedEnd.length === 0) lost.push(loss)
      await writeHead(disk, path, { ...head, closed: now })
    }
    const baseline = after.lastSeq === 0 ? null : after.index - after.lastSeq
    const past = await removeKeyframesPast(disk, path, after.lastSeq)
    const removedKeyframes = [...past, ...(await removeDamagedKeyframes({ disk, folder: path, logId, baseline }))]
    return { cutTail: tornTailOf(last), rebuilt, movedAside, removedKeyframes, lost }
  } finally {
    await lock.release(path)
  }
}

/** Where the log ends now. */
async function endAfter(disk: Disk, folder: string, logId: Uint8Array): Promise<LogEnd> {
  const end = await findEnd(disk, folder, logId, await listSegments(disk, folder, logId))
  await end.last.file.close()
  return end
}

/** Whether no block is damaged, so that header and index can be made anew. */
function isWhole({ blocks, dictionary, damages }: SegmentFile): boolean {
  let end = SEGMENT_HEADER_BYTES
  for (const block of blocks) {
    if (block.offset !== end) return false
    end += block.bytes
  }
  // Damage of the index starts where the blocks end; a block that cannot be read may have stood there, too.
  return blocks.length > 0 && dictionary.whole && damages.every((d) => d.offset === 0 || isOfIndex(d))
}

function isOfIndex({ expected }: LogDamagedError): boolean {
  return expected === INDEX_WANTED || expected === TRAILER_WANTED
}

async function changed(disk: Disk, { path }: SegmentFile, change: (file: DiskFile) => Promise<void>): Promise<void> {
  const file = await disk.open(path, 'r+')
  try {
    await change(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function rebuild(disk: Disk, segment: SegmentFile, isLast: boolean): Promise<void> {
  const first = segment.blocks[0]!
  const newest = segment.blocks.at(-1)!
  const start: SegmentStart = segment.start ?? { firstIndex: first.firstIndex, lastSeq: Math.max(0, firstSeqOf(first) - 1) }
  const end = endOf(segment)
  await changed(disk, segment, async (file) => {
    await file.write(segmentHeader(segment.place, start), 0)
    if (segment.sealed) return
    await file.truncate(end)
    // The last segment may do without.
    if (isLast) return
    const about = { firstIndex: newest.firstIndex + newest.count, lastSeq: newest.lastSeq, synced: end }
    await file.write(sealSegment(segment.blocks, DictionaryWriter.of(segment.dictionary), segment.place, end, about), end)
  })
}

/** Moves what follows the last readable block into a file beside the segment. */
async function moveAside(disk: Disk, folder: string, segment: SegmentFile): Promise<{ file: string; bytes: number }> {
  const end = endOf(segment)
  const aside = `${segmentPath(folder, segment.place.segment)}.damaged-${end}`
  const source = await disk.open(segment.path, 'r')
  const target = await disk.open(aside, 'w')
  let bytes = 0
  try {
    const piece = new Uint8Array(IO_BYTES)
    for (let read = IO_BYTES; read === IO_BYTES; bytes += read) {
      read = await source.read(piece, end + bytes)
      await target.write(piece.slice(0, read), bytes)
    }
    await target.sync()
  } finally {
    await source.close()
    await target.close()
  }
  await disk.syncFolder(join(folder, SEGMENTS_FOLDER))
  await changed(disk, segment, (file) => file.truncate(end))
  return { file: aside, bytes }
}
