/** How far a simulated pagemap has come: registered, tracked, added, initialised, and what it took of its altmap. */
import { between, type Count } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import { pagemapOf, type MemremapState } from '../memremap-state.ts'
import type { Pagemap, Stages } from './pagemap.ts'

const newStages = (): Stages => ({ liveSince: null, registered: 0, tracked: 0, added: 0, initialised: 0, sectionPages: 0, blocks: [] })

/** Another pagemap in the registry with the same reference. */
function sharer(state: MemremapState, p: Pagemap): Pagemap | null {
  for (const other of state.pagemaps.values())
    if (other !== p && other.ref.id === p.ref.id && (other.stages?.registered ?? 0) > 0) return other
  return null
}

/** Those who hot-add or hot-remove memory at the moment, by pagemap. */
function hotplug(state: MemremapState, pagemap: number | null, what: 'add' | 'remove' | null, seq: number): void {
  if (pagemap === null) return
  if (what === null) state.hotplug.delete(pagemap)
  else state.hotplug.set(pagemap, { what, seq })
}

/** percpu_ref's bias, in the counter until a switch to atomic mode has completed. */
const BIAS = 1n << 63n

/** What a sampled counter says of the time after: of a dead reference the count only falls. */
function countOf(atomic: boolean, dead: boolean, count: bigint): Count {
  if (!atomic || !dead || count >= BIAS) return null
  return between(0, Number(count))
}

function allocated(
  p: Pagemap,
  { pages, blocks, pfn, alloc, align }: { pages: number; blocks: number; pfn: number | null; alloc: number; align: number },
  seq: number,
): void {
  if (!p.altmap) return
  p.altmap.alloc = alloc
  p.altmap.align = align
  if (pfn !== null && p.stages !== null) p.stages.blocks.push({ first: pfn, last: pfn + pages * blocks - 1, seq })
}

export function evolveStages(state: MemremapState, event: MemremapEvent): void {
  switch (event.type) {
    case 'memremap/registered': {
      const { range, start, end, ref, ownRef } = event.data
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.ref.id = ref
      p.driverRef = !ownRef
      p.refSharedWith = ownRef ? null : (sharer(state, p)?.id ?? null)
      if (range === 0) {
        p.stages = newStages()
        p.start = start
        p.end = end
      } else p.further.push({ start, end })
      if (p.stages !== null) p.stages.registered++
      return
    }
    case 'memremap/ref-sampled': {
      const { atomic, dead, exited, count } = event.data
      const p = pagemapOf(state, event.data.pagemap, event.seq)
      p.ref = { id: event.data.ref, mode: atomic ? 'atomic' : 'percpu', dying: dead, count: exited ? null : countOf(atomic, dead, count) }
      return
    }
    case 'memremap/memtype-tracked':
    case 'memremap/memtype-untracked': {
      const { stages } = pagemapOf(state, event.data.pagemap, event.seq)
      if (stages !== null) stages.tracked += event.type === 'memremap/memtype-tracked' ? 1 : -1
      return
    }
    case 'memremap/altmap-allocated':
      return allocated(pagemapOf(state, event.data.pagemap, event.seq), event.data, event.seq)
    case 'memremap/altmap-freed': {
      const { altmap } = pagemapOf(state, event.data.pagemap, event.seq)
      if (altmap) altmap.alloc = event.data.alloc
      return
    }
    case 'memremap/memory-add-started':
      if (event.data.pagemap !== null && state.pagemaps.get(event.data.pagemap)?.stages)
        hotplug(state, event.data.pagemap, 'add', event.seq)
      return
    case 'memremap/memory-added': {
      hotplug(state, event.data.pagemap, null, event.seq)
      const stages = event.data.pagemap === null ? null : pagemapOf(state, event.data.pagemap, event.seq).stages
      if (stages !== null && event.data.errno === 0) stages.added++
      return
    }
    case 'memremap/pages-initialised': {
      const stages = event.data.pagemap === null ? null : pagemapOf(state, event.data.pagemap, event.seq).stages
      if (stages !== null) stages.initialised++
      return
    }
    case 'memremap/memory-removed': {
      const stages = event.data.pagemap === null ? null : pagemapOf(state, event.data.pagemap, event.seq).stages
      if (stages === null) return
      stages.added--
      stages.initialised = Math.min(stages.initialised, stages.added)
      hotplug(state, event.data.pagemap, 'remove', event.seq)
      return
    }
    case 'memremap/memory-remove-ended':
      return hotplug(state, event.data.pagemap, null, event.seq)
    case 'memremap/sections-added':
    case 'memremap/sections-removed': {
      const stages = event.data.pagemap === null ? null : pagemapOf(state, event.data.pagemap, event.seq).stages
      if (stages !== null) stages.sectionPages += event.type === 'memremap/sections-added' ? event.data.pages : -event.data.pages
      return
    }
    case 'memremap/mapped': {
      const { stages } = pagemapOf(state, event.data.pagemap, event.seq)
      if (stages !== null) stages.liveSince = event.seq
      return
    }
    case 'memremap/lookup-refused':
      state.refused = { pagemap: event.data.pagemap, began: event.cause[0] ?? event.seq }
      return
    case 'memremap/erased': {
      const { stages } = pagemapOf(state, event.data.pagemap, event.seq)
      if (stages !== null) stages.registered--
      return
    }
    case 'memremap/memremapped':
      if (event.data.address !== null && !event.data.direct)
        state.mappings.set(event.data.address, { size: event.data.size, seq: event.seq })
      return
    case 'memremap/memunmapped':
      if (event.data.unmapped) state.mappings.delete(event.data.address)
      return
    default:
      return
  }
}
