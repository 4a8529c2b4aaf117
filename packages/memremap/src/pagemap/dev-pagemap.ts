/** A live `struct dev_pagemap` (include/linux/memremap.h), from the request for it until it is gone. */
import type { DeviceId, PagemapId, Pfn, Pointer } from '@devtrail/events'
import { referencesOf, type PercpuRef } from '@devtrail/percpu-ref'
import { altmapOffset, type VmemAltmap } from '../altmap/altmap.ts'
import type { DevicePages } from '../page/device-pages.ts'
import type { PagemapPhase } from './pagemap.ts'

export interface PhysRange {
  /** Physical address. */
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
}

/** The callbacks of a driver (`struct dev_pagemap_ops`, Linux 6.1). */
export interface PagemapOps {
  /** The last reference of a page was dropped. */
  readonly pageFree?: (pfn: Pfn) => void
  /** A CPU touched memory that it cannot reach. */
  readonly migrateToRam?: (pfn: Pfn) => void
}

/** One of the ranges of a pagemap, and what is there of it. */
export interface LiveRange extends PhysRange {
  readonly index: number
  /** The pages of whose first byte a lookup finds the range; inclusive. */
  readonly first: Pfn
  readonly last: Pfn
  /** `pfn_first`: the first page behind the altmap, which the first range has in front. */
  readonly devFirst: Pfn
  registered: boolean
  tracked: boolean
  /** Whether its struct pages exist. */
  memory: boolean
  /** Those of them behind the altmap, once they were initialised. Left as they stood when the memory went. */
  pages: DevicePages<DevPagemap> | null
}

/** What a pagemap is made with. */
export interface PagemapInit {
  readonly id: PagemapId
  readonly pointer: Pointer
  readonly device: DeviceId
  readonly ranges: readonly PhysRange[]
  /** enum memory_type; null where there are no types. */
  readonly type: number | null
  readonly altmap: VmemAltmap | null
  /** Null: it gets one of its own later, or the driver handed in none. */
  readonly ref: PercpuRef | null
  readonly ops: PagemapOps
  readonly owner: string | null
  readonly vmemmapShift: number
}

/** `struct dev_pagemap`: its ranges, its reference, and how far it has come. Made by mapping it; {@link DevPagemap.phase} says what it is. */
export class DevPagemap {
  // First what lookups read, so that it lies together.
  /** Where in the machine's area its own reference is counted; 0: not there. */
  refWordsAt = 0
  /** The pages of which a lookup gives it back with nothing to say and nothing to take where it is cached: see {@link answersAtOnce}. */
  answersFirst: Pfn = 0
  answersLast: Pfn = -1
  readonly id: PagemapId
  readonly pointer: Pointer
  readonly device: DeviceId
  readonly ranges: readonly LiveRange[]
  readonly type: number | null
  readonly altmap: VmemAltmap | null
  readonly ops: PagemapOps
  /** Who a page of PRIVATE memory must belong to (`pgmap->owner`). */
  readonly owner: string | null
  /** Order of its compound pages. */
  readonly vmemmapShift: number
  /** `mapping`, `live`, `unmapping`, `removed`. */
  phase: PagemapPhase = 'mapping'
  /** How many of its ranges are mapped (`nr_range` while mapping). */
  mappedRanges = 0
  /** Lookups under way that have found it. */
  readers = 0
  /** Whether the last reference was dropped. */
  released = false
  /** Whether its own reference was torn down (percpu_ref_exit). */
  exited = false
  #ref: PercpuRef | null
  /** Pages of the first range, which alone a cached pagemap is compared with; inclusive. */
  readonly cachedFirst: Pfn = 0
  readonly cachedLast: Pfn = -1

  constructor({ id, pointer, device, ranges, type, altmap, ref, ops, owner, vmemmapShift }: PagemapInit) {
    this.id = id
    this.pointer = pointer
    this.device = device
    this.type = type
    this.altmap = altmap
    this.#ref = ref
    this.ops = ops
    this.owner = owner
    this.vmemmapShift = vmemmapShift
    this.ranges = ranges.map(({ start, end }, index) => {
      const first = Number((start + 4095n) >> 12n)
      const devFirst = Number(start >> 12n) + (index === 0 ? altmapOffset(altmap) : 0)
      return { index, start, end, first, last: Number(end >> 12n), devFirst, registered: false, tracked: false, memory: false, pages: null }
    })
    this.cachedFirst = this.ranges[0]?.first ?? 0
    this.cachedLast = this.ranges[0]?.last ?? -1
  }

  /** What keeps it alive. @throws Error while it has none. */
  get ref(): PercpuRef {
    if (this.#ref === null) throw new Error(`pagemap ${this.id} has no reference yet`)
    return this.#ref
  }

  /** percpu_ref_init of its own reference. */
  initRef(ref: PercpuRef): void {
    this.#ref = ref
  }

  /** Its first range. */
  get range(): LiveRange {
    return this.ranges[0]!
  }

  /** Whether any of its struct pages exist. */
  get memory(): boolean {
    return this.ranges.some((range) => range.memory)
  }

  /** Whether a lookup gives it back as it is, where it is cached and covers the page. */
  set answersAtOnce(atOnce: boolean) {
    this.answersFirst = atOnce ? this.cachedFirst : 0
    this.answersLast = atOnce ? this.cachedLast : -1
  }

  /** Whether its first range has a page, altmap included: what a lookup compares the cached pagemap with. */
  coversCached(pfn: Pfn): boolean {
    return pfn >= this.cachedFirst && pfn <= this.cachedLast
  }
}

/** `pfn_first` of a range. */
export const pfnFirst = (p: DevPagemap, range = 0): Pfn => p.ranges[range]!.devFirst

/** `pfn_end` of a range: the first pfn behind it. */
export const pfnEnd = (p: DevPagemap, range = 0): Pfn => Number((p.ranges[range]!.end + 1n) >> 12n)

/** `pfn_len`: how many counts of pages a range has, one for each compound page. */
export const pfnLen = (p: DevPagemap, range = 0): number => Math.floor((pfnEnd(p, range) - pfnFirst(p, range)) / 2 ** p.vmemmapShift)

/** `for_each_device_pfn`: the pages of a range behind the altmap; of compound pages the heads. */
export function* forEachDevicePfn(p: DevPagemap, range = 0): Generator<Pfn, void, void> {
  const end = pfnEnd(p, range)
  for (let pfn = pfnFirst(p, range); pfn < end; pfn += 2 ** p.vmemmapShift) yield pfn
}

/** Whether a pfn lies in one of its ranges, altmap included. */
export const coversPfn = (p: DevPagemap, pfn: Pfn): boolean => p.ranges.some(({ first, last }) => pfn >= first && pfn <= last)

/** The references that are out on a pagemap, the initial one included. */
export const refCount = (p: DevPagemap): number => Number(referencesOf(p.ref.snapshot()))

const pagesOf = (p: DevPagemap, pfn: Pfn): DevicePages<DevPagemap> | null => {
  for (const { pages } of p.ranges) if (pages?.covers(pfn) === true) return pages
  return null
}

/** `page_count` of one of its pages; 0 for another's. */
export const pageCount = (p: DevPagemap, pfn: Pfn): number => pagesOf(p, pfn)?.count(pfn) ?? 0

/** @throws Error for a page that is not of this pagemap. */
export function setPageCount(p: DevPagemap, pfn: Pfn, count: number): void {
  const pages = pagesOf(p, pfn)
  if (pages === null) throw new Error(`pagemap ${p.id} has no page 0x${pfn.toString(16)}`)
  pages.setCount(pfn, count)
}
