import type { DeviceId, PagemapId, Pfn, Pointer } from '@devtrail/events'
import { altmapOffset, type VmemAltmap } from '../altmap/altmap.ts'
import type { DevicePages } from '../page/device-pages.ts'
import type { PagemapPhase } from './pagemap.ts'

/** Pages of 2 MiB: the granule of memory hot-add since Linux 5.3 (PAGES_PER_SUBSECTION). */
export const SUBSECTION_PAGES = 512

export interface PhysRange {
  /** Physical address. */
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
}

/** What a live percpu_ref comes down to: a count, and whether it was killed. */
export interface LiveRef {
  count: number
  dying: boolean
}

export const newRef = (): LiveRef => ({ count: 1, dying: false })

/** `percpu_ref_tryget_live`: not when killed, not at zero. */
export function tryGetLive(ref: LiveRef): boolean {
  if (ref.dying || ref.count <= 0) return false
  ref.count++
  return true
}

/** A live `struct dev_pagemap` (include/linux/memremap.h). */
export interface DevPagemap {
  readonly id: PagemapId
  readonly pointer: Pointer
  readonly device: DeviceId
  readonly range: PhysRange
  /** enum memory_type. */
  readonly type: number
  readonly altmap: VmemAltmap | null
  readonly ref: LiveRef
  phase: PagemapPhase
  /** Whether its struct pages exist. */
  memory: boolean
  /** Its struct pages, once they were initialised. Left as they stood when the memory went. */
  pages: DevicePages<DevPagemap> | null
}

export const rangeFirst = (range: PhysRange): Pfn => Number(range.start >> 12n)
export const rangeLast = (range: PhysRange): Pfn => Number(range.end >> 12n)

/** `pfn_first`: the first page that belongs to the device, behind the altmap. */
export const firstDevicePfn = (p: DevPagemap): Pfn => rangeFirst(p.range) + altmapOffset(p.altmap)

/** `pfn_len`: how many pages do. */
export const devicePages = (p: DevPagemap): number => rangeLast(p.range) + 1 - firstDevicePfn(p)

/** Whether a pfn lies in its range, altmap included. */
export const coversPfn = (p: DevPagemap, pfn: Pfn): boolean => pfn >= rangeFirst(p.range) && pfn <= rangeLast(p.range)

/** `page_count` of one of its pages. */
export const pageCount = (p: DevPagemap, pfn: Pfn): number => p.pages?.count(pfn) ?? 0
