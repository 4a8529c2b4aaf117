import type { DeviceId, Json } from '@devtrail/events'
import type { ArenaState, BttStates } from './btt-state.ts'

const arenaView = (arena: ArenaState, index: number): Json => ({
  arena: index,
  at: arena.at,
  sectors: arena.sectors,
  blocks: arena.blocks,
  errorFlag: (arena.flags & 1) !== 0,
  lanes: arena.lanes.size,
  /** Sectors whose map entries were seen written. */
  mapped: arena.map.size,
})

/** The BTTs of a device, as part of what is told of it; nothing when it has none. */
export function bttsOf(state: BttStates, device: DeviceId): { readonly [part: string]: Json } {
  const mine = [...state.btts.values()].filter((btt) => btt.device === device)
  if (mine.length === 0) return {}
  const views = mine.map(({ name, errno, arenas }) => ({
    name,
    errno,
    arenas: [...arenas].map(([index, arena]) => arenaView(arena, index)),
  }))
  return { btts: views }
}
