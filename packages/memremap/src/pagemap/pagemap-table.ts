/**
 * The pagemaps of a machine: mapping, looking up and unmapping (mm/memremap.c; Linux 6.1, or the seed's rules of `rules.ts`).
 * Each operation is made of steps, between which anything else may happen; the methods here run them in one go.
 */
import { hex, type DeviceId, type Emitter, type Ids, type Pfn } from '@devtrail/events'
import type { PercpuRef } from '@devtrail/percpu-ref'
import { altmapOffset, type VmemAltmap } from '../altmap/altmap.ts'
import type { MemremapPayload } from '../events.ts'
import { devmMemremapPages, devmMemremapPagesSeed, devmMemunmapPages, notConfigured, type ManagedPages } from '../managed/devm-pages.ts'
import type { ManagedDevice } from '../managed/managed-device.ts'
import { MemremapMachine, type MemremapOptions } from '../machine.ts'
import { Mappings } from '../mapping/memremap.ts'
import { SUBSECTION_PAGES, type MemremapRules } from '../rules.ts'
import { Progress } from '../progress.ts'
import { finish, type Steps } from '../tasks.ts'
import type { DevPagemap, PhysRange } from './dev-pagemap.ts'
import { findDevPagemap, getDevPagemap, lookupSteps } from './lookup.ts'
import { memoryFailure } from './memory-failure.ts'
import { memremapPages, type PagemapSpec } from './map-typed.ts'
import { checkRange, checkSpec } from './spec-check.ts'
import { unmapSteps } from './unmap.ts'

const PAGE_SIZE = 4096

/** What a mapping may be given besides ranges and type. */
export type MapOptions = Omit<PagemapSpec, 'ranges' | 'type'>

/** The pagemaps of a machine, without the references to their pages. */
export class PagemapTable {
  readonly machine: MemremapMachine
  /** memremap without struct pages. */
  readonly mappings: Mappings
  protected readonly emitter: Emitter
  readonly #unmapping = new Map<DevPagemap, Progress<void>>()

  constructor(emitter: Emitter, ids: Ids, options: MemremapOptions = {}) {
    this.machine = new MemremapMachine(emitter, ids, options)
    this.mappings = new Mappings(this.machine)
    this.emitter = emitter
  }

  get rules(): MemremapRules {
    return this.machine.rules
  }

  /** Pagemaps that were mapped and are not gone, newest first. */
  get pagemaps(): readonly DevPagemap[] {
    return this.machine.pagemaps
  }

  /** `memremap_compat_align`: bytes that every range must be aligned to, 2 MiB; a page without ZONE_DEVICE. */
  get memremapCompatAlign(): number {
    return this.machine.zoneDevice ? SUBSECTION_PAGES * PAGE_SIZE : PAGE_SIZE
  }

  /** `vmem_altmap_offset`; 0 without ZONE_DEVICE. */
  vmemAltmapOffset(altmap: VmemAltmap | null): number {
    return this.machine.zoneDevice ? altmapOffset(altmap) : 0
  }

  /**
   * `memremap_pages`: the pagemap, or an errno: -EINVAL (no range, type, altmap, alignment, or not allowed), -ENOMEM (the first
   * or last page is in a live pagemap), -ENXIO (System RAM; no ZONE_DEVICE), -EEXIST (memory of the range is there already).
   * After an error no range is mapped. @throws TypeError under the rules of the seed; RangeError for what no pagemap can be, as
   * `checkSpec`; before anything was done.
   */
  memremapPages(device: DeviceId, range: PhysRange | readonly PhysRange[], type: number, options: MapOptions = {}): DevPagemap | number {
    const ranges = 'start' in range ? [range] : range
    return this.run(this.memremapPagesSteps(device, { ...options, ranges, type }))
  }

  /** The steps of {@link memremapPages}. */
  *memremapPagesSteps(device: DeviceId, spec: PagemapSpec): Steps<DevPagemap | number> {
    if (!this.machine.zoneDevice) return notConfigured(this.machine)
    if (!this.rules.typed) throw new TypeError('memremap_pages is not in the kernel of the seed: use devmMemremapPages')
    checkSpec(spec)
    return yield* memremapPages(this.machine, device, spec)
  }

  /**
   * `devm_memremap_pages(dev, res, ref, altmap)` of the seed: where the range is mapped and its pagemap; or -ENXIO (a part is
   * System RAM), -EINVAL (no reference), -ENOMEM, or what adding memory gave. All of System RAM gets its address and nothing else.
   */
  devmMemremapPages(device: ManagedDevice, res: PhysRange, ref: PercpuRef | null, altmap?: VmemAltmap | null): ManagedPages | number
  /** `devm_memremap_pages(dev, pgmap)` of Linux 6.1: as {@link memremapPages}, or -ENOMEM when its release cannot be noted. */
  devmMemremapPages(device: ManagedDevice, pgmap: PagemapSpec): ManagedPages | number
  devmMemremapPages(
    device: ManagedDevice,
    what: PhysRange | PagemapSpec,
    ref: PercpuRef | null = null,
    altmap: VmemAltmap | null = null,
  ): ManagedPages | number {
    return this.run(this.devmMemremapPagesSteps(device, what, ref, altmap))
  }

  /** The steps of {@link devmMemremapPages}. @throws TypeError for the other era's arguments. */
  *devmMemremapPagesSteps(
    device: ManagedDevice,
    what: PhysRange | PagemapSpec,
    ref: PercpuRef | null = null,
    altmap: VmemAltmap | null = null,
  ): Steps<ManagedPages | number> {
    if (!this.machine.zoneDevice) return notConfigured(this.machine)
    if ('ranges' in what !== this.rules.typed)
      throw new TypeError(`devm_memremap_pages of this kernel takes ${this.rules.typed ? 'a pagemap' : 'a resource and a reference'}`)
    if ('ranges' in what) checkSpec(what)
    else checkRange(what)
    if ('ranges' in what) return yield* devmMemremapPages(this.machine, device, what)
    return yield* devmMemremapPagesSeed(this.machine, device, what, ref, altmap)
  }

  /** `devm_memunmap_pages`: releases a pagemap before its device goes. Warns when the device has none such. */
  devmMemunmapPages(device: ManagedDevice, pagemap: DevPagemap): void {
    devmMemunmapPages(this.machine, device, pagemap)
  }

  /** `devm_memremap_pages_release`, as far as it gets: as {@link memunmapPages}. */
  release(p: DevPagemap): boolean {
    const seq = this.say('memremap/release-requested', { pagemap: p.id }, p)
    return this.#advance(p, seq)
  }

  /**
   * `memunmap_pages`, as far as it gets without others: true when the pagemap is gone, false while it waits for its reference.
   * Call again to go on. @throws Error unless it is live or being unmapped by this.
   */
  memunmapPages(p: DevPagemap): boolean {
    return this.#advance(p, 0)
  }

  /** The steps of {@link memunmapPages}. @throws Error unless the pagemap is live. */
  *memunmapPagesSteps(p: DevPagemap): Steps<void> {
    this.#expectLive(p)
    yield* unmapSteps(this.machine, p)
  }

  #expectLive(p: DevPagemap): void {
    this.expect(p, p.phase === 'live', 'is not live and cannot be unmapped')
    this.expect(p, this.machine.pagemaps.includes(p), 'is of another machine and cannot be unmapped here')
  }

  #advance(p: DevPagemap, cause: number): boolean {
    let progress = this.#unmapping.get(p)
    if (progress === undefined) {
      this.#expectLive(p)
      this.#unmapping.set(p, (progress = new Progress(unmapSteps(this.machine, p, cause), this.machine.rcu)))
    }
    if (!progress.advance()) return false
    this.#unmapping.delete(p)
    return true
  }

  /** `get_dev_pagemap`: the live pagemap of a page, referenced; or the `cached` one the caller still holds if it covers the page. */
  getDevPagemap(pfn: Pfn, cached: DevPagemap | null = null): DevPagemap | null {
    // The hot paths: nothing is said, and nothing or one reference taken.
    if (cached !== null && pfn >= cached.answersFirst && pfn <= cached.answersLast) return cached
    const found = cached === null ? this.machine.index.find(pfn) : null
    if (found !== null && this.machine.countRef(found, 1)) return found
    return this.machine.zoneDevice ? getDevPagemap(this.machine, pfn, cached) : null
  }

  /** The steps of {@link getDevPagemap}: it pauses between finding a pagemap and taking a reference on it. */
  lookupSteps(pfn: Pfn, cached: DevPagemap | null = null): Steps<DevPagemap | null> {
    return lookupSteps(this.machine, pfn, cached)
  }

  /** `__get_dev_pagemap`: what the registry has for a page, live or not, without a reference. Warns outside of a read section. */
  findDevPagemap(pfn: Pfn): DevPagemap | null {
    return this.machine.zoneDevice ? findDevPagemap(this.machine, pfn) : null
  }

  /** `memory_failure` of a page: 0; -ENXIO for one of no live pagemap, and since 5.12 for one that holds struct pages. */
  memoryFailure(pfn: Pfn): number {
    return memoryFailure(this.machine, pfn)
  }

  /** `put_dev_pagemap`; nothing for null. */
  putDevPagemap(p: DevPagemap | null): void {
    if (p !== null && !this.machine.countRef(p, -1)) p.ref.put()
  }

  /** The pagemap whose struct page this is; null for ordinary memory, the altmap's own pages, and memory that is gone. */
  protected ownerOf(pfn: Pfn): DevPagemap | null {
    return this.machine.pages.at(pfn)?.pagemap ?? null
  }

  /** Runs an operation to its end. @throws NeverEnds when it waits for what cannot come. */
  protected run<T>(steps: Steps<T>): T {
    return finish(steps, this.machine.rcu)
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
