/** What must hold of memory that is added and removed; only a simulated machine says what these rest on. */
import type { Invariant } from '@devtrail/events'
import type { MemremapState } from '../memremap-state.ts'
import { rule } from '../pagemap/rule.ts'

/** Bug 10: what was added is what is removed. */
export const sectionsLeft = rule({
  id: 'memremap/sections-left',
  on: ['unmapped'],
  says: 'The sections that a pagemap added are those that go with it.',
  because: 'set-up and release rounded a range that straddles a section differently until 10a0cd6e4932 (4.16).',
  find: ({ stages }, event) => {
    if (event.type !== 'memremap/unmapped' || stages?.liveSince == null || stages.sectionPages === 0) return null
    const pages = stages.sectionPages
    return {
      summary:
        pages > 0 ? `is gone and ${pages} pages of its sections are still there` : `took ${-pages} pages with it that it had not added`,
      data: { pages },
    }
  },
})

/** Bug 6: one at a time. */
export const hotplugOverlaps = rule({
  id: 'memremap/hotplug-overlaps',
  on: ['memory-add-started', 'memory-removed'],
  says: 'Memory is hot-added or removed by one at a time.',
  because: 'both change the same page tables and zones; devm_memremap_pages took no lock until f931ab479dd2 (4.10).',
  find: (p, event, { hotplug }) => {
    if (event.type !== 'memremap/memory-add-started' && event.type !== 'memremap/memory-removed') return null
    if (!hotplug.has(p.id)) return null
    const other = [...hotplug].find(([id]) => id !== p.id)
    if (other === undefined) return null
    return {
      summary: `has its memory ${event.type === 'memremap/memory-removed' ? 'removed' : 'added'} while that of another pagemap is being ${other[1].what === 'add' ? 'added' : 'removed'}`,
      against: [other[1].seq],
    }
  },
})

/** Bug 21 */
export const misalignedHotAdd = rule({
  id: 'memremap/misaligned-hot-add',
  on: ['memory-add-started'],
  says: 'A driver asks for ranges of whole 2 MiB (memremap_compat_align).',
  because: 'less is refused only inside of hot-add, with a warning; namespaces are checked before since 6acd7d5ef264 (5.7).',
  find: (p, event) => {
    if (event.type !== 'memremap/memory-add-started' || p.stages === null || p.type === null) return null
    const { start, size } = event.data
    return ((start | size) & COMPAT_ALIGN_MASK) === 0n ? null : { summary: 'reached hot-add though it is not of whole 2 MiB' }
  },
})

const COMPAT_ALIGN_MASK = 0x1fffffn

export const hotplugInvariants: readonly Invariant<MemremapState>[] = [sectionsLeft, hotplugOverlaps, misalignedHotAdd]
