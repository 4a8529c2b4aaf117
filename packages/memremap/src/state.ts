import { isGapOf } from '@devtrail/events'
import type { AnyEvent } from '@devtrail/events'
import { evolvePagemap } from './pagemap/evolve-pagemap.ts'
import { evolveStages } from './pagemap/evolve-stages.ts'
import { evolvePages } from './page/evolve-pages.ts'
import { evolveTranslations, forgetTranslations } from './fault/evolve-translations.ts'
import { evolveWalks, forgetWalks } from './gup/open-walks.ts'
import type { MemremapEvent } from './events.ts'
import type { MemremapState } from './memremap-state.ts'
import { forgetPages } from './page/pages.ts'
import { evolveWaits } from './page/evolve-waits.ts'

export { initialMemremap, type MemremapState } from './memremap-state.ts'

function forget(state: MemremapState): void {
  for (const p of state.pagemaps.values()) {
    if (p.removal !== null) p.removal.whole = false
    if (p.phase === 'removed') continue
    p.phase = null
    p.sure = false
    p.ref = { id: p.ref.id, mode: null, dying: null, count: null }
    if (p.altmap) p.altmap.alloc = p.altmap.align = null
    p.stages = null
    p.pagesComplete = false
    p.holds = null
    forgetPages(p.pages, p.idle)
  }
  forgetTranslations(state)
  forgetWalks(state)
}

/** Events that prove that the pagemap they name is there. */
const PROVES: ReadonlySet<string> = new Set([
  'memremap/map-requested',
  'memremap/map-started',
  'memremap/mapped',
  'memremap/looked-up',
  'memremap/release-requested',
  'memremap/unmap-started',
])

/** What the event before proved is not this one's affair. */
export function forgetProof(state: MemremapState): void {
  if (state.proven === null) return
  const removal = state.pagemaps.get(state.proven)?.removal ?? null
  if (removal !== null) removal.proof = null
  state.proven = null
}

/** Folds one event into the state, in place. */
export function evolveMemremap(state: MemremapState, any: AnyEvent): void {
  if (any.type === 'log/gap' && !isGapOf(any, 'memremap')) return
  if (any.type === 'log/gap') {
    forget(state)
    state.hotplug.clear()
    state.refused = null
    state.mappings.clear()
    for (const wait of state.waits.values()) wait.sure = false
    return
  }
  if (any.type === 'log/ended') {
    state.ended = { complete: any.data['complete'] === true }
    return
  }
  if (!any.type.startsWith('memremap/')) return
  const event = any as unknown as MemremapEvent
  forgetProof(state)
  if (PROVES.has(event.type)) {
    const p = state.pagemaps.get((event.data as { pagemap?: number | null }).pagemap ?? 0)
    if (p !== undefined) p.sure = true
  }
  evolveWaits(state, event)
  evolveTranslations(state, event)
  evolveWalks(state, event)
  evolvePages(state, event)
  evolvePagemap(state, event)
  evolveStages(state, event)
}
