/** arch_remove_memory for a range of a pagemap: its struct pages go, and what held them is given back. */
import { altmapFree } from '../altmap/altmap.ts'
import type { MemremapMachine } from '../machine.ts'
import type { DevPagemap, LiveRange } from '../pagemap/dev-pagemap.ts'
import { SECTION_PAGES } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import { granules, BLOCK_PAGES, lockHotplug } from './hot-add.ts'

export function* removeMemory(m: MemremapMachine, p: DevPagemap, range: LiveRange): Steps<void> {
  const unlock = yield* lockHotplug(m)
  const size = range.end - range.start + 1n
  const zoneOf = m.rules.readsInitialisedZone ? range.devFirst : range.first
  m.say('memremap/struct-page-read', { pagemap: p.id, pfn: zoneOf, by: 'arch_remove_memory' }, p.device)
  const seq = m.say('memremap/memory-removed', { pagemap: p.id, start: range.start, size }, p.device)
  m.pages.removed(range.first, range.last + 1)
  range.memory = false
  yield { what: '__remove_pages' }
  m.events.because(seq, () => removePages(m, p, range))
  m.say('memremap/memory-remove-ended', { pagemap: p.id, start: range.start, size }, p.device, seq)
  unlock()
}

function removePages(m: MemremapMachine, p: DevPagemap, range: LiveRange): void {
  const { first, last } = granules(m, range, m.rules.erasesByEnd)
  const pages = m.sections.count(first, last)
  m.sections.remove(first, last)
  m.say('memremap/sections-removed', { pagemap: p.id, first, last, pages }, p.device)
  // With an altmap there is one range only.
  const { altmap } = p
  if (altmap === null) return
  const whole = Math.ceil(first / SECTION_PAGES)
  const blocks = Math.max(0, Math.floor((last + 1) / SECTION_PAGES) - whole)
  if (blocks === 0) return
  // By its first page, as that of the struct pages' own page was looked up.
  const found = !m.rules.altmapLookedUp || m.index.find(altmap.basePfn)?.altmap === altmap
  if (found) altmapFree(altmap, blocks * BLOCK_PAGES)
  const to = found ? 'altmap' : 'page-allocator'
  m.say('memremap/altmap-freed', { pagemap: p.id, pages: blocks * BLOCK_PAGES, to, alloc: altmap.alloc }, p.device)
}
