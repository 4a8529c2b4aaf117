import { resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import type { TornTail } from '../contract.ts'
import { LogDamagedError } from '../errors.ts'
import { attachmentPieces, readEntries } from './attachments.ts'
import { damagedBlock } from './damage.ts'
import { errorCode, type Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { checkKeyframes } from './keyframe-check.ts'
import { readHead } from './head.ts'
import { openOn } from './open.ts'
import { listSegments } from './segment-list.ts'
import { loadSegment, scanSegment } from './load-segment.ts'
import { type SegmentFile, type SegmentName } from './segment-file.ts'

/** What a look at every byte of a log found. */
export interface Verification {
  /** Nothing is damaged; a torn tail is no damage. */
  readonly isWhole: boolean
  readonly segments: number
  /** Events that can be read. */
  readonly events: number
  readonly lastSeq: number
  readonly tornTail: TornTail | null
  /** Files of keyframes, damaged ones included. */
  readonly keyframes: number
  /** At most `DAMAGES_MAX`, in the order of the log. */
  readonly damages: readonly LogDamagedError[]
}

/** Damages that are listed at most. */
export const DAMAGES_MAX = 1000

/**
 * Reads everything: the meta, each segment through its index and again without it, each event, each attachment, each keyframe.
 * @throws LogUsageError `not-found`, `not-a-log`, `unsupported`.
 */
export function verifyFileLog(folder: string, vocabulary: Vocabulary): Promise<Verification> {
  return verifyOn(nodeDisk, folder, vocabulary)
}

export async function verifyOn(disk: Disk, folder: string, vocabulary: Vocabulary): Promise<Verification> {
  const path = resolve(folder)
  const damages: LogDamagedError[] = []
  const tell = (damage: LogDamagedError): void => void (damages.length < DAMAGES_MAX && damages.push(damage))
  const found = { segments: 0, events: 0, lastSeq: 0, tornTail: null as TornTail | null, keyframes: 0 }
  const step = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof LogDamagedError)) throw error
      tell(error)
    }
  }
  await step(async () => {
    const { logId } = await readHead(disk, path)
    const { earlier, last } = await listSegments(disk, path, logId)
    found.segments = earlier.length + 1
    await using reader = await openOn(disk, path, vocabulary, {}, true)
    found.lastSeq = reader.lastSeq
    found.tornTail = reader.tornTail
    for await (const _ of reader.read({ onDamage: tell })) found.events++
    for (const name of [...earlier, last]) await compare(disk, { folder: path, logId, ...name, isLast: name === last }, tell)
    found.keyframes = await checkKeyframes({ disk, folder: path, logId, baseline: reader.baseline }, tell)
  })
  await step(async () => {
    for (const entry of await readEntries(disk, path)) await step(() => drained(attachmentPieces(disk, path, entry)))
  })
  return { isWhole: damages.length === 0, ...found, damages }
}

async function drained(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of pieces);
}

/** Holds what an index says against the blocks themselves. */
async function compare(disk: Disk, name: SegmentName, tell: (damage: LogDamagedError) => void): Promise<void> {
  try {
    const indexed = await loadSegment(disk, name)
    try {
      if (!indexed.sealed) return
      // In the same file: meanwhile it may have been compressed, and then another has its name.
      const scanned = await scanSegment(name, indexed)
      // Damaged blocks are told by who reads them.
      if (scanned.damages.some((d) => d.expected === 'a block')) return
      if (tellsOf(indexed) !== tellsOf(scanned))
        tell(damagedBlock(indexed.path, 0, { expected: 'an index of its own blocks', found: 'another' }))
    } finally {
      await indexed.file.close()
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

function tellsOf({ blocks, dictionary }: SegmentFile): string {
  const lists = blocks.map((b) => [
    b.offset,
    b.bytes,
    b.count,
    b.firstIndex,
    b.lastSeq,
    b.minTime,
    b.maxTime,
    b.entries,
    b.deviceMask,
    b.typeMask,
  ])
  return JSON.stringify([lists, dictionary.strings, dictionary.actors, dictionary.types])
}
