/** The events that recordings have by the million, in numbers: what `evolveMemremap` makes of them, without an object for each. */
import { placesOf, type Actor } from '@devtrail/events'
import { memremapCatalogue } from './events.ts'
import type { MemremapState } from './memremap-state.ts'
import { grabbed } from './page/evolve-pages.ts'
import { newHolder } from './page/pages.ts'
import { lookedUp } from './pagemap/evolve-pagemap.ts'
import type { Pagemap } from './pagemap/pagemap.ts'
import { forgetProof } from './state.ts'

const { declarations } = memremapCatalogue

/** Where each field of such an event stands. */
export const memremapPlaces = {
  lookupStarted: placesOf(declarations['lookup-started']),
  lookedUp: placesOf(declarations['looked-up']),
  grabStarted: placesOf(declarations['grab-started']),
  grabbed: placesOf(declarations.grabbed),
}

/** Folds the beginning of a lookup or a grab into the state, in place. */
export const evolveRowStarted = (state: MemremapState): void => forgetProof(state)

/** Folds a lookup that found a pagemap of the state (null: none) into it, in place. */
export function evolveLookedUpRow(state: MemremapState, pagemap: Pagemap | null, fresh: boolean): void {
  forgetProof(state)
  if (pagemap === null) return
  pagemap.sure = true
  lookedUp(pagemap, fresh)
}

/** What a grab tells: of a pagemap of the state; `pin`, or else a get; `began`: the event that it began with, 0: none. */
export interface GrabbedRow {
  pagemap: Pagemap | null
  pfn: number | null
  head: number | null
  before: number | null
  refs: number
  pin: boolean
  began: number
}

/** Folds a grab into the state, in place. */
export function evolveGrabbedRow(state: MemremapState, seq: number, { pid, comm }: Actor, row: GrabbedRow): void {
  forgetProof(state)
  const { pagemap, pfn, head, before, refs, pin, began } = row
  if (pfn === null || pagemap === null || refs === 0) return
  grabbed(state, pagemap, pfn, head, before, began === 0 ? seq : began, newHolder(pid, comm, pin ? 'pin' : 'get', refs, seq))
}
