/** What is known of BTTs from their events: the map as far as it was seen written, and what each lane has. */
import type { DeviceId, EventOf, Payload } from '@devtrail/events'
import type { nvdimmPmemCatalogue } from '../events.ts'
import { nextSeq } from './flog.ts'
import { withoutFlags } from './map-entry.ts'

type BttEvent = Extract<EventOf<Payload<typeof nvdimmPmemCatalogue>>, { type: `nvdimm-pmem/btt-${string}` }>
type DataOf<T extends BttEvent['type']> = Extract<BttEvent, { type: T }>['data']

export interface LaneState {
  /** The block it writes next. */
  block: number
  /** Where its next log entry goes, and its number. */
  slot: number
  seq: number
  /** A log entry of which only the first half is written. */
  begun: { lba: number; old: number } | null
}

export interface ArenaState {
  at: number
  sectors: number
  blocks: number
  blockBytes: number
  dataoff: number
  mapoff: number
  logoff: number
  secondSlot: number
  flags: number
  /** The sectors whose map entries were seen written. */
  map: Map<number, { block: number; state: 'normal' | 'error' }>
  lanes: Map<number, LaneState>
  /** Whose a block is, where known: a sector's number, or -1 - a lane's. */
  owners: Map<number, number>
  /** Whether every sector whose map entry was not seen written is in the block of its own number. */
  isFresh: boolean
}

export interface BttState {
  name: string
  device: DeviceId | null
  medium: string | null
  arenas: Map<number, ArenaState>
  /** 0, or why it cannot be used; null while that is not known. */
  errno: number | null
}

/** A block that a write gave to a sector although it was somebody else's, or a block freed that the sector did not have. */
export interface BrokenOwnership {
  btt: string
  arena: number
  lane: number
  lba: number
  block: number
  owner: number
}

export interface BttStates {
  btts: Map<string, BttState>
  /** What the event just folded broke; for the invariants. */
  brokenOwnership: BrokenOwnership | null
}

export const initialBtts = (): BttStates => ({ btts: new Map(), brokenOwnership: null })

/** The rule of a gap: any sector may have been written in it, arenas may have been made anew. */
export function forgetBtts(state: BttStates): void {
  state.btts.clear()
  state.brokenOwnership = null
}

const laneOwner = (lane: number): number => -1 - lane

function ownerOf(arena: ArenaState, block: number): number | null {
  const known = arena.owners.get(block)
  if (known !== undefined) return known
  return arena.isFresh && block < arena.sectors && !arena.map.has(block) ? block : null
}

function arenaOf(state: BttStates, btt: string, arena: number): ArenaState | undefined {
  return state.btts.get(btt)?.arenas.get(arena)
}

function begin(state: BttStates, { btt, device, medium }: DataOf<'nvdimm-pmem/btt-discovery-started'>): void {
  // A BTT that was just made is opened next: what is known of its arenas stays.
  const old = state.btts.get(btt)
  const arenas = old !== undefined && old.errno === null ? old.arenas : new Map<number, ArenaState>()
  state.btts.set(btt, { name: btt, device, medium, arenas, errno: null })
}

function addArena(state: BttStates, data: DataOf<'nvdimm-pmem/btt-arena-found'>, isFresh: boolean): void {
  const btt = state.btts.get(data.btt)
  if (btt === undefined) return
  const { at, externalNlba, internalNlba, internalLbasize, dataoff, mapoff, logoff, secondSlot, flags } = data
  const wasFresh = btt.arenas.get(data.arena)?.isFresh === true
  btt.arenas.set(data.arena, {
    at,
    sectors: externalNlba,
    blocks: internalNlba,
    blockBytes: internalLbasize,
    dataoff,
    mapoff,
    logoff,
    secondSlot,
    flags,
    map: new Map(),
    lanes: new Map(),
    owners: new Map(),
    isFresh: isFresh || wasFresh,
  })
}

/** A log entry is whole: the sector has a new block, and the lane the one that the sector had. */
function commit(state: BttStates, data: DataOf<'nvdimm-pmem/btt-sector-written'>): void {
  const arena = arenaOf(state, data.btt, data.arena)
  if (arena === undefined) return
  const { lane, lba, block, slot, seq } = data
  const old = withoutFlags(data.old)
  const next = nextSeq(seq)
  const had = arena.lanes.get(lane)
  // Told step by step, the log's event came first.
  const isKnown = had !== undefined && had.seq === next && had.block === old && arena.owners.get(block) === lba
  if (!isKnown) {
    const owner = ownerOf(arena, block)
    const sectorHad = arena.map.get(lba)?.block ?? (arena.isFresh ? lba : null)
    const stranger = owner !== null && owner !== laneOwner(lane) ? owner : null
    const freed = sectorHad !== null && sectorHad !== old ? ownerOf(arena, old) : null
    const wrong = stranger ?? freed
    if (wrong !== null)
      state.brokenOwnership = { btt: data.btt, arena: data.arena, lane, lba, block: stranger === null ? old : block, owner: wrong }
  }
  arena.lanes.set(lane, { block: old, slot: slot === 0 ? arena.secondSlot : 0, seq: next, begun: null })
  arena.owners.set(block, lba)
  arena.owners.set(old, laneOwner(lane))
}

function mapped(state: BttStates, btt: string, index: number, lba: number, block: number, how: 'normal' | 'error'): void {
  const arena = arenaOf(state, btt, index)
  if (arena === undefined) return
  arena.map.set(lba, { block, state: how })
  if (!arena.owners.has(block) || how === 'normal') arena.owners.set(block, lba)
}

function laneFound(state: BttStates, { btt, arena: index, lane, block, slot, seq }: DataOf<'nvdimm-pmem/btt-lane-found'>): void {
  const arena = arenaOf(state, btt, index)
  if (arena === undefined) return
  arena.lanes.set(lane, { block, slot, seq, begun: null })
  arena.owners.set(withoutFlags(block), laneOwner(lane))
}

/** Folds one event of a BTT. */
export function evolveBtts(state: BttStates, event: BttEvent): void {
  state.brokenOwnership = null
  switch (event.type) {
    case 'nvdimm-pmem/btt-discovery-started':
      return begin(state, event.data)
    case 'nvdimm-pmem/btt-arena-created':
      return addArena(state, event.data, true)
    case 'nvdimm-pmem/btt-arena-found':
      return addArena(state, event.data, false)
    case 'nvdimm-pmem/btt-lane-found':
      return laneFound(state, event.data)
    case 'nvdimm-pmem/btt-discovery-ended': {
      const btt = state.btts.get(event.data.btt)
      if (btt !== undefined) btt.errno = event.data.errno
      return
    }
    case 'nvdimm-pmem/btt-recovered':
      return mapped(state, event.data.btt, event.data.arena, event.data.lba, event.data.block, 'normal')
    case 'nvdimm-pmem/btt-map-written':
      return mapped(state, event.data.btt, event.data.arena, event.data.lba, event.data.block, event.data.state)
    case 'nvdimm-pmem/btt-log-begun': {
      const lane = arenaOf(state, event.data.btt, event.data.arena)?.lanes.get(event.data.lane)
      if (lane !== undefined) lane.begun = { lba: event.data.lba, old: event.data.old }
      return
    }
    case 'nvdimm-pmem/btt-log-committed': {
      const { device, btt, arena, lane, slot, block, seq } = event.data
      const begun = arenaOf(state, btt, arena)?.lanes.get(lane)?.begun
      if (begun != null) commit(state, { device, btt, arena, lane, lba: begun.lba, block, old: begun.old, slot, seq })
      return
    }
    case 'nvdimm-pmem/btt-sector-written':
      commit(state, event.data)
      return mapped(state, event.data.btt, event.data.arena, event.data.lba, event.data.block, 'normal')
    default:
      return
  }
}
