/**
 * Whether the arenas of a BTT are consistent, as `ndctl check-namespace` judges it, without writing anything. All that is found is
 * told, not the first only. A write that is committed and did not reach the map is no fault: it is pending, and opening completes it.
 */
import type { Medium } from '../media/medium.ts'
import type { ArenaInfo } from '../media/arena-info.ts'
import { Arena } from './arena.ts'
import { checkArena, type ArenaChecked, type PendingWrite } from './arena-check.ts'
import { BttError } from './btt-error.ts'
import { ARENAS_MAX, arenaInfoAt } from './discover.ts'
import { Faults, type Fault } from './faults.ts'

export interface BttChecked {
  readonly faults: readonly Fault[]
  /** Faults of a kind beyond those that are told. */
  readonly more: number
  readonly pending: readonly PendingWrite[]
  readonly arenas: readonly ArenaChecked[]
}

/** Checks the BTT that begins at byte `start`. An arena whose info block cannot be used ends the check, as a fault. */
export function checkBtt(medium: Medium, start: number, parentUuid: string | null = null): BttChecked {
  const faults = new Faults()
  const pending: PendingWrite[] = []
  const arenas: ArenaChecked[] = []
  for (let at = start, index = 0; index < ARENAS_MAX; index++) {
    const info = infoAt(medium, at, index, parentUuid, faults)
    if (info === null) break
    const arena = new Arena(medium, at, index, 0, info)
    arenas.push(checkArena(arena, faults, pending))
    if (info.nextoff === 0) break
    at += info.nextoff
  }
  return { faults: faults.told, more: faults.more, pending, arenas }
}

function infoAt(medium: Medium, at: number, arena: number, parentUuid: string | null, faults: Faults): ArenaInfo | null {
  try {
    return arenaInfoAt(medium, at, parentUuid)
  } catch (error) {
    if (!(error instanceof BttError)) throw error
    faults.add({ arena, kind: 'info', at, says: error.message })
    return null
  }
}
