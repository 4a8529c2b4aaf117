import { resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import { DictionaryWriter } from '../codec/dictionary.ts'
import { SEGMENT_HEADER_BYTES } from '../codec/segment.ts'
import type { LogWriter } from '../contract.ts'
import { mustBeVocabulary } from '../must-be-vocabulary.ts'
import { blockingDisk } from './blocking-disk.ts'
import { removeUnfinished } from './compress.ts'
import type { CreateOptions } from './create.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { removeKeyframesPast, removeOtherFolds } from './fold-folder.ts'
import { acquireLock } from './lock.ts'
import { lossSince, readHead } from './head.ts'
import { listSegments } from './segment-list.ts'
import { findEnd } from './last-segment.ts'
import { endOf, segmentPath, tornTailOf, type SegmentFile } from './segment-file.ts'
import { createSegment, type OpenSegment } from './segment-output.ts'
import { SIZES, sizesOf, type Sizes } from './sizes.ts'
import { FileLogWriter } from './writer.ts'

export interface AppendOptions extends Pick<CreateOptions, 'blocking' | 'compress' | 'segmentBytes'> {
  /**
   * The folds that keyframes are still asked of. Those of all others, older versions of a fold for instance, which nobody finds any
   * more, are removed. Default: all stay.
   */
  readonly folds?: readonly string[]
}

/**
 * Opens the log in `folder` to continue it after its last event. A torn tail is cut off, durably, and reported as the
 * writer's `cutTail`.
 * @throws LogUsageError `not-found`, `not-a-log`, `unsupported`, `locked`; RangeError; LogDamagedError when the meta or what comes
 * last is damaged (nothing is changed; see `repairFileLog`).
 */
export function appendFileLog(folder: string, vocabulary: Vocabulary, options: AppendOptions = {}): Promise<LogWriter> {
  return appendOn(options.blocking === true ? blockingDisk : nodeDisk, folder, vocabulary, sizesOf(options), options)
}

export async function appendOn(
  disk: Disk,
  folder: string,
  vocabulary: Vocabulary,
  sizes: Sizes = SIZES,
  { compress = false, folds }: AppendOptions = {},
): Promise<LogWriter> {
  mustBeVocabulary(vocabulary)
  const path = resolve(folder)
  const { meta, logId, closed } = await readHead(disk, path)
  const lock = await acquireLock(disk, path)
  try {
    await removeUnfinished(disk, path)
    const { last, index, lastSeq } = await findEnd(disk, path, logId, await listSegments(disk, path, logId))
    await last.file.close()
    const atEnd = last.damages.find(({ offset }) => offset >= endOf(last))
    if (atEnd !== undefined) throw atEnd
    const loss = lossSince(closed, { events: index, lastSeq }, last.path, last.size)
    if (loss !== null) throw loss
    await removeKeyframesPast(disk, path, lastSeq)
    if (folds !== undefined) await removeOtherFolds(disk, path, folds)
    const segment = await goOn(disk, path, logId, last, sizes, { firstIndex: index, lastSeq })
    const common = { disk, folder: path, publishAs: null, meta, logId, closed, vocabulary, lock, sizes, compress }
    return new FileLogWriter({ ...common, segment, index, lastSeq, cutTail: tornTailOf(last) })
  } catch (error) {
    await lock.release(path)
    throw error
  }
}

/** The segment to go on with: the last one, without its index or torn tail; a new one where that is full or damaged. */
async function goOn(
  disk: Disk,
  folder: string,
  logId: Uint8Array,
  last: SegmentFile,
  sizes: Sizes,
  end: { readonly firstIndex: number; readonly lastSeq: number },
): Promise<OpenSegment> {
  const number = last.place.segment
  if (last.tornTail !== null && last.tornTail.offset < SEGMENT_HEADER_BYTES) return createSegment({ disk, folder, logId }, number, end)
  const isWhole = last.damages.length === 0 && last.dictionary.whole
  const position = endOf(last)
  // A segment without an index is gone on with, however long: only the last one may be without.
  if (isWhole && (!last.sealed || position < sizes.segmentBytes / 2)) {
    const file = await disk.open(segmentPath(folder, number), 'r+')
    try {
      await file.truncate(position)
      await file.sync()
    } catch (error) {
      await file.close()
      throw error
    }
    return { number, file, position, blocks: last.blocks, dictionary: DictionaryWriter.of(last.dictionary) }
  }
  const next = await createSegment({ disk, folder, logId }, number + 1, end)
  if (last.tornTail === null) return next
  // Cut only when it is no longer the last segment: what is cut may be all that tells the damage before it from a torn tail.
  try {
    const file = await disk.open(segmentPath(folder, number), 'r+')
    try {
      await file.truncate(last.tornTail.offset)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await next.file.close()
    throw error
  }
  return next
}
