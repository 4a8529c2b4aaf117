/**
 * Mapping, looking up and unmapping of live pagemaps (mm/memremap.c; Linux 6.1, or the seed's rules of `rules.ts`). The
 * protocol of 6.1: a pagemap is mapped, live, killed, waited for, its memory removed, its slots erased; each of these is a
 * step of its own here, so that anything can come between two of them.
 */
import { errno, hex, type DeviceId, type Emitter, type Ids, type Pfn } from '@devtrail/events'
import { altmapAlloc, altmapFree, altmapOffset, type VmemAltmap } from '../altmap/altmap.ts'
import {
  coversPfn,
  devicePages,
  firstDevicePfn,
  newRef,
  rangeFirst,
  rangeLast,
  tryGetLive,
  SUBSECTION_PAGES,
  type DevPagemap,
  type LiveRef,
  type PhysRange,
} from './dev-pagemap.ts'
import type { MemremapPayload } from '../events.ts'
import { StructPages } from '../page/struct-pages.ts'
import { memoryType } from './memory-type.ts'
import { PagemapSlots } from './pagemap-slots.ts'
import { memremapRules, type MemremapRules, type RulesName } from '../rules.ts'

export interface MapOptions {
  readonly altmap?: VmemAltmap | null
  /** The reference the driver hands in (needed under the seed's rules). */
  readonly ref?: LiveRef
}

const SECTION_PAGES = 32768

/** The pagemaps of a machine, without the references to their pages. */
export class PagemapTable {
  readonly rules: MemremapRules
  protected readonly emitter: Emitter
  readonly #ids: Ids
  readonly #slots: PagemapSlots
  protected readonly structPages: StructPages<DevPagemap>
  /** Newest first, until erased. */
  readonly #pagemaps: DevPagemap[] = []

  constructor(emitter: Emitter, ids: Ids, rules: RulesName | MemremapRules = 'linux-6.1') {
    this.rules = typeof rules === 'string' ? memremapRules[rules] : rules
    this.emitter = emitter
    this.#ids = ids
    this.#slots = new PagemapSlots(this.rules)
    this.structPages = new StructPages(emitter, this.rules)
  }

  /** Pagemaps that are not erased, newest first. */
  get pagemaps(): readonly DevPagemap[] {
    return this.#pagemaps
  }

  /**
   * `devm_memremap_pages`: the pagemap, or an errno: -EINVAL (type, reference, altmap or alignment), -ENOMEM (the first or
   * last page is in a live pagemap), -EEXIST (memory of the range is there already).
   */
  memremapPages(device: DeviceId, range: PhysRange, type: number, options: MapOptions = {}): DevPagemap | number {
    const id = this.#ids.next('pagemap')
    const pointer = hex(0xffff_8880_0000_0000n + BigInt(id) * 0x100n)
    const altmap = options.altmap ?? null
    const ref = options.ref ?? newRef()
    const p: DevPagemap = { id, pointer, device, range, type, altmap, ref, phase: 'mapping', memory: false, pages: null }
    this.say('memremap/map-requested', { pagemap: id, device, pointer }, p)
    this.say('memremap/map-started', { pagemap: id, pointer, ...this.#layout(p), altEnd: altmap && rangeLast(range), vmemmapShift: 0 }, p)
    const error = this.#refusal(p, options.ref) || this.#addMemory(p)
    if (error !== 0) {
      p.phase = 'removed'
      this.say('memremap/map-failed', { pagemap: id, errno: error }, p)
      return error
    }
    if (this.rules.ownRef) ref.count += devicePages(p)
    p.phase = 'live'
    this.say('memremap/mapped', { pagemap: id, address: hex(0xffff_8880_0000_0000n + range.start) }, p)
    return p
  }

  #refusal(p: DevPagemap, ref: LiveRef | undefined): number {
    const known = p.type === memoryType.FS_DAX || p.type === memoryType.GENERIC || p.type === memoryType.PCI_P2PDMA
    if (!known) return this.#warn(p, 'memremap_pages', 'a type that needs callbacks, and has none', errno.EINVAL)
    if (!this.rules.ownRef && ref === undefined) return errno.EINVAL
    if (!this.rules.clashRefused) return 0
    for (const pfn of [rangeFirst(p.range), rangeLast(p.range)]) {
      const conflict = this.getDevPagemap(pfn)
      this.putDevPagemap(conflict)
      if (conflict !== null) return this.#warn(p, 'pagemap_range', 'Conflicting mapping in same section', errno.ENOMEM)
    }
    return 0
  }

  #addMemory(p: DevPagemap): number {
    const size = p.range.end - p.range.start + 1n
    const clash = this.#pagemaps.some((q) => q.memory && q.range.start <= p.range.end && p.range.start <= q.range.end)
    this.#slots.store(p)
    this.say('memremap/memory-add-started', { pagemap: p.id, nid: 0, start: p.range.start, size }, p)
    const misaligned = (p.range.start | size) & (BigInt(this.rules.granulePages) * 4096n - 1n)
    const pages = Number(size >> 12n)
    let error = 0
    if (p.altmap !== null && (p.altmap.basePfn !== rangeFirst(p.range) || altmapOffset(p.altmap) > pages)) error = errno.EINVAL
    else if (misaligned !== 0n) error = this.#warn(p, '__add_pages', 'Misaligned range', errno.EINVAL)
    else if (clash && this.rules.clashRefused) error = errno.EEXIST
    else if (!populate(p.altmap, pages)) error = errno.ENOMEM
    this.say('memremap/memory-added', { pagemap: p.id, errno: error }, p)
    if (error !== 0) {
      this.#slots.erase(p)
      return error
    }
    p.memory = true
    this.structPages.added(rangeFirst(p.range), rangeLast(p.range) + 1)
    p.pages = this.structPages.initDevice(p, { devFirst: firstDevicePfn(p), last: rangeLast(p.range) })
    this.#pagemaps.unshift(p)
    this.say('memremap/pages-initialised', { pagemap: p.id, pointer: p.pointer, firstPfn: rangeFirst(p.range), pages }, p)
    return 0
  }

  /** `devm_memremap_pages_release`: the managed way into {@link memunmapPages}. */
  release(p: DevPagemap): boolean {
    this.say('memremap/release-requested', { pagemap: p.id }, p)
    return this.memunmapPages(p)
  }

  /** `memunmap_pages`, as far as it gets: true when the pagemap is gone, false while it waits. Call again to go on. */
  memunmapPages(p: DevPagemap): boolean {
    if (p.phase === 'live') this.kill(p)
    if (!this.isReleased(p)) return false
    if (p.memory) this.removeMemory(p)
    if (p.phase === 'unmapping') this.erase(p)
    return true
  }

  /** First step: the reference is killed and the pages' share of it put. @throws Error unless the pagemap is live. */
  kill(p: DevPagemap): void {
    this.expect(p, p.phase === 'live', 'is not live and cannot be unmapped')
    p.phase = 'unmapping'
    this.say(
      'memremap/unmap-started',
      { pagemap: p.id, ...this.#layout(p), ranges: 1, ref: refPointer(p), percpuCountPtr: null, refCount: null },
      p,
    )
    if (this.rules.ownRef) {
      p.ref.dying = true
      this.dropRef(p, 1 + devicePages(p))
    } else if (!p.ref.dying) this.#warn(p, 'devm_memremap_pages_release', 'page mapping is still live', 0)
  }

  /** Second step, the wait: whether it is over. */
  isReleased(p: DevPagemap): boolean {
    return !this.rules.unmapWaits || p.ref.count === 0
  }

  /** Third step: the struct pages go. @throws Error while the reference is held. */
  removeMemory(p: DevPagemap): void {
    this.expect(p, p.phase === 'unmapping' && p.memory && this.isReleased(p), 'is still in use and its memory cannot be removed')
    p.memory = false
    this.structPages.removed(rangeFirst(p.range), rangeLast(p.range) + 1)
    this.say('memremap/memory-removed', { pagemap: p.id, start: p.range.start, size: p.range.end - p.range.start + 1n }, p)
    if (p.altmap !== null) altmapFree(p.altmap, p.altmap.alloc)
  }

  /** Fourth step: no lookup finds it any more. @throws Error while its memory is there. */
  erase(p: DevPagemap): void {
    this.expect(p, p.phase === 'unmapping' && !p.memory, 'has its memory and cannot be erased')
    this.#slots.erase(p)
    this.#pagemaps.splice(this.#pagemaps.indexOf(p), 1)
    p.phase = 'removed'
    this.say('memremap/unmapped', { pagemap: p.id }, p)
  }

  /** `get_dev_pagemap`: the live pagemap of a page, referenced; or the `cached` one the caller still holds if it covers the page. */
  getDevPagemap(pfn: Pfn, cached: DevPagemap | null = null): DevPagemap | null {
    this.say('memremap/lookup-started', { pfn, cached: cached?.pointer ?? null }, cached)
    const p = this.#lookUp(pfn, cached)
    this.say('memremap/looked-up', { pfn, pagemap: p?.id ?? null, pointer: p?.pointer ?? null, fresh: p !== null && p !== cached }, p)
    return p
  }

  #lookUp(pfn: Pfn, cached: DevPagemap | null): DevPagemap | null {
    if (cached !== null) {
      if (coversPfn(cached, pfn)) {
        if (this.rules.cachedLookupGets) cached.ref.count++
        return cached
      }
      if (this.rules.otherCachedPut) this.putDevPagemap(cached)
    }
    const p = this.#slots.find(pfn)
    return p !== null && tryGetLive(p.ref) ? p : null
  }

  /** `put_dev_pagemap`; nothing for null. */
  putDevPagemap(p: DevPagemap | null): void {
    if (p !== null) this.dropRef(p, 1)
  }

  protected dropRef(p: DevPagemap, n: number): void {
    this.expect(p, p.ref.count >= n, 'has no reference left to put')
    p.ref.count -= n
    if (p.ref.count === 0 && p.ref.dying && this.rules.ownRef) this.say('memremap/ref-released', { pagemap: p.id, ref: refPointer(p) }, p)
  }

  /** The pagemap whose struct page this is; null for ordinary memory, the altmap's own pages, and memory that is gone. */
  protected ownerOf(pfn: Pfn): DevPagemap | null {
    return this.structPages.at(pfn)?.pagemap ?? null
  }

  #layout({ range, type, altmap }: DevPagemap): {
    start: bigint
    end: bigint
    type: number
    flags: number
    altBase: Pfn | null
    reserve: number | null
    free: number | null
    alloc: number | null
  } {
    const alt = {
      altBase: altmap?.basePfn ?? null,
      reserve: altmap?.reserve ?? null,
      free: altmap?.free ?? null,
      alloc: altmap?.alloc ?? null,
    }
    return { start: range.start, end: range.end, type, flags: altmap === null ? 0 : 1, ...alt }
  }

  #warn(p: DevPagemap, by: string, message: string, result: number): number {
    this.say('memremap/warned', { pagemap: p.id, by, message }, p)
    return result
  }

  protected expect(p: DevPagemap, holds: boolean, what: string): void {
    if (!holds) throw new Error(`pagemap ${p.id} [${hex(p.range.start)}-${hex(p.range.end)}] ${what} (after event ${this.emitter.seq})`)
  }

  protected say<T extends MemremapPayload['type']>(
    type: T,
    data: Extract<MemremapPayload, { type: T }>['data'],
    about: DevPagemap | null,
  ): number {
    return this.emitter.on ? this.emitter.emit<MemremapPayload>(type, data, { device: about?.device ?? null }) : 0
  }
}

const refPointer = (p: DevPagemap): string => hex(BigInt(p.pointer) + 0x30n)

/** The struct pages of whole sections come from the altmap in blocks of 2 MiB; those of less than a section from RAM. */
function populate(altmap: VmemAltmap | null, pages: number): boolean {
  if (altmap === null) return true
  altmap.alloc = 0
  for (let left = pages; left >= SECTION_PAGES; left -= SECTION_PAGES) if (altmapAlloc(altmap, SUBSECTION_PAGES) === null) return false
  return true
}
