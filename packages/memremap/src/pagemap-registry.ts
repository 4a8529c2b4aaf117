/**
 * Live pagemaps with their struct pages and the references to them (mm/memremap.c, mm/gup.c; Linux 6.1, or the seed's rules
 * of `rules.ts`). A lookup (`get_dev_pagemap`) holds the pagemap while it lasts; under 6.1 a page reference does not, so
 * nothing here keeps memory from being removed under somebody who still has a page of it. That hole is the kernel's.
 */
import { hex, type Emitter, type Ids, type Pfn } from '@devtrail/events'
import { pageCount, type DevPagemap } from './pagemap/dev-pagemap.ts'
import type { putHow } from './events.ts'
import { foll } from './page/foll.ts'
import { IdleWaits, type IdleWaiter, type Schedule } from './page/idle-waits.ts'
import { memoryType } from './pagemap/memory-type.ts'
import { PagemapTable } from './pagemap/pagemap-table.ts'
import { pfnToPage } from './page/page-address.ts'
import { IDLE, weight } from './page/pages.ts'
import type { RulesName } from './rules.ts'

export type PutHow = (typeof putHow)[number]
/** `gone`: the memory was removed before; a real kernel reads or writes freed struct pages here. */
export type PutResult = 'idle' | 'referenced' | 'gone'

export interface RegistryOptions {
  readonly rules?: RulesName
  /** Runs woken tasks; at once unless given. */
  readonly schedule?: Schedule
}

/** The pagemaps of a machine, the references to their pages, and those who wait for a page to become idle. */
export class PagemapRegistry extends PagemapTable {
  readonly waits: IdleWaits

  constructor(emitter: Emitter, ids: Ids, options: RegistryOptions = {}) {
    super(emitter, ids, options.rules)
    const view = { isBusy: (pfn: Pfn) => this.countOf(pfn) > IDLE, pagemapOf: (pfn: Pfn) => this.ownerOf(pfn)?.id ?? null }
    this.waits = new IdleWaits(emitter, view, options.schedule ?? ((task) => task()))
  }

  /** The count of a device page; 0 where there is none. */
  countOf(pfn: Pfn): number {
    const owner = this.ownerOf(pfn)
    return owner === null ? 0 : pageCount(owner, pfn)
  }

  /**
   * `try_grab_page`: takes `refs` references of FOLL_GET or FOLL_PIN; false when there is no such page.
   * @throws Error for both kinds at once, and for a pin under rules that know none.
   */
  grabPage(pfn: Pfn, flags: number, refs = 1): boolean {
    const pinned = (flags & foll.PIN) !== 0
    if (pinned && ((flags & foll.GET) !== 0 || !this.rules.pins))
      throw new Error(`FOLL_PIN cannot be had here (after event ${this.emitter.seq})`)
    const p = this.ownerOf(pfn)
    const before = p === null ? null : pageCount(p, pfn)
    this.say(
      'memremap/grab-started',
      { pfn, page: pfnToPage(pfn), pagemap: p?.id ?? null, word: p?.pointer ?? null, refcount: before, refs, flags, folio: false },
      p,
    )
    if (p === null || before === null) {
      this.say('memremap/grab-refused', { pfn, pagemap: null }, p)
      return false
    }
    const kind = pinned ? 'pin' : 'get'
    const taken = pinned || (flags & foll.GET) !== 0 ? refs : 0
    if (this.rules.pageHoldsPagemap) p.ref.count += taken
    p.pages!.setCount(pfn, before + weight(kind, taken, 0))
    this.say('memremap/grabbed', { pfn, pagemap: p.id, before, head: null, refs: taken, kind, result: null }, p)
    return true
  }

  /**
   * The fast walk of get_user_pages over one table of present device PTEs: how many pages it took. Where one of them has no
   * live pagemap, those taken before are given back and none is. `flags` has FOLL_GET or FOLL_PIN.
   */
  getUserPages(first: Pfn, pages: number, flags: number): number {
    const kind = (flags & foll.PIN) !== 0 ? 'pin' : 'get'
    let cached: DevPagemap | null = null
    for (let i = 0; i < pages; i++) {
      cached = this.getDevPagemap(first + i, cached)
      if (cached === null || !this.grabPage(first + i, flags)) {
        this.putDevPagemap(cached)
        for (let j = 0; j < i; j++) this.putPage(first + j, kind, 'gup')
        return 0
      }
      // The seed takes one for each page and gives it back; the page's own reference goes on holding the pagemap.
      if (this.rules.cachedLookupGets) this.putDevPagemap(cached)
    }
    if (!this.rules.cachedLookupGets) this.putDevPagemap(cached)
    return pages
  }

  /** `put_page`, or another way to give back one reference. Under 6.1 the end of a bio (`how` = `bio`) wakes nobody. */
  putPage(pfn: Pfn, kind: 'get' | 'pin' = 'get', how: PutHow = kind === 'pin' ? 'unpin' : 'put_page'): PutResult {
    return this.putPages(pfn, 1, kind, how)
  }

  /** The same for neighbouring pages, as the end of a bio gives them back. @throws Error when one has no such reference. */
  putPages(first: Pfn, pages: number, kind: 'get' | 'pin', how: PutHow): PutResult {
    const p = this.ownerOf(first)
    const word = p?.pointer ?? null
    const n = weight(kind, 1, 0)
    const common = { pfn: first, pages, page: pfnToPage(first), word, refs: 1, kind, how }
    if (p === null) {
      this.say('memremap/put', { ...common, pagemap: null, head: null, before: null }, null)
      return 'gone'
    }
    const all = Array.from({ length: pages }, (_, i) => first + i)
    for (const pfn of all)
      this.expect(p, this.ownerOf(pfn) === p && pageCount(p, pfn) - n >= IDLE, `has no such reference on page ${hex(pfn)}`)
    if (this.rules.pageHoldsPagemap) this.dropRef(p, pages)
    const before = pageCount(p, first)
    for (const pfn of all) p.pages!.add(pfn, -n)
    const seq = this.say('memremap/put', { ...common, pagemap: p.id, head: null, before }, p)
    const idle = all.filter((pfn) => pageCount(p, pfn) === IDLE)
    if (p.type === memoryType.FS_DAX && this.rules.wakes.includes(how)) for (const pfn of idle) this.waits.wake(pfn, seq)
    return idle.length === pages ? 'idle' : 'referenced'
  }

  /** Enters `ext4_break_layouts` for the pages of a file, on behalf of the emitter's actor. */
  startIdleWait(pfns: readonly Pfn[], call = 'ext4_break_layouts'): IdleWaiter {
    return this.waits.start(pfns, call)
  }
}
