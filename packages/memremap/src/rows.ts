/** The events that recordings have by the million, in numbers: what `evolveMemremap` makes of them, without an object for each. */
import { placesOf, type EventRow } from '@devtrail/events'
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

const { lookedUp: LOOKED, grabbed: GRABBED } = memremapPlaces

const orNull = (n: number): number | null => (n === n ? n : null)

/** Folds one event in numbers into the state, in place. @throws Error of an event that there are no rows of */
export function evolveMemremapRow(state: MemremapState, { type, low, seq, actor, cause }: EventRow): void {
  forgetProof(state)
  switch (type) {
    case 'memremap/lookup-started':
    case 'memremap/grab-started':
      return
    case 'memremap/looked-up': {
      const pagemap = low[LOOKED.pagemap]!
      if (pagemap !== pagemap) return
      const known = state.pagemaps.get(pagemap)
      if (known !== undefined) known.sure = true
      lookedUp(known ?? pagemapOf(state, pagemap, seq), low[LOOKED.fresh] === 1)
      return
    }
    case 'memremap/grabbed': {
      const [pfn, pagemap, refs] = [low[GRABBED.pfn]!, low[GRABBED.pagemap]!, low[GRABBED.refs]!]
      if (pfn !== pfn || pagemap !== pagemap || refs === 0) return
      const holder = newHolder(actor.pid, actor.comm, low[GRABBED.kind] === 0 ? 'get' : 'pin', refs, seq)
      return grabbed(state, pagemap, pfn, orNull(low[GRABBED.head]!), orNull(low[GRABBED.before]!), cause === 0 ? seq : cause, holder)
    }
    default:
      throw new Error(`${type} is not folded in numbers`)
  }
}
