/** What must hold of an altmap; only a simulated machine says what these rest on. */
import { hex, type Invariant } from '@devtrail/events'
import type { MemremapState } from '../memremap-state.ts'
import { rule } from '../pagemap/rule.ts'
import { altmapUnit } from './altmap.ts'

/** Section 2 (a): blocks. */
export const altmapBlockMisplaced = rule({
  id: 'memremap/altmap-block-misplaced',
  on: ['altmap-allocated'],
  says: 'Blocks of struct pages lie in the free part of the altmap, aligned, apart from each other, and before the first device page.',
  because: 'what lies behind is data; sizing is exact, so a shifted base breaks the last block (vmem_altmap_alloc).',
  find: ({ altmap, stages }, event) => {
    if (event.type !== 'memremap/altmap-allocated' || !altmap) return null
    const { pfn, pages, blocks } = event.data
    if (altmap.alloc! + altmap.align! > altmap.free)
      return { summary: `has ${altmap.alloc! + altmap.align!} of ${altmap.free} pages of its altmap in use` }
    if (pfn === null) return null
    const last = pfn + pages * blocks - 1
    const [from, end] = [altmap.basePfn + altmap.reserve, altmap.basePfn + altmap.reserve + altmap.free]
    const block = `the struct pages ${hex(pfn)}..${hex(last)}`
    if (pfn < from || last >= end) return { summary: `has ${block} outside of its altmap ${hex(from)}..${hex(end - 1)}` }
    if (pfn % altmapUnit(pages) !== 0) return { summary: `has ${block} unaligned` }
    const other = stages?.blocks.find((b) => b.seq !== event.seq && b.first <= last && pfn <= b.last)
    return other === undefined ? null : { summary: `has ${block} twice in its altmap`, against: [other.seq] }
  },
})

/** Section 2 (a): after removal. */
export const altmapInUseAtEnd = rule({
  id: 'memremap/altmap-in-use-at-end',
  on: ['unmapped'],
  says: 'When a pagemap is gone nothing of its altmap is in use.',
  because: 'blocks that were not given back went elsewhere: to the page allocator as ordinary memory (eb7d78c9e7f6, 4.5).',
  find: ({ altmap }, event) =>
    event.type === 'memremap/unmapped' && altmap && altmap.align !== null && altmap.alloc !== null && altmap.alloc !== 0
      ? { summary: `is gone and ${altmap.alloc} pages of its altmap are still in use`, data: { alloc: altmap.alloc } }
      : null,
})

export const altmapInvariants: readonly Invariant<MemremapState>[] = [altmapBlockMisplaced, altmapInUseAtEnd]
