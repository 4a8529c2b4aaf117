/**
 * The struct pages that exist, by pfn: which memory was hot-added, whose its pages are, and what their pagemap words hold. A
 * struct page is what its pfn finds here and nowhere else; whoever still points at one that was removed points at nothing.
 * Every operation takes the same time however many pages it is about.
 */
import type { Emitter, PagemapId, Pfn, Pointer } from '@devtrail/events'
import type { MemremapPayload } from '../events.ts'
import { PfnMap, SECTION_PAGES } from '../lookup/pfn-map.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import type { PageRules } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import { DevicePages } from './device-pages.ts'
import { initialWord1, type PageWords } from './page-words.ts'

/** What of a pagemap its struct pages depend on. */
export interface PageOwner {
  readonly id: PagemapId
  readonly pointer: Pointer
  /** enum memory_type. */
  readonly type: number | null
  readonly vmemmapShift?: number
}

/** The part of a range behind its altmap, ends inclusive. */
export interface DeviceRange {
  readonly devFirst: Pfn
  readonly last: Pfn
}

/** What says that pages of a section are valid (`mem_section_usage`). */
interface Usage {
  freed: boolean
}

export class StructPages<P extends PageOwner> {
  readonly #emitter: Emitter
  readonly #rules: PageRules
  readonly #added = new PfnMap<Usage>()
  readonly #pages = new PfnMap<DevicePages<P>>()
  readonly #ranges = new Set<DevicePages<P>>()
  /** Where a neighbour was found last; not used where ranges overlap, as the seed lets them. */
  #last: DevicePages<P> | null = null
  #overlapping = false
  readonly #whenChanged: (() => void)[] = []
  /** What a list left in the words of a page that was added to one. */
  readonly #words = new Map<Pfn, PageWords>()

  constructor(emitter: Emitter, rules: PageRules) {
    this.#emitter = emitter
    this.#rules = rules
  }

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

  /** Calls back whenever pages came or went: what was found before may be another's. */
  whenChanged(call: () => void): void {
    this.#whenChanged.push(call)
  }

  /** Whether a pfn that one range covers may be another's page. */
  get overlapping(): boolean {
    return this.#overlapping
  }

  /** `page_ref_count`; 0 where there is no device page. */
  count(pfn: Pfn): number {
    return this.at(pfn)?.count(pfn) ?? 0
  }

  /** `is_zone_device_page`: of all pages of hot-added device memory, those of the altmap included. */
  isZoneDevicePage(pfn: Pfn): boolean {
    return this.#added.get(pfn) !== null
  }

  /** `page.pgmap` and the word behind it; null where no pagemap's page is. */
  words(pfn: Pfn): PageWords | null {
    const pages = this.at(pfn)
    if (pages === null) return null
    return this.#words.get(pfn) ?? { word0: pages.pagemap.pointer, word1: initialWord1(this.#rules.poisonsPages) }
  }

  /** Something wrote the words of a page: its pagemap pointer is gone. */
  overwrite(pfn: Pfn, words: PageWords): void {
    this.#words.set(pfn, words)
  }

  /** `arch_add_memory` went through for [first, end). */
  added(first: Pfn, end: Pfn): void {
    this.#added.set(...this.#validRange(first, end), { freed: false })
  }

  /** What hot-add makes valid: sub-sections as they are, or whole sections. */
  #validRange(first: Pfn, end: Pfn): [Pfn, Pfn] {
    if (this.#rules.validBySubSection) return [first, end - 1]
    return [Math.floor(first / SECTION_PAGES) * SECTION_PAGES, Math.ceil(end / SECTION_PAGES) * SECTION_PAGES - 1]
  }

  /** `pfn_valid` of device memory: whether a pfn has a struct page. Pauses where its section can be removed meanwhile. */
  *pfnValid(pfn: Pfn): Steps<boolean> {
    const usage = this.#added.get(pfn)
    yield null
    const stale = usage !== null && usage.freed && !this.#rules.usageAfterGrace
    const valid = usage !== null && (stale || !usage.freed)
    if (this.#emitter.on) this.#emitter.emit<MemremapPayload>('memremap/pfn-checked', { pfn, valid, stale })
    return valid
  }

  /**
   * `memmap_init_zone_device`, in the seed a loop over `for_each_device_pfn`: the pages are the pagemap's from now on. Pages
   * that another one had keep their counts, and are unlinked from a list that they are not on.
   */
  initDevice(pagemap: P, { devFirst, last }: DeviceRange): DevicePages<P> {
    const handedOut = pagemap.type === memoryType.PRIVATE || pagemap.type === memoryType.COHERENT
    const pages = new DevicePages(pagemap, devFirst, last, {
      order: pagemap.vmemmapShift ?? 0,
      idle: handedOut && this.#rules.handsOutFromZero ? 0 : 1,
    })
    for (const other of this.#ranges) {
      if (other.first > last || devFirst > other.last) continue
      this.#overlapping = true
      pages.takeOver(other)
      this.#sayUnlinkedTwice(pages, other)
    }
    this.#ranges.add(pages)
    this.#changed()
    if (devFirst <= last) this.#pages.set(devFirst, last, pages)
    return pages
  }

  /** `arch_remove_memory` of [first, end): the struct pages go, whoever's they are, and whoever references them. */
  removed(first: Pfn, end: Pfn): void {
    const usage = this.#added.get(first)
    if (usage !== null) usage.freed = true
    this.#added.clear(...this.#validRange(first, end))
    this.#pages.clear(first, end - 1)
    for (const pages of this.#ranges) if (pages.first >= first && pages.last < end) this.#ranges.delete(pages)
    for (const pfn of this.#words.keys()) if (pfn >= first && pfn < end) this.#words.delete(pfn)
    this.#changed()
    if (this.#ranges.size === 0) this.#overlapping = false
  }

  #changed(): void {
    this.#last = null
    for (const call of this.#whenChanged) call()
  }

  #sayUnlinkedTwice(pages: DevicePages<P>, other: DevicePages<P>): void {
    if (!this.#emitter.on) return
    const firstPfn = Math.max(pages.first, other.first)
    this.#emitter.emit<MemremapPayload>('memremap/pages-unlinked-twice', {
      pagemap: pages.pagemap.id,
      of: other.pagemap.id,
      firstPfn,
      pages: Math.min(pages.last, other.last) + 1 - firstPfn,
    })
  }
}
