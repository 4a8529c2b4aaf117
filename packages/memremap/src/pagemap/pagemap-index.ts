/** The registry of pagemaps: which one a pfn finds. */
import { errno, type Pfn } from '@devtrail/events'
import { SECTION_PAGES, type PagemapRules } from '../rules.ts'
import type { DevPagemap, LiveRange } from './dev-pagemap.ts'
import { PfnMap } from '../lookup/pfn-map.ts'

export interface PagemapIndex {
  find(pfn: Pfn): DevPagemap | null
  /** 0, or the errno of a clash; then nothing of it is stored. */
  store(pagemap: DevPagemap, range: LiveRange): number
  erase(pagemap: DevPagemap, range: LiveRange): void
}

/** One slot a page (`pgmap_array`, since 4.14): storing overwrites, erasing clears, whoever's it was. */
class PageIndex implements PagemapIndex {
  readonly #map = new PfnMap<DevPagemap>()

  find(pfn: Pfn): DevPagemap | null {
    return this.#map.get(pfn)
  }

  store(pagemap: DevPagemap, { first, last }: LiveRange): number {
    this.#map.set(first, last, pagemap)
    return 0
  }

  erase(_pagemap: DevPagemap, { first, last }: LiveRange): void {
    this.#map.clear(first, last)
  }
}

interface Entry {
  readonly pagemap: DevPagemap
  readonly range: LiveRange
}

/** A list where the newest that covers a page is found first (the seed); the map beside it knows which that is. */
class ListIndex implements PagemapIndex {
  /** Oldest first. */
  #entries: Entry[] = []
  readonly #map = new PfnMap<DevPagemap>()

  find(pfn: Pfn): DevPagemap | null {
    return this.#map.get(pfn)
  }

  store(pagemap: DevPagemap, range: LiveRange): number {
    this.#entries.push({ pagemap, range })
    this.#map.set(range.first, range.last, pagemap)
    return 0
  }

  erase(pagemap: DevPagemap, range: LiveRange): void {
    this.#entries = this.#entries.filter((e) => e.pagemap !== pagemap || e.range !== range)
    this.#map.clear(range.first, range.last)
    for (const { pagemap: older, range: r } of this.#entries) {
      const [first, last] = [Math.max(r.first, range.first), Math.min(r.last, range.last)]
      if (first <= last) this.#map.set(first, last, older)
    }
  }
}

/** A key a section (4.5 to 4.13): a pagemap is found by every page of the sections that its range touches. */
class SectionIndex implements PagemapIndex {
  readonly #keys = new Map<number, DevPagemap>()
  readonly #rules: PagemapRules

  constructor(rules: PagemapRules) {
    this.#rules = rules
  }

  find(pfn: Pfn): DevPagemap | null {
    return Number.isInteger(pfn) ? (this.#keys.get(Math.floor(pfn / SECTION_PAGES)) ?? null) : null
  }

  store(pagemap: DevPagemap, range: LiveRange): number {
    const keys = this.#keysOf(range, this.#rules.storesByEnd)
    const clash = keys.find((key) => this.#keys.has(key))
    const stored = clash === undefined ? keys : keys.filter((key) => key < clash)
    for (const key of stored) this.#keys.set(key, pagemap)
    if (clash === undefined) return 0
    for (const key of this.#rules.rollbackErasesAll ? keys : stored) this.#keys.delete(key)
    return errno.EBUSY
  }

  erase(_pagemap: DevPagemap, range: LiveRange): void {
    for (const key of this.#keysOf(range, this.#rules.erasesByEnd)) this.#keys.delete(key)
  }

  /** The sections of a range. By its end: those it touches. By its size: as many as that has, rounded up, from the first. */
  #keysOf({ start, end }: LiveRange, byEnd: boolean): number[] {
    const section = BigInt(SECTION_PAGES) * 4096n
    const first = Number(start / section)
    const count = byEnd ? Number(end / section) - first + 1 : Number((end - start + section) / section)
    return Array.from({ length: count }, (_, i) => first + i)
  }
}

export function newPagemapIndex(rules: PagemapRules): PagemapIndex {
  if (rules.index === 'sections') return new SectionIndex(rules)
  return rules.index === 'list' ? new ListIndex() : new PageIndex()
}
