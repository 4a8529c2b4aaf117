/** The struct pages of a machine, as the pagemap side needs them. */
import type { Pfn } from '@devtrail/events'
import { IDLE } from './pages.ts'
import type { DevPagemap, LiveRange } from '../pagemap/dev-pagemap.ts'

/** What hot-add and hot-remove do to struct pages; costs nothing a page. */
export interface StructPages {
  /** `arch_add_memory` went through: struct pages of `first` to `last`, inclusive, are there as hot-add leaves them. */
  added(first: Pfn, last: Pfn): void
  /** `memmap_init_zone_device`, or the loop of the seed: those behind the altmap belong to the pagemap now. */
  initDevice(pagemap: DevPagemap, range: LiveRange): void
  /** `arch_remove_memory`: they are gone. */
  removed(pagemap: DevPagemap, range: LiveRange): void
  /** The pages of a range whose count is not the idle one, ascending. */
  referenced(pagemap: DevPagemap, range: LiveRange): Iterable<readonly [Pfn, number]>
}

/** Counts in a map a pagemap. */
export const countedPages: StructPages = {
  added: () => undefined,
  initDevice: (pagemap) => pagemap.counts.clear(),
  removed: () => undefined,
  referenced: (pagemap, range) =>
    [...pagemap.counts].filter(([pfn, count]) => count !== IDLE && pfn >= range.first && pfn <= range.last).toSorted((a, b) => a[0] - b[0]),
}
