import type { Pfn } from '@devtrail/events'
import { coversPfn, rangeFirst, rangeLast, type DevPagemap } from './dev-pagemap.ts'
import type { MemremapRules } from '../rules.ts'

interface Slot {
  readonly first: Pfn
  readonly last: Pfn
  readonly pagemap: DevPagemap
}

/**
 * Which pagemap a pfn finds (`pgmap_array`, mm/memremap.c). Linux 6.1 has one slot a pfn: storing a range overwrites what
 * was in it and erasing clears it, whoever's it was. The seed has a list where the newest pagemap is found first.
 */
export class PagemapSlots {
  #slots: Slot[] = []
  readonly #rules: MemremapRules

  constructor(rules: MemremapRules) {
    this.#rules = rules
  }

  find(pfn: Pfn): DevPagemap | null {
    return this.#slots.find((s) => pfn >= s.first && pfn <= s.last && coversPfn(s.pagemap, pfn))?.pagemap ?? null
  }

  store(pagemap: DevPagemap): void {
    if (this.#rules.clashRefused) this.#clear(rangeFirst(pagemap.range), rangeLast(pagemap.range))
    this.#slots.unshift({ first: rangeFirst(pagemap.range), last: rangeLast(pagemap.range), pagemap })
  }

  erase(pagemap: DevPagemap): void {
    if (this.#rules.clashRefused) this.#clear(rangeFirst(pagemap.range), rangeLast(pagemap.range))
    else this.#slots = this.#slots.filter((s) => s.pagemap !== pagemap)
  }

  #clear(first: Pfn, last: Pfn): void {
    this.#slots = this.#slots.flatMap((s) =>
      [
        { ...s, last: Math.min(s.last, first - 1) },
        { ...s, first: Math.max(s.first, last + 1) },
      ].filter((piece) => piece.first <= piece.last),
    )
  }
}
