import type { Vocabulary } from '@devtrail/events'
import { BlockReader } from '../codec/block-reader.ts'
import { BrokenBlockError } from '../codec/bytes.ts'
import type { ColumnPool } from '../codec/column-pool.ts'
import type { EventViews } from '../codec/event-view.ts'
import { EVENTS } from '../codec/frame.ts'
import type { BlockInfo } from '../codec/segment.ts'
import { deviceBit, typeBit, type Summary } from '../codec/summary.ts'
import { LogDamagedError } from '../errors.ts'
import { damagedBlock } from './damage.ts'
import type { FileWindow } from './file-window.ts'
import type { SegmentFile } from './segment-file.ts'
import { readBlock } from './stored-block.ts'

/** What one iteration over blocks uses again and again. */
export interface Looking {
  readonly vocabulary: Vocabulary
  readonly views: EventViews
  readonly pool: ColumnPool
  /** Whether what a block says of its events is held against them. */
  readonly checksSummaries: boolean
}

/** A block, checked against its checksum and the index; or the damage that it is. */
export async function loadBlock(
  segment: SegmentFile,
  window: FileWindow,
  info: BlockInfo,
  { vocabulary, views, pool, checksSummaries }: Looking,
): Promise<BlockReader | LogDamagedError> {
  const wrong = (expected: string, found: string, cause?: unknown): LogDamagedError =>
    damagedBlock(segment.path, info.offset, { expected, found }, cause)
  const found = await readBlock(window, segment.place, info.offset, segment.size)
  if ('fault' in found) return wrong('a block', found.fault)
  const { kind, count, firstIndex, lastSeq } = found.frame
  if (kind !== EVENTS || count !== info.count || firstIndex !== info.firstIndex || lastSeq !== info.lastSeq) {
    return wrong(`${info.count} events up to seq ${info.lastSeq}`, `${count} up to seq ${lastSeq}`)
  }
  const telling = (error: unknown): unknown =>
    error instanceof BrokenBlockError ? wrong(`events up to seq ${info.lastSeq}`, error.message, error) : error
  pool.reset()
  try {
    const block = new BlockReader(found.body, found.frame, segment.dictionary, vocabulary, { views, pool, telling })
    if (!checksSummaries) return block
    const expected = summaryOf(block, segment)
    const isRight = sameSummary(block.summary, expected) && sameSummary(info, expected)
    return isRight ? block : wrong('a summary of its events', 'another, by which events would be passed over')
  } catch (error) {
    if (error instanceof BrokenBlockError) return wrong('a block', error.message, error)
    if (error instanceof LogDamagedError) return error
    throw error
  }
}

/** What a block should say of its events. */
function summaryOf({ count, time, device, entry, types }: BlockReader, { dictionary }: SegmentFile): Summary {
  let [minTime, maxTime, first, last] = [Infinity, -Infinity, Infinity, -Infinity]
  let [deviceMask, typeMask] = [0, 0]
  for (let i = 0; i < count; i++) {
    minTime = Math.min(minTime, time[i]!)
    maxTime = Math.max(maxTime, time[i]!)
    deviceMask |= deviceBit(Number.isNaN(device[i]!) ? null : device[i]!)
    if (Number.isNaN(entry[i]!)) continue
    first = Math.min(first, entry[i]!)
    last = Math.max(last, entry[i]!)
  }
  for (const type of types) typeMask |= typeBit(dictionary.types.indexOf(type))
  return { minTime, maxTime, entries: first <= last ? { first, last } : null, deviceMask: deviceMask >>> 0, typeMask: typeMask >>> 0 }
}

function sameSummary(a: Summary, b: Summary): boolean {
  return (
    a.minTime === b.minTime &&
    a.maxTime === b.maxTime &&
    a.entries?.first === b.entries?.first &&
    a.entries?.last === b.entries?.last &&
    a.deviceMask === b.deviceMask &&
    a.typeMask === b.typeMask
  )
}
