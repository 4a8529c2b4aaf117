/**
 * The write of a sector where nothing stands in its way, nothing can come between, and stores are durable at once: one function, in which all
 * is looked at before anything is written, so that nothing has to be undone, and little is done behind the copy, for which every later store
 * waits. The order of what is written is that of `SectorWrite`, which does everything else: a test holds one against the other.
 */
import type { Arena } from './arena.ts'
import { nextSeq } from './flog.ts'
import type { Lanes } from './lanes.ts'
import { blockOf, isErrorEntry, normalEntry } from './map-entry.ts'

/**
 * True when the sector is written. False, and nothing is done: it has to be taken step by step, for stores have to be flushed, a lane or a lock
 * is taken, a block is being read or is bad, the arena must not be written, or there is no such sector. @throws MediumError, with no lane or lock taken.
 */
export function writeStraight(lanes: Lanes, sector: number, data: Uint8Array, lane: number): boolean {
  const arena = lanes.arenaOf(sector)
  if (arena === null || arena.medium.isDurable !== true || lanes.isBusy(lane) || !isClear(arena, lane)) return false
  const lba = (sector - arena.firstLba) | 0
  const free = arena.free[lane]!
  // Looked at this early, the line of the map is on its way while the data are copied.
  const entry = arena.entry(lba)
  const old = blockOf(entry, lba)
  if (free >= arena.blocks || old >= arena.blocks || isErrorEntry(entry) || arena.isLocked(lba)) return false
  const { medium } = arena
  const block = free | 0
  const sub = arena.sub[lane]!
  const seq = arena.seq[lane]!
  const log = arena.nextLogAt(lane)
  medium.store(arena.dataAt(block), data)
  medium.store64(log, lba, old)
  medium.store64(log + 8, block, seq)
  // The log is written: whatever becomes of the map, the lane's free block is the old one.
  arena.sub[lane] = sub ^ 1
  arena.seq[lane] = nextSeq(seq)
  arena.free[lane] = old
  medium.store32(arena.mapAt(lba), normalEntry(block))
  const { teller } = lanes
  if (teller !== null && teller.on) teller.sectorWritten(arena.index, lane, lba, block, old, arena.slots[sub]!, seq)
  return true
}

const isClear = (arena: Arena, lane: number): boolean => !arena.isBroken && arena.readers === 0 && !arena.mayHaveBad(lane)
