/** Where the keyframes of a log are: a folder for each fold, a file for each `seq`. */
import { crc32 } from '#native'
import { keyframePlace, type KeyframePlace } from '../codec/keyframe.ts'
import { isAttachmentName } from '../names.ts'
import { errorCode, type Disk } from './disk.ts'
import { KEYFRAMES_FOLDER, join, keyframeName, keyframeSeq } from './layout.ts'
import { ASIDE } from './sealed-json.ts'

/** A log's folder, and what is known of the log. */
export interface LogFolder {
  readonly disk: Disk
  readonly folder: string
  readonly logId: Uint8Array
  /** Events with `seq` 0 that the log has; null where that is not known. */
  readonly baseline: number | null
}

/** Where the keyframes of one fold are. */
export interface FoldFolder {
  readonly disk: Disk
  readonly path: string
  readonly place: KeyframePlace
  readonly baseline: number | null
}

export function foldFolder({ disk, folder, logId, baseline }: LogFolder, fold: string): FoldFolder {
  return { disk, path: join(folder, KEYFRAMES_FOLDER, fold), place: keyframePlace(logId, fold, crc32), baseline }
}

export function keyframePath({ path }: Pick<FoldFolder, 'path'>, seq: number): string {
  return join(path, keyframeName(seq))
}

/** The names in a folder; none where it is none. */
async function namesIn(disk: Disk, path: string): Promise<string[]> {
  try {
    return await disk.list(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return []
    throw error
  }
}

/** The `seq` of each keyframe of a fold, ascending. */
export async function listKeyframes({ disk, path }: Pick<FoldFolder, 'disk' | 'path'>): Promise<number[]> {
  const seqs = (await namesIn(disk, path)).map(keyframeSeq)
  return seqs.filter((seq) => seq !== null).toSorted((a, b) => a - b)
}

/** The folds that a log has a folder of, by name. */
export async function listFolds(disk: Disk, folder: string): Promise<string[]> {
  const path = join(folder, KEYFRAMES_FOLDER)
  const folds: string[] = []
  for (const name of (await namesIn(disk, path)).filter(isAttachmentName).toSorted()) {
    if ((await disk.stat(join(path, name))).isFolder) folds.push(name)
  }
  return folds
}

/**
 * Removes keyframes past the log's end, where other events will have those numbers, and what writers left half-written.
 * Durable on return, also what another one removed that was then killed.
 * @returns the keyframes that were removed.
 */
export async function removeKeyframesPast(disk: Disk, folder: string, lastSeq: number): Promise<string[]> {
  const removed: string[] = []
  for (const fold of await listFolds(disk, folder)) {
    const path = join(folder, KEYFRAMES_FOLDER, fold)
    for (const name of await namesIn(disk, path)) {
      const isUnfinished = name.endsWith(ASIDE) && keyframeSeq(name.slice(0, -ASIDE.length)) !== null
      const isPast = (keyframeSeq(name) ?? 0) > lastSeq
      if (isUnfinished || isPast) await disk.remove(join(path, name))
      if (isPast) removed.push(join(path, name))
    }
    await disk.syncFolder(path)
  }
  return removed
}

/** Removes the keyframes of all folds but some: of those that are asked for no more, an older version's above all. Durable on return. */
export async function removeOtherFolds(disk: Disk, folder: string, kept: readonly string[]): Promise<void> {
  const others = (await listFolds(disk, folder)).filter((fold) => !kept.includes(fold))
  for (const fold of others) await disk.remove(join(folder, KEYFRAMES_FOLDER, fold))
  if (others.length > 0) await disk.syncFolder(join(folder, KEYFRAMES_FOLDER))
}
