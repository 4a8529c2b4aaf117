import { between, type AnyEvent, type Count, type DeviceId, type PagemapId, type Pfn } from '@devtrail/events'
import type { MemremapEvent } from './events.ts'
import { memoryType } from './memory-type.ts'
import { doubtPages, forgetPages, grab, maybePut, put, sample, type Pages } from './pages.ts'
import { evolveWaits, idleSeen, type IdleWait } from './waits.ts'

export type PagemapPhase = 'mapping' | 'live' | 'unmapping' | 'removed'

/** struct vmem_altmap: the part of a range that holds its own memmap. */
export interface Altmap {
  basePfn: Pfn
  reserve: number
  free: number
  /** Null when a gap may have changed it. */
  alloc: number | null
}

/** The percpu_ref that keeps a pagemap alive, as far as pagemap events show it. */
export interface PagemapRef {
  id: string | null
  mode: 'percpu' | 'atomic' | null
  dying: boolean | null
  count: Count
}

/** A pagemap whose memory is gone while pages were, or may have been, referenced. */
export interface Removal {
  seq: number
  time: number
  /** Pages known to be referenced when the memory went. */
  certain: Pfn[]
  possible: Pfn[]
  /** False once a gap came: the range may have been mapped anew since. */
  whole: boolean
  /** A page of it that was still used afterwards, by the event just folded. */
  proof: { pfn: Pfn; seq: number } | null
}

export interface Pagemap {
  id: PagemapId
  pointer: string | null
  device: DeviceId | null
  start: bigint | null
  /** Inclusive. */
  end: bigint | null
  ranges: number
  type: number | null
  /** Null when a gap may have changed it. */
  phase: PagemapPhase | null
  /** null: not known; false: there is none. */
  altmap: Altmap | false | null
  /** Order of its compound pages; null when its mapping was not seen. */
  order: number | null
  ref: PagemapRef
  pages: Pages
  /** No page can be referenced that has no record. */
  pagesComplete: boolean
  /** Pages whose struct page was initialised; null when not seen. */
  initialised: number | null
  removal: Removal | null
  /** False when a gap came after the last evidence that it is there. */
  sure: boolean
  firstSeq: number
}

export interface MemremapState {
  pagemaps: Map<PagemapId, Pagemap>
  /** Waits for idle pages, by pid. */
  waits: Map<number, IdleWait>
  /** Waits as they stood when the recording ended, for the invariants. */
  ended: { complete: boolean } | null
}

export const initialMemremap = (): MemremapState => ({ pagemaps: new Map(), waits: new Map(), ended: null })

/** A pagemap of which nothing is known yet. */
export const newPagemap = (id: PagemapId, seq: number): Pagemap => ({
  id,
  pointer: null,
  device: null,
  start: null,
  end: null,
  ranges: 1,
  type: null,
  phase: null,
  altmap: null,
  order: null,
  ref: { id: null, mode: null, dying: null, count: null },
  pages: new Map(),
  pagesComplete: false,
  initialised: null,
  removal: null,
  sure: true,
  firstSeq: seq,
})

function pagemapOf(state: MemremapState, id: PagemapId, seq: number): Pagemap {
  let p = state.pagemaps.get(id)
  if (p === undefined) state.pagemaps.set(id, (p = newPagemap(id, seq)))
  return p
}

/** First pfn that has a struct page pointing at its pagemap: behind reserve and free of the altmap. */
export function firstPfn(p: Pagemap): Pfn | null {
  if (p.start === null || p.altmap === null) return null
  return Number(p.start >> 12n) + (p.altmap === false ? 0 : p.altmap.reserve + p.altmap.free)
}

/** Whether a pfn lies in a pagemap's first range; null when the range is not known. */
export function covers(p: Pagemap, pfn: Pfn): boolean | null {
  if (p.start === null || p.end === null) return null
  return pfn >= Number(p.start >> 12n) && pfn <= Number(p.end >> 12n)
}

/** The page whose count a page's references change: the head of its compound page. */
export function headOf(p: Pagemap, pfn: Pfn): Pfn {
  const first = firstPfn(p)
  if (p.order === null || p.order === 0 || first === null) return pfn
  const size = 2 ** p.order
  return first + Math.floor((pfn - first) / size) * size
}

function forget(state: MemremapState): void {
  for (const p of state.pagemaps.values()) {
    if (p.removal !== null) p.removal.whole = false
    if (p.phase === 'removed') continue
    p.phase = null
    p.sure = false
    p.ref = { id: p.ref.id, mode: null, dying: null, count: null }
    if (p.altmap) p.altmap.alloc = null
    p.pagesComplete = false
    forgetPages(p.pages)
  }
}

/** The same struct dev_pagemap seen anew after a gap: what may still be out moves over, the older view ends. */
function supersede(state: MemremapState, p: Pagemap): void {
  if (p.pointer === null) return
  for (const old of state.pagemaps.values()) {
    if (old === p || old.pointer !== p.pointer || old.phase === 'removed') continue
    for (const [pfn, page] of old.pages) p.pages.set(pfn, { ...page, sure: false })
    old.pages.clear()
    state.pagemaps.delete(old.id)
  }
}

/** PGMAP_ALTMAP_VALID of a pagemap's flags. */
const ALTMAP_VALID = 1

type Mapped = Extract<MemremapEvent, { type: 'memremap/map-started' | 'memremap/unmap-started' }>

function learnLayout(p: Pagemap, data: Mapped['data']): void {
  p.start = data.start
  p.end = data.end
  if (data.type !== null) p.type = data.type
  const { altBase, reserve, free, alloc, flags } = data
  if (flags !== null && (flags & ALTMAP_VALID) === 0) p.altmap = false
  else if (altBase !== null) p.altmap = { basePfn: altBase, reserve: reserve ?? 0, free: free ?? 0, alloc: alloc ?? 0 }
}

/** What a live pagemap holds of its own reference: one, and one a page unless its pages are given out one by one. */
function ownRefs(p: Pagemap): number {
  const counted = p.type === memoryType.FS_DAX || p.type === memoryType.GENERIC || p.type === memoryType.PCI_P2PDMA
  return 1 + (counted ? (p.initialised ?? 0) : 0)
}

const ATOMIC = 1n
const DEAD = 2n
/** percpu_ref's bias: in the atomic counter as long as the counts are spread over the CPUs. */
const BIAS = 1n << 63n

function sampleRef(p: Pagemap, percpuCountPtr: bigint | null, count: bigint | null): void {
  if (percpuCountPtr === null) return
  p.ref.mode = percpuCountPtr & ATOMIC ? 'atomic' : 'percpu'
  p.ref.dying = (percpuCountPtr & DEAD) !== 0n
  if (p.ref.mode === 'percpu' || count === null || count >= BIAS) p.ref.count = between(ownRefs(p), Infinity)
  else p.ref.count = Number(count)
}

function removeMemory(p: Pagemap, seq: number, time: number): void {
  const certain: Pfn[] = []
  const possible: Pfn[] = []
  for (const page of p.pages.values()) {
    const exact = page.refcount
    const lo = exact === null ? 1 : typeof exact === 'number' ? exact : exact.atLeast
    ;(page.sure && lo > 1 ? certain : possible).push(page.pfn)
  }
  p.removal = { seq, time, certain, possible, whole: true, proof: null }
}

/** A page of memory that is gone was used: whoever used it still held a reference. */
function usedAfterRemoval(state: MemremapState, pfn: Pfn, seq: number): void {
  let gone: Pagemap | null = null
  for (const p of state.pagemaps.values()) {
    if (!covers(p, pfn)) continue
    if (p.removal === null) return
    if (gone === null || p.removal.seq > gone.removal!.seq) gone = p
  }
  if (gone?.removal?.whole) gone.removal.proof = { pfn, seq }
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

/** Folds one event into the state, in place. */
export function evolveMemremap(state: MemremapState, any: AnyEvent): void {
  state.ended = null
  if (any.type === 'log/gap') {
    forget(state)
    for (const wait of state.waits.values()) wait.sure = false
    return
  }
  if (any.type === 'log/ended') {
    state.ended = { complete: any.data['complete'] === true }
    return
  }
  if (!any.type.startsWith('memremap/')) return
  const event = any as unknown as MemremapEvent
  for (const p of state.pagemaps.values()) if (p.removal !== null) p.removal.proof = null
  if (PROVES.has(event.type)) {
    const p = state.pagemaps.get((event.data as { pagemap?: number | null }).pagemap ?? 0)
    if (p !== undefined) p.sure = true
  }
  evolveWaits(state, event)
  evolvePages(state, event)
  evolvePagemap(state, event)
}

function evolvePages(state: MemremapState, event: MemremapEvent): void {
  switch (event.type) {
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
      for (const p of state.pagemaps.values()) doubtPages(p.pages)
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

function evolvePagemap(state: MemremapState, event: MemremapEvent): void {
  switch (event.type) {
    case 'memremap/pagemap-found': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.pointer = event.data.pointer
      p.pagesComplete = event.data.idle
      supersede(state, p)
      return
    }
    case 'memremap/pagemap-identified': {
      const { pagemap, device, start, end, type } = event.data
      const p = pagemapOf(state, pagemap, event.seq)
      p.device ??= device
      p.start ??= start
      p.end ??= end
      p.type ??= type
      return
    }
    case 'memremap/map-requested': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.device = event.data.device
      p.pointer = event.data.pointer
      supersede(state, p)
      p.pages.clear()
      return
    }
    case 'memremap/map-started': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.pointer = event.data.pointer
      supersede(state, p)
      p.pages.clear()
      learnLayout(p, event.data)
      p.order = event.data.vmemmapShift ?? 0
      p.phase = 'mapping'
      p.pagesComplete = true
      return
    }
    case 'memremap/memory-added':
      // How much of the altmap the new struct pages took is not in the event.
      if (event.data.pagemap !== null && event.data.errno === 0) {
        const { altmap } = pagemapOf(state, event.data.pagemap, event.seq)
        if (altmap) altmap.alloc = null
      }
      return
    case 'memremap/pages-initialised': {
      if (event.data.pagemap === null) return
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      const offset = p.altmap ? p.altmap.reserve + p.altmap.free : 0
      p.initialised = Math.floor((event.data.pages - offset) / 2 ** (p.order ?? 0))
      return
    }
    case 'memremap/mapped': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.phase = 'live'
      p.ref = { id: p.ref.id, mode: 'percpu', dying: false, count: between(ownRefs(p), Infinity) }
      return
    }
    case 'memremap/map-failed':
      pagemapOf(state, event.data.pagemap, event.seq).phase = 'removed'
      return
    case 'memremap/looked-up': {
      if (event.data.pagemap === null) return
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      if (event.data.fresh) p.phase ??= 'live'
      return
    }
    case 'memremap/unmap-started': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      learnLayout(p, event.data)
      p.ranges = event.data.ranges ?? 1
      p.ref.id = event.data.ref ?? p.ref.id
      sampleRef(p, event.data.percpuCountPtr, event.data.refCount)
      p.phase = 'unmapping'
      return
    }
    case 'memremap/ref-released': {
      if (event.data.pagemap === null) return
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.ref = { id: event.data.ref, mode: 'atomic', dying: true, count: 0 }
      return
    }
    case 'memremap/memory-add-started': {
      // Memory stands there again: what uses its pages from here on says nothing of those that are gone.
      const { start, size } = event.data
      for (const p of state.pagemaps.values()) {
        if (p.removal !== null && p.start !== null && p.end !== null && p.start < start + size && start <= p.end) p.removal.whole = false
      }
      return
    }
    case 'memremap/memory-removed':
      if (event.data.pagemap !== null) removeMemory(pagemapOf(state, event.data.pagemap, event.seq), event.seq, event.time)
      return
    case 'memremap/unmapped': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.phase = 'removed'
      return
    }
    default:
      return
  }
}
