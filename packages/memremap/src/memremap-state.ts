import type { PagemapId, Pointer } from '@devtrail/events'
import { newPagemap, type Pagemap } from './pagemap/pagemap.ts'
import type { Translations } from './fault/translations.ts'
import type { IdleWait } from './page/waits.ts'

export interface MemremapState {
  pagemaps: Map<PagemapId, Pagemap>
  /** Waits for idle pages, by pid. */
  waits: Map<number, IdleWait>
  /** Pagemaps whose memory is being hot-added or removed. */
  hotplug: Map<PagemapId, { what: 'add' | 'remove'; seq: number }>
  /** The last lookup that found a pagemap and was refused its reference, by the event it began with. */
  refused: { pagemap: PagemapId; began: number } | null
  /** Mappings without struct pages that are not of the direct map, by address; only as far as a simulated machine tells. */
  mappings: Map<Pointer, { size: bigint; seq: number }>
  /**
   * Walks of get_user_pages under way, by pid: the last event that began or told of an entry; null: known to be over.
   */
  walks: Map<number, number | null>
  /** A gap came: a task without an entry may walk as well. */
  walksDoubted: boolean
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
  hotplug: new Map(),
  refused: null,
  mappings: new Map(),
  walks: new Map(),
  walksDoubted: false,
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
