import { errno, type Pfn } from '@devtrail/events'
import type { MemremapMachine } from '../machine.ts'
import { coversPfn, pfnFirst } from './dev-pagemap.ts'
import { getDevPagemap } from './lookup.ts'

/**
 * `memory_failure` of device memory, as far as it finds the page: 0 when its struct page is looked at; -ENXIO for a page of no
 * live pagemap and, since 5.12, for one that holds struct pages and has none itself (`pgmap_pfn_valid`).
 */
export function memoryFailure(m: MemremapMachine, pfn: Pfn): number {
  const p = getDevPagemap(m, pfn, null)
  if (p === null) return errno.ENXIO
  const isData = coversPfn(p, pfn) && !(pfn >= p.range.first && pfn < pfnFirst(p))
  const looked = isData || !m.rules.sparesMetadata
  if (looked) m.say('memremap/struct-page-read', { pagemap: p.id, pfn, by: 'memory_failure' }, p.device)
  p.ref.put()
  return looked ? 0 : errno.ENXIO
}
