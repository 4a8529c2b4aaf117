/** How references to pages follow from events. */
import type { Pfn } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import { covers, headOf, type Pagemap } from '../pagemap/pagemap.ts'
import {
  allocate,
  doubtPage,
  doubtPages,
  freed,
  grab,
  hand,
  maybePut,
  newHolder,
  put,
  putBeyondLast,
  sample,
  type Holder,
} from './pages.ts'
import { pagemapOf, type MemremapState } from '../memremap-state.ts'
import { idleSeen } from './evolve-waits.ts'

type Put = Extract<MemremapEvent, { type: 'memremap/put' }>

/** A page of memory that is gone was used: whoever used it still held a reference. Returns the pagemap that it was of, if that is known. */
function usedAfterRemoval(state: MemremapState, pfn: Pfn, seq: number): Pagemap | null {
  let gone: Pagemap | null = null
  for (const p of state.pagemaps.values()) {
    if (!covers(p, pfn)) continue
    if (p.removal === null) return null
    if (gone === null || p.removal.seq > gone.removal!.seq) gone = p
  }
  if (!gone?.removal?.whole) return null
  const holders = gone.pages.get(headOf(gone, pfn))?.holders ?? []
  gone.removal.proof = { pfn, seq, holders: holders.map((holder) => ({ ...holder })) }
  state.proven = gone.id
  return gone
}

/** What is put after the removal is nobody's any more, though it went nowhere: no later put will give it back. */
function putAfterRemoval(state: MemremapState, pfn: Pfn, event: Put): void {
  const gone = usedAfterRemoval(state, pfn, event.seq)
  if (gone === null) return
  const { pages, head, refs, kind } = event.data
  for (let i = 0; i < pages; i++)
    put(gone.pages, head ?? headOf(gone, pfn + i), null, event.actor?.pid ?? null, kind, refs, gone.order ?? 0, gone.idle)
}

/** A task took references on a page, and saw `before` when it began with the event `began`. */
export function grabbed(
  state: MemremapState,
  p: Pagemap,
  pfn: Pfn,
  head: Pfn | null,
  before: number | null,
  began: number,
  holder: Holder,
): void {
  const at = head ?? headOf(p, pfn)
  grab(p.pages, at, at === pfn ? before : null, began, holder, p.order ?? 0, p.pagesComplete, p.idle)
  doubtIfUnseen(p, at)
  idleSeen(state, at, null)
}

/** What was just seen of a page may be otherwise before the next event. */
function doubtIfUnseen(p: Pagemap, pfn: Pfn): void {
  const page = p.putsUnseen ? p.pages.get(pfn) : undefined
  if (page !== undefined) doubtPage(page, p.idle)
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
      return grabbed(state, p, pfn, head, before, event.cause[0] ?? event.seq, holderOf(event, kind, refs))
    }
    case 'memremap/put': {
      const { pfn, pages, pagemap, before, head, refs, kind } = event.data
      if (pfn === null) return
      if (pagemap === null) return putAfterRemoval(state, pfn, event)
      const p = pagemapOf(state, pagemap, event.seq)
      for (let i = 0; i < pages; i++) {
        const at = head ?? headOf(p, pfn + i)
        const seen = i === 0 && at === pfn ? before : null
        if (put(p.pages, at, seen, event.actor?.pid ?? null, kind, refs, p.order ?? 0, p.idle)) idleSeen(state, at, event)
      }
      return
    }
    case 'memremap/puts-unseen':
      for (const p of state.pagemaps.values()) if ((event.data.pagemap ?? p.id) === p.id) doubtPages(p.pages, p.idle)
      // Not of one bio: it goes on.
      if (event.data.vectors === 0 && event.data.pagemap !== null) pagemapOf(state, event.data.pagemap, event.seq).putsUnseen = true
      return
    case 'memremap/sampled': {
      const { pfn, pagemap, refcount, head, refs } = event.data
      if (pfn === null) return
      if (pagemap === null) {
        usedAfterRemoval(state, pfn, event.seq)
        return
      }
      const p = pagemapOf(state, pagemap, event.seq)
      const at = head ?? headOf(p, pfn)
      if (refcount !== null && at === pfn && sample(p.pages, at, refcount, p.idle)) idleSeen(state, at, event)
      doubtIfUnseen(p, at)
      // Only FS_DAX puts are recorded by themselves; of others the sample on the way there is all that shows.
      if (p.type !== memoryType.FS_DAX && (refs ?? 0) > 0) maybePut(p.pages, at, refs!, p.idle)
      return
    }
    case 'memremap/page-freed':
      // Whatever puts led to it: a page is freed once nobody references it.
      if (event.data.pfn !== null && event.data.pagemap !== null)
        freed(pagemapOf(state, event.data.pagemap, event.seq).pages, event.data.pfn)
      return
    case 'memremap/page-allocated': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.idle = 0
      allocate(p.pages, event.data.pfn, holderOf(event, 'get', 1))
      return
    }
    case 'memremap/put-beyond-last':
      putBeyondLast(pagemapOf(state, event.data.pagemap, event.seq).pages, event.data.pfn, event.data.count, event.seq)
      return
    case 'memremap/pagemap-held': {
      const { holds } = pagemapOf(state, event.data.pagemap, event.seq)
      if (holds === null) return
      const now = (holds.get(event.data.pfn) ?? 0) + event.data.refs
      if (now === 0) holds.delete(event.data.pfn)
      else holds.set(event.data.pfn, now)
      return
    }
    case 'memremap/references-handed':
      handed(state, event.data, event)
      return
    case 'memremap/list-added':
      if (event.data.pfn !== null && event.data.pagemap !== null)
        pagemapOf(state, event.data.pagemap, event.seq).overwritten.push(event.data.pfn)
      return
    default:
      return
  }
}

type Handed = Extract<MemremapEvent, { type: 'memremap/references-handed' }>['data']

function handed(state: MemremapState, { pfn, pages, pagemap, from, to, holder: pointer }: Handed, event: MemremapEvent): void {
  if (pagemap === null) return
  const p = pagemapOf(state, pagemap, event.seq)
  for (let at = pfn; at < pfn + pages; at++) {
    const page = p.pages.get(headOf(p, at))
    const had = from === 'task' ? null : { kind: from, pointer }
    const has = to === 'task' ? null : { kind: to, pointer }
    if (page !== undefined) hand(page, had, event.actor?.pid ?? null, has, event.actor?.comm ?? null)
  }
}

const holderOf = ({ actor, seq }: MemremapEvent, kind: 'get' | 'pin', refs: number): Holder =>
  newHolder(actor?.pid ?? null, actor?.comm ?? null, kind, refs, seq)
