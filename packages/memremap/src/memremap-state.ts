import type { PagemapId } from '@devtrail/events'
import { newPagemap, type Pagemap } from './pagemap/pagemap.ts'
import type { IdleWait } from './page/waits.ts'

export interface MemremapState {
  pagemaps: Map<PagemapId, Pagemap>
  /** Waits for idle pages, by pid. */
  waits: Map<number, IdleWait>
  /** The pagemap of whose removal the event just folded proved something, for the invariants. */
  proven: PagemapId | null
  /** How the recording ended, once it has. */
  ended: { complete: boolean } | null
}

export const initialMemremap = (): MemremapState => ({ pagemaps: new Map(), waits: new Map(), proven: null, ended: null })
/** The pagemap of an incarnation; of one never heard of, an empty one. */
export function pagemapOf(state: MemremapState, id: PagemapId, seq: number): Pagemap {
  let p = state.pagemaps.get(id)
  if (p === undefined) state.pagemaps.set(id, (p = newPagemap(id, seq)))
  return p
}
