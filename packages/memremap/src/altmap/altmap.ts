/**
 * The part of a device's range that holds the struct pages of the rest (`struct vmem_altmap`, include/linux/memremap.h;
 * allocation in mm/sparse-vmemmap.c). A bump pointer by sum only: what is freed is counted, not reused in order.
 */
import type { Pfn } from '@devtrail/events'

const PAGE = 4096

export interface VmemAltmap {
  readonly basePfn: Pfn
  /** Pages at the base that the driver keeps. */
  readonly reserve: number
  /** Pages set aside for struct pages. */
  readonly free: number
  /** Pages lost to alignment; never given back. */
  align: number
  /** Pages in use. */
  alloc: number
}

export const newAltmap = (basePfn: Pfn, reserve: number, free: number): VmemAltmap => ({ basePfn, reserve, free, align: 0, alloc: 0 })

/** `vmem_altmap_offset`: pages in front of the first that has a struct page of the device. */
export const altmapOffset = (altmap: VmemAltmap | null): number => (altmap === null ? 0 : altmap.reserve + altmap.free)

/** `vmem_altmap_next_pfn`: where the next block would begin, but for its alignment. */
export const altmapNextPfn = (a: VmemAltmap): Pfn => a.basePfn + a.reserve + a.alloc + a.align

/** `vmem_altmap_nr_free`. */
export const altmapFreePages = (a: VmemAltmap): number => Math.max(0, a.free - a.alloc - a.align)

/** A block is aligned to the lowest set bit of its number of pages. */
export const altmapUnit = (pages: number): number => Number(BigInt(pages) & -BigInt(pages))

/** Blocks taken from an altmap one behind the other. */
export interface AltmapBlocks {
  /** The first page of the first; null: not even one fits. */
  readonly pfn: Pfn | null
  readonly blocks: number
  /** Pages lost to the alignment of the first. */
  readonly pad: number
}

/**
 * `vmem_altmap_alloc`, up to `blocks` times: blocks of `pages` pages, each aligned to the lowest set bit of `pages`. What does
 * not fit changes nothing. Costs the same for one block and for a million: only the first can need alignment.
 */
export function altmapAllocBlocks(a: VmemAltmap, pages: number, blocks: number): AltmapBlocks {
  const unit = altmapUnit(pages)
  const next = altmapNextPfn(a)
  const pad = unit === 0 ? 0 : Math.ceil(next / unit) * unit - next
  const fits = pages === 0 ? blocks : Math.min(blocks, Math.floor((altmapFreePages(a) - pad) / pages))
  if (fits <= 0) return { pfn: null, blocks: 0, pad: 0 }
  a.alloc += fits * pages
  a.align += pad
  return { pfn: next + pad, blocks: fits, pad }
}

/** `vmem_altmap_alloc`: the first pfn of `pages` pages; null, and no change, when they do not fit. */
export const altmapAlloc = (a: VmemAltmap, pages: number): Pfn | null => altmapAllocBlocks(a, pages, 1).pfn

/** `altmap_alloc_block_buf`: as {@link altmapAlloc} by bytes; null when they are not whole pages. */
export const altmapAllocBuf = (a: VmemAltmap, bytes: number): Pfn | null => (bytes % PAGE === 0 ? altmapAlloc(a, bytes / PAGE) : null)

/** `vmem_altmap_free`: unchecked, as in the kernel. */
export function altmapFree(a: VmemAltmap, pages: number): void {
  a.alloc -= pages
}
