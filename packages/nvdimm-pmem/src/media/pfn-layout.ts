/** How a namespace is divided when an fsdax or devdax one is made (nd_pfn_init). All sizes in bytes. */
import { errno } from '@devtrail/events'
import { pfnMode } from './pfn-superblock.ts'

const KIB = 1024
const MIB = KIB * KIB
const PAGE = 4 * KIB
/** The first 8 KiB are the superblock's. */
export const RESERVED_BYTES = 8 * KIB
/** Of struct page. */
const PAGE_STRUCT_BYTES = 64
export const SECTION_BYTES = 128 * MIB
export const SUBSECTION_BYTES = 2 * MIB
/** Alignments of mappings that an x86 machine has: of a page, a PMD and a PUD. The kernel takes no other (`supported_alignments`). */
export const SUPPORTED_ALIGNMENTS = [4096, 2 << 20, 1 << 30] as const

export interface PfnRequest {
  /** Physical address of the namespace. */
  readonly start: number
  readonly size: number
  /** `pfnMode.RAM` or `.PMEM`. */
  readonly mode: number
  /** Of mappings: one of `SUPPORTED_ALIGNMENTS`; default 2 MiB. The seed has none. */
  readonly align?: number
}

export interface PfnLayout {
  readonly dataoff: number
  readonly npfns: number
  readonly startPad: number
  readonly endTrunc: number
  readonly versionMinor: number
}

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to

/** Linux 4.4 with the seed's series: version 1.0. -ENODEV when too small or misaligned, -ENXIO for another mode. */
function seedLayout({ start, size, mode }: PfnRequest): PfnLayout | number {
  if (size < SECTION_BYTES || start % SECTION_BYTES !== 0) return errno.ENODEV
  if (mode !== pfnMode.RAM && mode !== pfnMode.PMEM) return errno.ENXIO
  const all = Math.floor((size - RESERVED_BYTES) / PAGE)
  const dataoff = mode === pfnMode.RAM ? RESERVED_BYTES : alignUp(RESERVED_BYTES + PAGE_STRUCT_BYTES * all, SUBSECTION_BYTES)
  if (dataoff >= size) return errno.ENXIO
  return { dataoff, npfns: Math.floor((size - dataoff) / PAGE), startPad: 0, endTrunc: 0, versionMinor: 0 }
}

/** Linux 6.1: version 1.4. -EINVAL for a start that is not at 2 MiB or an alignment that is not supported, -ENXIO when nothing would be left or for another mode. */
function layout61({ start, size, mode, align = SUBSECTION_BYTES }: PfnRequest): PfnLayout | number {
  if (mode !== pfnMode.RAM && mode !== pfnMode.PMEM) return errno.ENXIO
  if (start % SUBSECTION_BYTES !== 0 || !SUPPORTED_ALIGNMENTS.some((one) => one === align)) return errno.EINVAL
  const to = Math.max(align, SUBSECTION_BYTES)
  const all = Math.floor((size - RESERVED_BYTES) / PAGE)
  const structs = mode === pfnMode.PMEM ? PAGE_STRUCT_BYTES * all : 0
  const endTrunc = (start + size) % to
  const dataoff = alignUp(start + RESERVED_BYTES + structs, to) - start
  if (dataoff >= size - endTrunc) return errno.ENXIO
  return { dataoff, npfns: Math.floor((size - dataoff - endTrunc) / PAGE), startPad: 0, endTrunc, versionMinor: 4 }
}

/** The layout, or the errno with which the kernel refuses. */
export function pfnLayout(request: PfnRequest, rules: 'seed' | 'linux-6.1'): PfnLayout | number {
  return rules === 'seed' ? seedLayout(request) : layout61(request)
}
