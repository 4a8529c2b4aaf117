/**
 * References on pages, by the rules of each era (include/linux/mm.h, mm/memremap.c). In the 2015 series a page reference holds
 * its pagemap too, and a put beyond the last is a BUG. Under 6.1 it holds nothing but the page: of an FS_DAX page the put that
 * leaves it idle wakes who waits for that, and one too many goes unnoticed; of other pages the put that lands on zero frees.
 * Without anybody who listens an operation costs a look-up and an addition.
 */
import type { Emitter, Pfn } from '@devtrail/events'
import { memoryType } from '../pagemap/memory-type.ts'
import type { PageRules } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import { DevicePages } from './device-pages.ts'
import { foll } from './foll.ts'
import { pfnToPage } from './page-address.ts'
import { PageSaid, type PutHow, type ReferenceKind, type SaidOwner } from './page-said.ts'
import { weight } from './pages.ts'
import type { PageOwner, StructPages } from './struct-pages.ts'

/** `gone`: the memory was removed before; a real kernel reads or writes freed struct pages here. `freed`: it was the last. */
export type PutResult = 'idle' | 'referenced' | 'gone' | 'freed'

/** The kernel would have stopped here (VM_BUG_ON): a broken promise of the caller. */
export class PageBug extends Error {
  override readonly name = 'PageBug'
}

/** The percpu_ref of a pagemap, as far as pages use it. */
export interface PagemapHold<P> {
  get(pagemap: P, n: number): void
  put(pagemap: P, n: number): void
  tryGetLive(pagemap: P): boolean
}

/** What a page is given to when its last reference goes (`dev_pagemap_ops.page_free`). */
export interface FreeingOwner extends SaidOwner {
  readonly ops?: { readonly pageFree?: ((pfn: Pfn) => void) | undefined } | undefined
}

export interface PageReferencesParts<P> {
  readonly emitter: Emitter
  readonly rules: PageRules
  readonly pages: StructPages<P & PageOwner>
  readonly hold: PagemapHold<P>
  /** `wake_up_var` on a page's count, because of a put that was said under `cause`. */
  readonly wake: (pfn: Pfn, cause: number) => void
}

export class PageReferences<P extends FreeingOwner> {
  readonly #emitter: Emitter
  readonly #said: PageSaid<P>
  readonly #rules: PageRules
  readonly #pages: StructPages<P>
  readonly #hold: PagemapHold<P>
  readonly #wake: (pfn: Pfn, cause: number) => void
  /** Counts of pages of ordinary memory that were handed in. */
  readonly #ordinary = new Map<Pfn, number>()
  /** Stands for none. */
  readonly #none: DevicePages<P>
  /**
   * The pages at hand: of the range that was used last, while nobody listens and where counting is all there is to do; else none. So
   * that counting one reference after the other takes no look-up.
   */
  #near: DevicePages<P>
  /** Nobody listens, and a reference holds nothing but its page. */
  #countsOnly = false
  /** Whether somebody may sleep until a page is idle. */
  #sleepers = true
  #freedWithoutCallback = false

  constructor({ emitter, rules, pages, hold, wake }: PageReferencesParts<P>) {
    this.#emitter = emitter
    this.#said = new PageSaid(emitter, pages, this.#ordinary)
    this.#rules = rules
    this.#pages = pages
    this.#hold = hold
    this.#wake = wake
    this.#none = this.#near = new DevicePages(null as unknown as P, 0, -1)
    const forget = (): void => {
      this.#near = this.#none
      this.#countsOnly = !emitter.on && !rules.pageHoldsPagemap
    }
    forget()
    pages.whenChanged(forget)
    emitter.whenHeard(forget)
  }

  /** A page of ordinary memory, with one reference. */
  addOrdinary(pfn: Pfn): void {
    this.#ordinary.set(pfn, 1)
  }

  /** `page_ref_count`; 0 where there is no page. */
  count(pfn: Pfn): number {
    return this.#pages.at(pfn)?.count(pfn) ?? this.#ordinary.get(pfn) ?? 0
  }

  /** `get_page`: one more reference on a page that has one. @throws PageBug when there is no such page, or its count is 0; RangeError for what is no pfn. */
  getPage(pfn: Pfn): void {
    let near = this.#near
    let at = pfn - near.first
    if (!(at >= 0 && at < near.size)) {
      near = this.#bringNear(pfn)
      at = pfn - near.first
      if (!(at >= 0 && at < near.size)) return this.#getPage(pfn)
    }
    const word = near.words[at]!
    if (word > 0) near.words[at] = word + 1
    else if (word === 0) near.getFirst(at)
    else this.#getPage(pfn)
  }

  #getPage(pfn: Pfn): void {
    this.#checkCount(pfn, 1, 'references')
    const pages = this.#pages.at(pfn)
    if (pages === null) return this.#getOrdinary(pfn)
    const head = pages.headOf(pfn)
    if (this.#rules.pageHoldsPagemap) this.#holdPagemap(pages.pagemap, head, 1)
    const above = pages.add(head, 1)
    if (above + pages.idleCount(head) <= 1) this.#bug(pfn, 'is referenced anew although its count is 0')
    if (this.#emitter.on) this.#said.grabbed(pages, pfn, 'get', 1, above - 1)
  }

  /** The pages at hand from now on: those that this one is of, where counting is all there is to do: of small pages that are idle at 1. */
  #bringNear(pfn: Pfn): DevicePages<P> {
    const pages = this.#countsOnly ? this.#pages.at(pfn) : null
    if (pages !== null && pages.order === 0 && pages.idle === 1 && !this.#pages.overlapping) this.#near = pages
    return this.#near
  }

  /** Tells whether somebody sleeps until a page is idle; until told, somebody may. */
  set sleepers(any: boolean) {
    this.#sleepers = any
  }

  #getOrdinary(pfn: Pfn): void {
    const before = this.#ordinary.get(pfn)
    if (before === undefined) this.#bug(pfn, 'has no struct page')
    this.#ordinary.set(pfn, before + 1)
    if (this.#emitter.on) this.#said.grabbed(null, pfn, 'get', 1, before)
  }

  /** What references FOLL_ flags ask for. @throws Error for both kinds at once, and for a pin under rules that know none. */
  checkKinds(flags: number): void {
    if ((flags & foll.PIN) !== 0 && ((flags & foll.GET) !== 0 || !this.#rules.pins))
      throw new Error(`FOLL_PIN cannot be had here${(flags & foll.GET) === 0 ? '' : ' with FOLL_GET'} (after event ${this.#emitter.seq})`)
  }

  #checkCount(pfn: Pfn, n: number, what: string): void {
    if (!Number.isSafeInteger(pfn) || pfn < 0) throw new RangeError(`${pfn} is no page frame number (after event ${this.#emitter.seq})`)
    if (!Number.isSafeInteger(n) || n < 1)
      throw new RangeError(`page 0x${pfn.toString(16)}: ${n} is no number of ${what}, from 1 (after event ${this.#emitter.seq})`)
  }

  /**
   * `try_grab_page`: `refs` references of FOLL_GET or FOLL_PIN; false when there is no page or its count is not above 0.
   * `walk`: on behalf of get_user_pages. @throws RangeError for what is no pfn, and less than 1 reference; Error as {@link checkKinds}.
   */
  tryGrab(pfn: Pfn, flags: number, refs = 1, walk = false): boolean {
    const pinned = (flags & foll.PIN) !== 0
    this.checkKinds(flags)
    this.#checkCount(pfn, refs, 'references')
    const pages = this.#pages.at(pfn)
    const head = pages?.headOf(pfn) ?? pfn
    const before = this.count(head)
    if (this.#emitter.on) this.#said.grabStarted(pages, pfn, before, flags, refs)
    if (before <= 0) {
      if (this.#emitter.on) this.#said.say('memremap/grab-refused', { pfn, pagemap: pages?.pagemap.id ?? null }, pages)
      return false
    }
    const kind = pinned ? 'pin' : 'get'
    const taken = pinned || (flags & foll.GET) !== 0 ? refs : 0
    if (pages === null) this.#ordinary.set(pfn, before + weight(kind, taken, 0))
    else {
      const holds = walk ? this.#rules.walkHoldsPagemap : this.#rules.pageHoldsPagemap
      if (holds && taken > 0) this.#holdPagemap(pages.pagemap, head, taken)
      pages.add(head, weight(kind, taken, pages.order))
    }
    if (this.#emitter.on) this.#said.grabbed(pages, pfn, kind, taken, before - (pages?.idleCount(head) ?? 0))
    return true
  }

  /**
   * `put_page`, `unpin_user_page`, or another way to give references back, one a page of neighbouring pages: `idle` when all of
   * them are, `freed` when one was freed. @throws PageBug where the kernel has a BUG: beyond the last, in the seed; RangeError for
   * less than 1 page, and where the pages end in another range than they begin.
   */
  put(first: Pfn, { pages: count = 1, kind = 'get', how = kind === 'pin' ? 'unpin' : 'put_page' }: Putting = {}): PutResult {
    const steps = this.putSteps(first, { pages: count, kind, how })
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
    }
  }

  /** `put_page` of one FOLL_GET reference. */
  putPage(pfn: Pfn): PutResult {
    let near = this.#near
    let at = pfn - near.first
    if (!(at >= 0 && at < near.size)) {
      near = this.#bringNear(pfn)
      at = pfn - near.first
      if (!(at >= 0 && at < near.size)) return this.put(pfn)
    }
    const word = near.words[at]!
    if (!(word > 1)) return this.put(pfn)
    near.words[at] = word - 1
    if (word !== 2) return 'referenced'
    // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- one comparison in what is compiled, not five
    if (this.#sleepers === true) this.#wakeIfAwaited(near, pfn)
    return 'idle'
  }

  #wakeIfAwaited(pages: DevicePages<P>, pfn: Pfn): void {
    if (pages.pagemap.type === memoryType.FS_DAX && this.#rules.wakes.includes('put_page')) this.#wake(pfn, 0)
  }

  /** {@link put}, with a pause where the series has given back the pagemap and not yet the page. */
  *putSteps(first: Pfn, { pages: count = 1, kind = 'get', how = kind === 'pin' ? 'unpin' : 'put_page' }: Putting = {}): Steps<PutResult> {
    this.#checkCount(first, count, 'pages')
    const owner = this.#pages.at(first)
    if (owner !== null && first + count - 1 > owner.last)
      throw new RangeError(
        `${count} pages from 0x${first.toString(16)} on go beyond their range, which ends with 0x${owner.last.toString(16)}: put those of each range by themselves`,
      )
    if (this.#rules.putBeyondLastBugs && owner !== null)
      for (let pfn = first; pfn < first + count; pfn++) if (this.count(pfn) <= 1) this.#bug(pfn, 'is put although nobody references it')
    if (owner !== null && this.#rules.pageHoldsPagemap) {
      for (let pfn = first; pfn < first + count; pfn++) this.#holdPagemap(owner.pagemap, owner.headOf(pfn), -1)
      yield null
    }
    const pages = this.#pages.at(first)
    const before = this.count(pages?.headOf(first) ?? first)
    const n = weight(kind, 1, pages?.order ?? 0)
    for (let pfn = first; pfn < first + count; pfn++) {
      if (pages !== null) pages.add(pages.headOf(pfn), -n)
      else if (this.#ordinary.has(pfn)) this.#ordinary.set(pfn, this.#ordinary.get(pfn)! - n)
    }
    const cause = this.#emitter.on ? this.#said.put(pages, first, count, kind, how, before) : 0
    if (pages === null && !this.#ordinary.has(first)) return 'gone'
    let idle = 0
    let freed = false
    for (let pfn = first; pfn < first + count; pfn++) {
      const result = this.#settle(pages, pfn, how, cause)
      if (result === 'idle') idle++
      freed ||= result === 'freed'
    }
    return freed ? 'freed' : idle === count ? 'idle' : 'referenced'
  }

  /** What the count of a page that was put leads to. */
  #settle(pages: DevicePages<P> | null, pfn: Pfn, how: PutHow, cause: number): PutResult | null {
    if (pages === null) {
      if (this.#ordinary.get(pfn) !== 0) return null
      this.#ordinary.delete(pfn)
      return 'freed'
    }
    const head = pages.headOf(pfn)
    const count = pages.count(head)
    // The series knows no types; with its BUG no count gets below 1.
    if (pages.pagemap.type === memoryType.FS_DAX || this.#rules.putBeyondLastBugs) {
      if (count < pages.idle) this.#said.putBeyondLast(pages, head, count)
      if (count !== pages.idle) return null
      if (this.#rules.wakes.includes(how)) this.#wake(head, cause)
      return 'idle'
    }
    if (count === 0) return this.#free(pages, head)
    if (count < 0) this.#said.putBeyondLast(pages, head, count)
    return count === pages.idle ? 'idle' : null
  }

  /** `free_zone_device_page`. */
  #free(pages: DevicePages<P>, pfn: Pfn): PutResult {
    const { pagemap } = pages
    const pageFree = pagemap.ops?.pageFree
    if (this.#emitter.on)
      this.#said.say('memremap/page-freed', { page: pfnToPage(pfn), word: this.#said.word(pfn), pfn, pagemap: pagemap.id }, pages)
    if (pageFree === undefined) {
      if (!this.#freedWithoutCallback && this.#emitter.on)
        this.#said.say('memremap/warned', { pagemap: pagemap.id, by: 'free_zone_device_page', message: 'no page_free' }, pages)
      this.#freedWithoutCallback = true
      if (pages.idle > 0) this.#said.putBeyondLast(pages, pfn, 0)
      return 'freed'
    }
    pageFree(pfn)
    if (pages.idle === 0) this.#holdPagemap(pagemap, pfn, -1)
    else pages.setCount(pfn, 1)
    return 'freed'
  }

  /**
   * `zone_device_page_init`: hands out a page that is handed out one by one. Warns when its pagemap is not live any more, and
   * goes on. @throws PageBug when there is no such page.
   */
  initPage(pfn: Pfn): void {
    const pages = this.#pages.at(pfn)
    if (pages === null) this.#bug(pfn, 'has no struct page')
    const live = !this.#rules.allocationHoldsPagemap || this.#hold.tryGetLive(pages.pagemap)
    pages.setCount(pfn, 1)
    if (!this.#emitter.on) return
    this.#said.say('memremap/page-allocated', { pfn, pagemap: pages.pagemap.id, live }, pages)
    if (this.#rules.allocationHoldsPagemap && live)
      this.#said.say('memremap/pagemap-held', { pagemap: pages.pagemap.id, pfn, refs: 1 }, pages)
    if (!live)
      this.#said.say('memremap/warned', { pagemap: pages.pagemap.id, by: 'zone_device_page_init', message: 'its pagemap is dying' }, pages)
  }

  #holdPagemap(pagemap: P, pfn: Pfn, refs: number): void {
    if (refs > 0) this.#hold.get(pagemap, refs)
    if (this.#emitter.on) this.#said.say('memremap/pagemap-held', { pagemap: pagemap.id, pfn, refs }, { pagemap })
    if (refs < 0) this.#hold.put(pagemap, -refs)
  }

  #bug(pfn: Pfn, what: string): never {
    throw new PageBug(`page 0x${pfn.toString(16)} ${what} (after event ${this.#emitter.seq})`)
  }
}

export interface Putting {
  /** Neighbouring pages of one pagemap; default 1. */
  readonly pages?: number
  readonly kind?: ReferenceKind
  readonly how?: PutHow
}
