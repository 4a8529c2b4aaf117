/** Where a struct page and its memory are: x86-64 without KASLR (asm/page.h, asm/pgtable_64_types.h). */
import { hex, type Pfn, type Pointer } from '@devtrail/events'
import { PFN_LIMIT } from '../lookup/pfn-map.ts'

/** Where the memmap begins (`vmemmap`), and the bytes of a struct page. */
const VMEMMAP = 0xffff_ea00_0000_0000n
export const STRUCT_PAGE_BYTES = 64
const PAGE_SHIFT = 12n

/** Where all memory is mapped (`__PAGE_OFFSET`): with four levels of page tables, before 4.20 and since. */
export const directMap = { seed: 0xffff_8800_0000_0000n, 'linux-6.1': 0xffff_8880_0000_0000n } as const

/** `pfn_to_page`: the address of a page's struct page. */
export const pfnToPage = (pfn: Pfn): Pointer => hex(VMEMMAP + BigInt(STRUCT_PAGE_BYTES) * BigInt(pfn))

/** `page_to_pfn`; null when no struct page begins at that address. */
export function pageToPfn(page: Pointer): Pfn | null {
  const offset = BigInt(page) - VMEMMAP
  const pfn = Number(offset) / STRUCT_PAGE_BYTES
  return offset >= 0n && Number.isInteger(pfn) && pfn < PFN_LIMIT ? pfn : null
}

/** `PFN_PHYS`. */
export const pfnToPhys = (pfn: Pfn): bigint => BigInt(pfn) << PAGE_SHIFT

/** `PHYS_PFN`: the page in which a physical address lies. */
export const physToPfn = (address: bigint): Pfn => Number(address >> PAGE_SHIFT)

/** `page_to_virt`, `pfn_to_kaddr`: the address of a page's memory in the direct map. */
export const pfnToVirt = (pfn: Pfn, rules: keyof typeof directMap): Pointer => hex(directMap[rules] + pfnToPhys(pfn))

/** `virt_to_pfn`; null below the direct map. */
export function virtToPfn(address: Pointer, rules: keyof typeof directMap): Pfn | null {
  const offset = BigInt(address) - directMap[rules]
  return offset >= 0n && physToPfn(offset) < PFN_LIMIT ? physToPfn(offset) : null
}
