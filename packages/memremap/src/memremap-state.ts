import type { PagemapId } from '@devtrail/events'
import { newPagemap, type Pagemap } from './pagemap/pagemap.ts'
import type { Translations } from './fault/translations.ts'
import type { IdleWait } from './page/waits.ts'

export interface MemremapState {
  pagemaps: Map<PagemapId, Pagemap>
  /** Waits for idle pages, by pid. */
  waits: Map<number, IdleWait>
  /** Page tables, by the process whose they are. */
  spaces: Map<number, Translations>
  /** A gap came: a process may have page tables that no event has told of. */
  spacesDoubted: boolean
  /** The pagemap of whose removal the event just folded proved something, for the invariants. */
  proven: PagemapId | null
  /** How the recording ended, once it has. */
  ended: { complete: boolean } | null
}

export const initialMemremap = (): MemremapState => ({
  pagemaps: new Map(),
  waits: new Map(),
  spaces: new Map(),
  spacesDoubted: false,
  proven: null,
  ended: null,
})
/** The pagemap of an incarnation; of one never heard of, an empty one. */
export function pagemapOf(state: MemremapState, id: PagemapId, seq: number): Pagemap {
  let p = state.pagemaps.get(id)
  if (p === undefined) state.pagemaps.set(id, (p = newPagemap(id, seq)))
  return p
}
