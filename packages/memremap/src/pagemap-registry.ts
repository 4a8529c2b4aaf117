/**
 * Live pagemaps with their struct pages, the references to them, and those who wait for a page to become idle (mm/memremap.c,
 * mm/gup.c; Linux 6.1, or the seed's rules of `rules.ts`). A lookup (`get_dev_pagemap`) holds the pagemap while it lasts; under
 * 6.1 a page reference does not, so nothing here keeps memory from being removed under somebody who still has a page of it.
 * That hole is the kernel's.
 */
import type { Emitter, Ids, Pfn } from '@devtrail/events'
import { AddressSpace } from './fault/address-space.ts'
import { DaxFaults } from './fault/dax-fault.ts'
import type { DaxFile } from './fault/dax-file.ts'
import { truncateSteps } from './fault/truncate.ts'
import { GetUserPages } from './gup/get-user-pages.ts'
import { Bio, Pipe } from './gup/holders.ts'
import { foll } from './page/foll.ts'
import { IdleWaits, type IdleWaiter, type Schedule } from './page/idle-waits.ts'
import { Lists } from './page/list-add.ts'
import { PageReferences, type PutResult } from './page/page-references.ts'
import type { PutHow, ReferenceKind } from './page/page-said.ts'
import { softOffline } from './page/soft-offline.ts'
import type { StructPages } from './page/struct-pages.ts'
import { coversPfn, pfnFirst, type DevPagemap } from './pagemap/dev-pagemap.ts'
import { PagemapTable } from './pagemap/pagemap-table.ts'
import type { MemremapOptions } from './machine.ts'
import type { Steps } from './tasks.ts'

export interface RegistryOptions extends MemremapOptions {
  /** Runs woken tasks; at once unless given. */
  readonly schedule?: Schedule
}

/** The pagemaps of a machine, the references to their pages, and those who wait for a page to become idle. */
export class PagemapRegistry extends PagemapTable {
  readonly waits: IdleWaits
  readonly references: PageReferences<DevPagemap>
  readonly lists: Lists<DevPagemap>
  readonly faults: DaxFaults
  readonly userPages: GetUserPages<DevPagemap>
  readonly #ids: Ids

  constructor(emitter: Emitter, ids: Ids, options: RegistryOptions = {}) {
    super(emitter, ids, options)
    this.#ids = ids
    const { rules } = this
    const pages = this.pages
    const view = { isBusy: (pfn: Pfn) => this.#isBusy(pfn), pagemapOf: (pfn: Pfn) => this.ownerOf(pfn)?.id ?? null }
    const whenSleeping = (any: boolean): void => {
      this.references.sleepers = any
    }
    this.waits = new IdleWaits(emitter, view, options.schedule ?? ((task) => task()), whenSleeping)
    const hold = {
      get: (p: DevPagemap, n: number) => p.ref.getMany(n),
      put: (p: DevPagemap, n: number) => p.ref.putMany(n),
      tryGetLive: (p: DevPagemap) => p.ref.tryGetLive(),
    }
    this.references = new PageReferences<DevPagemap>({ emitter, rules, pages, hold, wake: (pfn, cause) => this.waits.wake(pfn, cause) })
    this.references.sleepers = false
    this.lists = new Lists(emitter, rules, pages)
    this.faults = new DaxFaults(emitter, rules)
    this.userPages = new GetUserPages<DevPagemap>({ emitter, rules, references: this.references, lookup: this, faults: this.faults })
  }

  /** The struct pages of the machine's device memory. */
  get pages(): StructPages<DevPagemap> {
    return this.machine.pages
  }

  #isBusy(pfn: Pfn): boolean {
    const pages = this.pages.at(pfn)
    return pages !== null && pages.count(pages.headOf(pfn)) > pages.idle
  }

  /** The count of a page; 0 where there is none. */
  countOf(pfn: Pfn): number {
    return this.references.count(pfn)
  }

  /** `pgmap_pfn_valid` (since 5.12): whether a pfn is in the pagemap's range and not of its altmap. */
  pgmapPfnValid(p: DevPagemap, pfn: Pfn): boolean {
    return coversPfn(p, pfn) && pfn >= pfnFirst(p)
  }

  /**
   * `try_grab_page`: takes `refs` references of FOLL_GET or FOLL_PIN; false when there is no such page.
   * @throws RangeError for what is no pfn, and less than 1 reference; Error for both kinds at once, and for a pin under rules
   * that know none.
   */
  grabPage(pfn: Pfn, flags: number, refs = 1): boolean {
    return this.references.tryGrab(pfn, flags, refs)
  }

  /**
   * The fast walk of get_user_pages over one table of present device PTEs: how many pages it took. Where one of them has no
   * live pagemap, those taken before are given back and none is. Without FOLL_PIN references are those of FOLL_GET.
   * @throws RangeError for what is no pfn; Error as {@link grabPage}.
   */
  getUserPages(first: Pfn, pages: number, wanted: number): number {
    const flags = (wanted & foll.PIN) !== 0 ? wanted : wanted | foll.GET
    this.references.checkKinds(flags)
    const kind = (flags & foll.PIN) !== 0 ? 'pin' : 'get'
    let cached: DevPagemap | null = null
    for (let i = 0; i < pages; i++) {
      cached = this.getDevPagemap(first + i, cached)
      if (cached === null || !this.references.tryGrab(first + i, flags, 1, true)) {
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
  putPage(pfn: Pfn, kind: ReferenceKind = 'get', how: PutHow = kind === 'pin' ? 'unpin' : 'put_page'): PutResult {
    return kind === 'get' && how === 'put_page' ? this.references.putPage(pfn) : this.references.put(pfn, { kind, how })
  }

  /** The same for neighbouring pages, as the end of a bio gives them back. @throws PageBug as {@link PageReferences.put}. */
  putPages(first: Pfn, pages: number, kind: ReferenceKind, how: PutHow): PutResult {
    return this.references.put(first, { pages, kind, how })
  }

  /** `soft_offline_page` of a device page. */
  softOffline(pfn: Pfn, counted: boolean): number {
    return softOffline({ emitter: this.emitter, rules: this.rules, pages: this.pages, references: this.references }, pfn, counted)
  }

  /** The page tables of a process. */
  addressSpace(pid: number): AddressSpace {
    return new AddressSpace(this.emitter, pid)
  }

  /** Pages that the acting task has references on go into a bio. */
  bio(pfns: readonly Pfn[], kind: ReferenceKind = 'get'): Bio<DevPagemap> {
    return new Bio(this.#holderParts(), pfns, kind)
  }

  /** Pages that the acting task has references on go into a pipe. */
  pipe(pfns: readonly Pfn[]): Pipe<DevPagemap> {
    return new Pipe(this.#holderParts(), pfns)
  }

  #holderParts(): ConstructorParameters<typeof Pipe<DevPagemap>>[0] {
    return { emitter: this.emitter, ids: this.#ids, references: this.references, pages: this.pages }
  }

  /** `truncate` of a DAX file to so many pages; under 6.1 it waits for what it cuts off to become idle. */
  truncate(file: DaxFile, pages: number): Steps<void> {
    const pagemapOf = (pfn: Pfn): number | null => this.ownerOf(pfn)?.id ?? null
    return truncateSteps({ emitter: this.emitter, rules: this.rules, waits: this.waits, pagemapOf }, file, pages)
  }

  /** Enters `ext4_break_layouts` for the pages of a file, on behalf of the emitter's actor. */
  startIdleWait(pfns: readonly Pfn[], call = 'ext4_break_layouts'): IdleWaiter {
    return this.waits.start(() => pfns, call)
  }
}
