/** The events that recordings have by the million, in numbers: what `evolveMemremap` makes of them, without an object for each. */
import { placesOf, type Actor } from '@devtrail/events'
import { memremapCatalogue } from './events.ts'
import { pagemapOf, type MemremapState } from './memremap-state.ts'
import { grabbed } from './page/evolve-pages.ts'
import { newHolder } from './page/pages.ts'
import { lookedUp } from './pagemap/evolve-pagemap.ts'
import { forgetProof } from './state.ts'

const { declarations } = memremapCatalogue

/** Where each field of such an event stands. */
export const memremapPlaces = {
  lookupStarted: placesOf(declarations['lookup-started']),
  lookedUp: placesOf(declarations['looked-up']),
  grabStarted: placesOf(declarations['grab-started']),
  grabbed: placesOf(declarations.grabbed),
}

const orNull = (n: number): number | null => (n === n ? n : null)

/** Folds the beginning of a lookup or a grab into the state, in place. */
export const evolveRowStarted = (state: MemremapState): void => forgetProof(state)

/** Folds a lookup that found a pagemap (NaN: none) into the state, in place. */
export function evolveLookedUpRow(state: MemremapState, seq: number, pagemap: number, fresh: boolean): void {
  forgetProof(state)
  if (pagemap !== pagemap) return
  const known = state.pagemaps.get(pagemap)
  if (known !== undefined) known.sure = true
  lookedUp(known ?? pagemapOf(state, pagemap, seq), fresh)
}

/** What a grab tells in numbers, NaN being null: `pin`, or else a get; `began`: the event that it began with, 0: none. */
export interface GrabbedRow {
  pagemap: number
  pfn: number
  head: number
  before: number
  refs: number
  pin: boolean
  began: number
}

/** Folds a grab into the state, in place. */
export function evolveGrabbedRow(state: MemremapState, seq: number, { pid, comm }: Actor, row: GrabbedRow): void {
  forgetProof(state)
  const { pagemap, pfn, head, before, refs, pin, began } = row
  if (pfn !== pfn || pagemap !== pagemap || refs === 0) return
  const holder = newHolder(pid, comm, pin ? 'pin' : 'get', refs, seq)
  grabbed(state, pagemap, pfn, orNull(head), orNull(before), began === 0 ? seq : began, holder)
}
