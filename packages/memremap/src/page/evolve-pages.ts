/** How references to pages follow from events. */
import type { Pfn } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import { covers, headOf, type Pagemap } from '../pagemap/pagemap.ts'
import { doubtPages, grab, maybePut, put, sample } from './pages.ts'
import { pagemapOf, type MemremapState } from '../memremap-state.ts'
import { idleSeen } from './waits.ts'

/** A page of memory that is gone was used: whoever used it still held a reference. */
function usedAfterRemoval(state: MemremapState, pfn: Pfn, seq: number): void {
  let gone: Pagemap | null = null
  for (const p of state.pagemaps.values()) {
    if (!covers(p, pfn)) continue
    if (p.removal === null) return
    if (gone === null || p.removal.seq > gone.removal!.seq) gone = p
  }
  if (!gone?.removal?.whole) return
  gone.removal.proof = { pfn, seq }
  state.proven = gone.id
}

export function evolvePages(state: MemremapState, event: MemremapEvent): void {
  switch (event.type) {
    case 'memremap/pages-unlinked-twice': {
      // The struct pages are the same: what is known of them goes with them.
      const from = pagemapOf(state, event.data.of, event.seq)
      const to = pagemapOf(state, event.data.pagemap, event.seq)
      for (const [pfn, page] of from.pages) {
        if (pfn < event.data.firstPfn || pfn >= event.data.firstPfn + event.data.pages) continue
        from.pages.delete(pfn)
        to.pages.set(pfn, page)
      }
      return
    }
    case 'memremap/grabbed': {
      const { pfn, pagemap, before, head, refs, kind } = event.data
      if (pfn === null || pagemap === null || refs === 0) return
      const p = pagemapOf(state, pagemap, event.seq)
      const at = head ?? headOf(p, pfn)
      const holder = { pid: event.actor?.pid ?? null, comm: event.actor?.comm ?? null, kind, refs, seq: event.seq }
      grab(
        p.pages,
        at,
        at === pfn && before !== null ? { count: before, at: event.cause[0] ?? event.seq } : null,
        holder,
        p.order ?? 0,
        p.pagesComplete,
      )
      idleSeen(state, at, null)
      return
    }
    case 'memremap/put': {
      const { pfn, pages, pagemap, before, head, refs, kind } = event.data
      if (pfn === null) return
      if (pagemap === null) return usedAfterRemoval(state, pfn, event.seq)
      const p = pagemapOf(state, pagemap, event.seq)
      for (let i = 0; i < pages; i++) {
        const at = head ?? headOf(p, pfn + i)
        const seen = i === 0 && at === pfn ? before : null
        if (put(p.pages, at, seen, event.actor?.pid ?? null, kind, refs, p.order ?? 0)) idleSeen(state, at, event)
      }
      return
    }
    case 'memremap/puts-unseen':
      for (const p of state.pagemaps.values()) if ((event.data.pagemap ?? p.id) === p.id) doubtPages(p.pages)
      return
    case 'memremap/sampled': {
      const { pfn, pagemap, refcount, head, refs } = event.data
      if (pfn === null) return
      if (pagemap === null) return usedAfterRemoval(state, pfn, event.seq)
      const p = pagemapOf(state, pagemap, event.seq)
      const at = head ?? headOf(p, pfn)
      if (refcount !== null && at === pfn && sample(p.pages, at, refcount)) idleSeen(state, at, event)
      // Only FS_DAX puts are recorded by themselves; of others the sample on the way there is all that shows.
      if (p.type !== memoryType.FS_DAX && (refs ?? 0) > 0) maybePut(p.pages, at, refs!)
      return
    }
    default:
      return
  }
}
