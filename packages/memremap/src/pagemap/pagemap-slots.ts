import type { Pfn } from '@devtrail/events'
import { PfnMap } from '../lookup/pfn-map.ts'
import type { MemremapRules } from '../rules.ts'
import { rangeFirst, rangeLast, type DevPagemap } from './dev-pagemap.ts'

/**
 * Which pagemap a pfn finds (`pgmap_array`, mm/memremap.c). Linux 6.1 has one slot a pfn: storing a range overwrites what
 * was in it and erasing clears it, whoever's it was. The seed has a list where the newest pagemap is found first: here it lies
 * over the older ones, which show again when it goes.
 */
export class PagemapSlots {
  readonly #visible = new PfnMap<DevPagemap>()
  /** Oldest first; where newer ones lie over older ones alone. */
  readonly #layers: DevPagemap[] = []
  readonly #rules: MemremapRules

  constructor(rules: MemremapRules) {
    this.#rules = rules
  }

  find(pfn: Pfn): DevPagemap | null {
    return this.#visible.get(pfn)
  }

  store(pagemap: DevPagemap): void {
    if (!this.#rules.clashRefused) this.#layers.push(pagemap)
    this.#visible.set(rangeFirst(pagemap.range), rangeLast(pagemap.range), pagemap)
  }

  erase(pagemap: DevPagemap): void {
    const [first, last] = [rangeFirst(pagemap.range), rangeLast(pagemap.range)]
    this.#visible.clear(first, last)
    if (this.#rules.clashRefused) return
    this.#layers.splice(this.#layers.indexOf(pagemap), 1)
    for (const older of this.#layers) {
      const [from, to] = [Math.max(first, rangeFirst(older.range)), Math.min(last, rangeLast(older.range))]
      if (from <= to) this.#visible.set(from, to, older)
    }
  }
}
