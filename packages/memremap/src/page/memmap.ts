/**
 * The struct pages that exist, by pfn, and what their pagemap words hold. A struct page is what its pfn finds here and
 * nowhere else; whoever still points at one that was removed points at nothing.
 */
import type { Pfn } from '@devtrail/events'
import { PfnMap } from '../lookup/pfn-map.ts'
import type { DevicePages } from './device-pages.ts'
import type { PageWords } from './page-words.ts'

export class Memmap<P> {
  readonly #pages = new PfnMap<DevicePages<P>>()
  readonly #ranges = new Set<DevicePages<P>>()
  /** Where a neighbour was found last; not used where ranges overlap, as the oldest era lets them. */
  #last: DevicePages<P> | null = null
  #overlapping = false
  /** What a list left in the words of a page that was added to one. */
  readonly #words = new Map<Pfn, PageWords>()

  /** The pages of the range in which a pfn has a struct page that points at a pagemap; null for all other memory. */
  at(pfn: Pfn): DevicePages<P> | null {
    const last = this.#last
    if (last !== null && pfn >= last.first && pfn <= last.last) return last
    return this.#find(pfn)
  }

  #find(pfn: Pfn): DevicePages<P> | null {
    const found = this.#pages.get(pfn)
    if (found !== null && !this.#overlapping) this.#last = found
    return found
  }

  /** `page_ref_count`; 0 where there is no device page. */
  count(pfn: Pfn): number {
    return this.at(pfn)?.count(pfn) ?? 0
  }

  /** `memmap_init_zone_device`: the pages point at their pagemap from now on. Counts of pages that were there before stay. */
  add(pages: DevicePages<P>): void {
    for (const other of this.#ranges) {
      if (other.first > pages.last || pages.first > other.last) continue
      this.#overlapping = true
      pages.takeOver(other)
    }
    this.#ranges.add(pages)
    this.#last = null
    if (pages.first <= pages.last) this.#pages.set(pages.first, pages.last, pages)
  }

  /** The struct pages go, whoever's they are. */
  remove(pages: DevicePages<P>): void {
    this.#ranges.delete(pages)
    this.#last = null
    if (pages.first <= pages.last) this.#pages.clear(pages.first, pages.last)
    if (this.#ranges.size === 0) this.#overlapping = false
    for (const pfn of this.#words.keys()) if (pages.covers(pfn)) this.#words.delete(pfn)
  }

  /** What a list left in a page's words; undefined while they are as they were initialised. */
  overwritten(pfn: Pfn): PageWords | undefined {
    return this.#words.get(pfn)
  }

  overwrite(pfn: Pfn, words: PageWords): void {
    this.#words.set(pfn, words)
  }
}
