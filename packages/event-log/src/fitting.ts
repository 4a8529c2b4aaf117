/** Which blocks, and which events of a block, fit a range. */
import type { BlockReader } from './codec/block-reader.ts'
import type { Dictionary } from './codec/dictionary.ts'
import { firstSeqOf, type BlockInfo } from './codec/segment.ts'
import { deviceBit, typeBit } from './codec/summary.ts'
import type { CheckedRange } from './sequence.ts'

/** What tells of a block which events it may hold, but for their types. */
export type Extent = Pick<BlockInfo, 'count' | 'lastSeq' | 'minTime' | 'maxTime' | 'entries' | 'deviceMask'>

/** Whether a block may hold events of a range, whatever their types. */
export function mayHold(block: Extent, range: CheckedRange): boolean {
  if (block.lastSeq < range.from || firstSeqOf(block) > range.to) return false
  if (block.maxTime < range.fromTime || block.minTime > range.toTime) return false
  const { entries, devices } = range
  if (entries !== null && (block.entries === null || block.entries.last < entries.from || block.entries.first > entries.to)) return false
  return devices === null || [...devices].some((device) => (block.deviceMask & deviceBit(device)) !== 0)
}

/** Whether a block may hold events of a range; its types are looked up in its segment's dictionary. */
export function mayFit(block: BlockInfo, range: CheckedRange, dictionary: Dictionary): boolean {
  if (!mayHold(block, range)) return false
  const { types } = range
  if (types === null) return true
  return dictionary.types.some((type, id) => type !== undefined && types.has(type.name) && (block.typeMask & typeBit(id)) !== 0)
}

/** The places in a block of the events that fit. */
export function* fitting(block: BlockReader, range: CheckedRange): Generator<number> {
  const { entries, devices, types } = range
  const wanted = types === null ? null : block.types.map((type) => types.has(type.name))
  for (let i = 0; i < block.count; i++) {
    if (wanted !== null && !wanted[block.type[i]!]) continue
    const seq = block.seq(i)
    const time = block.time[i]!
    if (seq < range.from || seq > range.to || time < range.fromTime || time > range.toTime) continue
    const entry = block.entry[i]!
    if (entries !== null && !(entry >= entries.from && entry <= entries.to)) continue
    const device = block.device[i]!
    if (devices !== null && !devices.has(Number.isNaN(device) ? null : device)) continue
    yield i
  }
}
