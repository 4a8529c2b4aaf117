/**
 * From a medium to arenas in use (discover_arenas): the info block at the start of each says where the next one is; its log says
 * what each lane has free, and which writes were committed but did not reach the map. Those are completed: the one thing that
 * recovery writes, and nothing to write the second time.
 *
 * An info block is believed only as far as it fits the medium. The kernel checks less.
 */
import { errno } from '@devtrail/events'
import { loaded, type Medium } from '../media/medium.ts'
import { isWhole, kindOf, SUPERBLOCK_BYTES, SuperblockError } from '../media/superblock.ts'
import { NULL_UUID } from '../media/uuid.ts'
import { decodeArenaInfo, INFO_BYTES, type ArenaInfo } from '../media/arena-info.ts'
import { Arena } from './arena.ts'
import { BttError } from './btt-error.ts'
import { newerOf, nextSeq, oldSlots, slotsOf, type LogGroup } from './flog.ts'
import { LOG_GROUP_BYTES } from './geometry.ts'
import { Hurdles } from './hurdles.ts'
import { blockOf, isErrorEntry, normalEntry, withoutFlags } from './map-entry.ts'
import type { BttRules } from './rules.ts'
import type { Teller } from './teller.ts'

/** More than a BTT on any device has: an arena takes 16 MiB at least. */
export const ARENAS_MAX = 65_536
/** Linux and PMDK make 256. */
export const LANES_MAX = 65_536
/** A map entry has 30 bits for a block. */
const BLOCKS_MAX = 2 ** 30

export interface Found {
  readonly arenas: Arena[]
  /** Map entries that recovery wrote. */
  readonly recovered: number
}

/** The info block of an arena. @throws BttError -ENODEV when there is none that is whole and of this namespace. */
export function readArenaInfo(medium: Medium, at: number, parentUuid: string | null): ArenaInfo {
  if (at + SUPERBLOCK_BYTES > medium.size)
    throw new BttError(errno.ENXIO, at, `an arena's info block is beyond the ${medium.size} bytes there are`)
  const block = loaded(medium, at, SUPERBLOCK_BYTES)
  if (kindOf(block) !== 'btt') throw new BttError(errno.ENODEV, at, 'no arena begins here: there is no BTT_ARENA_INFO')
  if (!isWhole(block)) throw new BttError(errno.ENODEV, at, 'the checksum of an info block is wrong')
  try {
    const info = decodeArenaInfo(block)
    if (parentUuid !== null && info.parentUuid !== NULL_UUID && info.parentUuid !== parentUuid)
      throw new BttError(errno.ENODEV, at, `an info block belongs to namespace ${info.parentUuid}, not to ${parentUuid}`)
    return info
  } catch (error) {
    if (error instanceof SuperblockError) throw new BttError(errno.ENODEV, at, error.message, { cause: error })
    throw error
  }
}

/** Bytes of an arena. */
export const arenaBytes = ({ nextoff, info2off }: ArenaInfo): number => (nextoff > 0 ? nextoff : info2off + INFO_BYTES)

/** What of an info block cannot be; null when all of it can. `room`: bytes from the arena's start to the end of the medium. */
export function impossible(info: ArenaInfo, room: number): string | null {
  const { externalLbasize, internalLbasize, externalNlba, internalNlba, nfree, dataoff, mapoff, logoff, info2off } = info
  if (externalLbasize < 512 || internalLbasize < externalLbasize)
    return `a sector size of ${externalLbasize}, in blocks of ${internalLbasize}`
  if (internalNlba > BLOCKS_MAX) return `${internalNlba} blocks, more than a map entry can name`
  if (nfree > LANES_MAX) return `${nfree} lanes, more than ${LANES_MAX}`
  if (nfree < 1 || internalNlba - externalNlba !== nfree || externalNlba < 1)
    return `${internalNlba} blocks for ${externalNlba} sectors, with a lane count of ${nfree}`
  if ([dataoff, mapoff, logoff, info2off].some((offset) => offset % INFO_BYTES !== 0)) return 'an offset that is not a multiple of 4096'
  if (dataoff < INFO_BYTES || dataoff + internalNlba * internalLbasize > mapoff) return 'blocks that reach into the map'
  if (mapoff + externalNlba * 4 > logoff) return 'a map that reaches into the log'
  if (logoff + nfree * LOG_GROUP_BYTES > info2off) return 'a log that reaches into the second info block'
  if (info2off + INFO_BYTES > arenaBytes(info)) return 'a second info block that is beyond the arena'
  if (arenaBytes(info) > room) return `${arenaBytes(info)} bytes where ${room} are left`
  return null
}

/**
 * The arenas of a BTT that begins at byte `start`.
 * @throws BttError -ENODEV when an info block is missing or damaged, -ENXIO when it does not fit the medium or the log's slots
 * make no sense, -EIO when a lane's two log entries contradict each other.
 */
export function discoverArenas(medium: Medium, start: number, parentUuid: string | null, rules: BttRules, teller: Teller | null): Found {
  const arenas: Arena[] = []
  const hurdles = new Hurdles()
  let recovered = 0
  let firstLba = 0
  for (let at = start; ;) {
    const arena = new Arena(medium, at, arenas.length, firstLba, arenaInfoAt(medium, at, parentUuid), hurdles)
    recovered += startLanes(arena, rules, teller)
    arenas.push(arena)
    firstLba += arena.info.externalNlba
    if (arena.info.nextoff === 0) return { arenas, recovered }
    if (arenas.length >= ARENAS_MAX) throw new BttError(errno.ENXIO, at, `there are more than ${ARENAS_MAX} arenas`)
    at += arena.info.nextoff
  }
}

/** An info block that can be. @throws BttError as `readArenaInfo`, and -ENXIO. */
export function arenaInfoAt(medium: Medium, at: number, parentUuid: string | null): ArenaInfo {
  const info = readArenaInfo(medium, at, parentUuid)
  const wrong = impossible(info, medium.size - at)
  if (wrong !== null) throw new BttError(errno.ENXIO, at, `an info block tells of ${wrong}`)
  return info
}

function* groupsOf(arena: Arena): Generator<LogGroup> {
  for (let lane = 0; lane < arena.info.nfree; lane++) yield arena.group(lane)
}

/** btt_freelist_init: what the log says of each lane; completes what did not reach the map. Returns how many map entries that were. */
export function startLanes(arena: Arena, rules: BttRules, teller: Teller | null): number {
  const slots = rules.detectsSlots ? slotsOf(groupsOf(arena)) : oldSlots
  if (slots === null)
    throw new BttError(errno.ENXIO, arena.logAt(0, 0), 'the log uses other slots than the first and second, or the first and third')
  arena.slots = slots
  if (teller?.on === true) teller.arena('found', arena)
  let recovered = 0
  for (let lane = 0; lane < arena.info.nfree; lane++) if (startLane(arena, lane, rules, teller)) recovered++
  return recovered
}

function startLane(arena: Arena, lane: number, rules: BttRules, teller: Teller | null): boolean {
  const group = arena.group(lane)
  const pair = [group[arena.slots[0]]!, group[arena.slots[1]]!] as const
  const newer = newerOf(...pair)
  if (newer === null)
    throw new BttError(errno.EIO, arena.logAt(lane, 0), `log corruption (-22): lane ${lane} seq [${pair[0].seq}, ${pair[1].seq}]`)
  const entry = pair[newer]
  const old = withoutFlags(entry.old)
  arena.sub[lane] = 1 - newer
  arena.seq[lane] = nextSeq(entry.seq)
  arena.free[lane] = rules.stripsFlags ? old : entry.old
  if (rules.clearsErrors && isErrorEntry(entry.old)) arena.setError(lane, true)
  if (teller?.on === true) teller.lane(arena, lane)
  return completes(arena, lane, entry.lba, old, withoutFlags(entry.new), teller)
}

/** Completes a write that the log has and the map does not. */
function completes(arena: Arena, lane: number, lba: number, old: number, block: number, teller: Teller | null): boolean {
  if (old === block) return false
  if (lba >= arena.info.externalNlba)
    throw new BttError(errno.EIO, arena.logAt(lane, 0), `the log of lane ${lane} names sector ${lba} of ${arena.info.externalNlba}`)
  const mapped = blockOf(arena.entry(lba), lba)
  if (mapped === block || mapped !== old) return false
  if (block >= arena.info.internalNlba)
    throw new BttError(errno.EIO, arena.logAt(lane, 0), `the log of lane ${lane} names block ${block} of ${arena.info.internalNlba}`)
  arena.putEntry(lba, normalEntry(block))
  if (teller?.on === true) teller.recovered(arena.index, lane, lba, old, block)
  return true
}
