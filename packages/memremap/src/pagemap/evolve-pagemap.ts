/** How the life of a pagemap follows from events. */
import { between, type Pfn } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import { memoryType } from './memory-type.ts'
import type { Pagemap } from './pagemap.ts'
import { pagemapOf, type MemremapState } from '../memremap-state.ts'

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
  else if (altBase !== null)
    p.altmap = { basePfn: altBase, reserve: reserve ?? 0, free: free ?? 0, alloc: alloc ?? 0, align: p.altmap ? p.altmap.align : null }
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

function removeMemory(p: Pagemap, range: { start: bigint; size: bigint }, seq: number, time: number): void {
  const [first, end] = [Number(range.start >> 12n), Number((range.start + range.size) >> 12n)]
  const certain: Pfn[] = []
  const possible: Pfn[] = []
  for (const page of p.pages.values()) {
    if (page.pfn < first || page.pfn >= end) continue
    const exact = page.refcount
    const lo = exact === null ? p.idle : typeof exact === 'number' ? exact : exact.atLeast
    ;(page.sure && lo > p.idle ? certain : possible).push(page.pfn)
  }
  p.removal = { seq, time, certain, possible, whole: true, proof: null }
}

/** A lookup found a pagemap: only a live one gives a new reference. */
export function lookedUp(p: Pagemap, fresh: boolean): void {
  if (fresh) p.phase ??= 'live'
}

export function evolvePagemap(state: MemremapState, event: MemremapEvent): void {
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
      p.holds = new Map()
      p.initialised = null
      return
    }
    case 'memremap/memory-added':
      // How much of the altmap the new struct pages took is not in the event.
      if (event.data.pagemap !== null && event.data.errno === 0) {
        const { altmap, stages } = pagemapOf(state, event.data.pagemap, event.seq)
        if (altmap && stages === null) altmap.alloc = null
      }
      return
    case 'memremap/pages-initialised': {
      if (event.data.pagemap === null) return
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      // Only the first range has the altmap in front.
      const offset = p.altmap && p.initialised === null ? p.altmap.reserve + p.altmap.free : 0
      p.initialised = (p.initialised ?? 0) + Math.floor((event.data.pages - offset) / 2 ** (p.order ?? 0))
      return
    }
    case 'memremap/mapped': {
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.phase = 'live'
      // Of a reference that a driver handed in, only the driver's events tell.
      p.ref = p.driverRef
        ? { id: p.ref.id, mode: null, dying: null, count: null }
        : { id: p.ref.id, mode: 'percpu', dying: false, count: between(ownRefs(p), Infinity) }
      return
    }
    case 'memremap/map-failed':
    case 'memremap/ram-mapped':
      pagemapOf(state, event.data.pagemap, event.seq).phase = 'removed'
      return
    case 'memremap/looked-up': {
      if (event.data.pagemap !== null) lookedUp(pagemapOf(state, event.data.pagemap, event.seq), event.data.fresh)
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
      if (event.data.pagemap !== null) removeMemory(pagemapOf(state, event.data.pagemap, event.seq), event.data, event.seq, event.time)
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
