/** Whether one arena is consistent: its second info block, the logs of its lanes, its map, and that each block is one sector's or free. */
import { loaded } from '../media/medium.ts'
import { INFO_BYTES, type ArenaInfo } from '../media/arena-info.ts'
import type { Arena } from './arena.ts'
import { BlockSet } from './block-set.ts'
import type { Faults } from './faults.ts'
import { newerOf, slotsOf, type LogEntry, type LogGroup } from './flog.ts'
import { blockOf, isErrorEntry, isZeroEntry, withoutFlags } from './map-entry.ts'

/** The map is read in pieces of so many bytes. */
const PIECE_BYTES = 1 << 20
const SEQ_MAX = 3

/** A committed write that the map does not show yet. */
export interface PendingWrite {
  readonly arena: number
  readonly lane: number
  readonly lba: number
  readonly old: number
  readonly new: number
}

export interface ArenaChecked {
  readonly arena: number
  readonly at: number
  readonly sectors: number
  /** Never written, reading as zeros, failing. */
  readonly untouched: number
  readonly zero: number
  readonly error: number
}

/** Adds to `faults` what is wrong with an arena, and to `pending` what recovery completes. */
export function checkArena(arena: Arena, faults: Faults, pending: PendingWrite[]): ArenaChecked {
  checkInfo(arena, faults)
  return checkMap(arena, checkLog(arena, faults), pending, faults)
}

function checkInfo({ medium, at, index, info, isBroken }: Arena, faults: Faults): void {
  if (isBroken) faults.add({ arena: index, kind: 'error-flag', at: at + 48, says: 'the info block has the error flag: writes fail' })
  const [first, second] = [loaded(medium, at, INFO_BYTES), loaded(medium, at + info.info2off, INFO_BYTES)]
  const differs = first.findIndex((byte, i) => byte !== second[i])
  if (differs >= 0) {
    const where = at + info.info2off + differs
    faults.add({
      arena: index,
      kind: 'info2',
      at: where,
      says: `the second info block differs from the first, from its byte ${differs} on`,
    })
  }
}

/** The newest log entry of each lane; null for a lane whose entries make no sense. */
function checkLog(arena: Arena, faults: Faults): (LogEntry | null)[] {
  const groups: LogGroup[] = Array.from({ length: arena.info.nfree }, (_, lane) => arena.group(lane))
  const slots = slotsOf(groups)
  if (slots === null) {
    faults.add({ arena: arena.index, kind: 'slots', at: arena.logAt(0, 0), says: 'the log uses neither its slots 0 and 1 nor 0 and 2' })
    return groups.map(() => null)
  }
  return groups.map((group, lane) => {
    const entries = [group[slots[0]]!, group[slots[1]]!] as const
    const entry = newestOf(entries)
    const wrong = entry === null ? `sequence numbers ${entries[0].seq} and ${entries[1].seq}` : wrongWith(entry, arena.info)
    if (wrong === null) return entry
    faults.add({ arena: arena.index, kind: 'log', at: arena.logAt(lane, 0), says: `the log of lane ${lane} has ${wrong}` })
    return null
  })
}

function newestOf(entries: readonly [LogEntry, LogEntry]): LogEntry | null {
  const newer = newerOf(...entries)
  return newer === null || entries.some(({ seq }) => seq > SEQ_MAX) || entries[0].seq === entries[1].seq ? null : entries[newer]
}

function wrongWith(entry: LogEntry, { externalNlba, internalNlba }: ArenaInfo): string | null {
  if (entry.lba >= externalNlba) return `sector ${entry.lba}, of ${externalNlba}`
  const block = [entry.old, entry.new].map(withoutFlags).find((b) => b >= internalNlba)
  return block === undefined ? null : `block ${block}, of ${internalNlba}`
}

function checkMap(arena: Arena, newest: readonly (LogEntry | null)[], pending: PendingWrite[], faults: Faults): ArenaChecked {
  const { index, info } = arena
  const completed = pendingOf(arena, newest)
  pending.push(...completed.values())
  const blocks = new BlockSet(info.internalNlba)
  const count = { untouched: 0, zero: 0, error: 0 }
  const use = (block: number, at: number, whose: string): void => {
    if (!blocks.use(block)) faults.add({ arena: index, kind: 'blocks', at, says: `block ${block} is ${whose} and somebody else's` })
  }
  for (const [lba, entry] of mapEntries(arena)) {
    if (entry === 0) count.untouched++
    else if (isZeroEntry(entry)) count.zero++
    else if (isErrorEntry(entry)) count.error++
    const block = completed.get(lba)?.new ?? blockOf(entry, lba)
    if (block < info.internalNlba) use(block, arena.mapAt(lba), `sector ${lba}'s`)
    else
      faults.add({
        arena: index,
        kind: 'map',
        at: arena.mapAt(lba),
        says: `the map has sector ${lba} in block ${block}, of ${info.internalNlba}`,
      })
  }
  for (const [lane, entry] of newest.entries())
    if (entry !== null) use(withoutFlags(entry.old), arena.logAt(lane, 0), `free for lane ${lane}`)
  // Of a log or map that makes no sense it is already told that blocks are not accounted for.
  const isTold = newest.includes(null) || faults.told.some((f) => f.arena === index && (f.kind === 'map' || f.kind === 'blocks'))
  if (!isTold && blocks.unused > 0)
    faults.add({ arena: index, kind: 'blocks', at: arena.mapAt(0), says: `${blocks.unused} blocks are neither a sector's nor free` })
  return { arena: index, at: arena.at, sectors: info.externalNlba, ...count }
}

/** By sector: the writes that the log has and the map does not. */
function pendingOf(arena: Arena, newest: readonly (LogEntry | null)[]): Map<number, PendingWrite> {
  const found = new Map<number, PendingWrite>()
  for (const [lane, entry] of newest.entries()) {
    if (entry === null) continue
    const [old, block] = [withoutFlags(entry.old), withoutFlags(entry.new)]
    const mapped = blockOf(arena.entry(entry.lba), entry.lba)
    if (old !== block && mapped === old) found.set(entry.lba, { arena: arena.index, lane, lba: entry.lba, old, new: block })
  }
  return found
}

function* mapEntries(arena: Arena): Generator<readonly [lba: number, entry: number]> {
  const { externalNlba } = arena.info
  const perPiece = PIECE_BYTES / 4
  for (let first = 0; first < externalNlba; first += perPiece) {
    const bytes = loaded(arena.medium, arena.mapAt(first), Math.min(perPiece, externalNlba - first) * 4)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i * 4 < bytes.length; i++) yield [first + i, view.getUint32(i * 4, true)]
  }
}
