/** What no pagemap can be: refused before anything is done, where a kernel has types for it or runs out of address space. */
import { hex } from '@devtrail/events'
import { RANGE_PAGES_MAX } from '../page/device-pages.ts'
import type { PhysRange } from './dev-pagemap.ts'
import type { PagemapSpec } from './map-typed.ts'

/** Pages of 1 GiB: the largest that x86-64 has (PUD_ORDER). */
const VMEMMAP_SHIFT_MAX = 18
const INT_MAX = 2 ** 31 - 1

/** @throws RangeError for one that ends before it begins, begins below 0, or has more than 16 TiB. */
export function checkRange({ start, end }: PhysRange): void {
  if (start < 0n || end < start) throw new RangeError(`a range has a first and a last byte, found ${start} and ${end}`)
  const pages = (end >> 12n) + 1n - (start >> 12n)
  if (pages > BigInt(RANGE_PAGES_MAX))
    throw new RangeError(`[${hex(start)}-${hex(end)}] has ${pages} pages, and a range up to ${RANGE_PAGES_MAX}; map it in several ranges`)
}

/** @throws RangeError for a type that is no int, a `vmemmapShift` outside of 0 to 18, and a range as {@link checkRange}. */
export function checkSpec({ type, vmemmapShift = 0, ranges }: PagemapSpec): void {
  if (!Number.isSafeInteger(type) || Math.abs(type) > INT_MAX)
    throw new RangeError(`a pagemap has a memory type (enum memory_type), found ${type}`)
  if (!Number.isSafeInteger(vmemmapShift) || vmemmapShift < 0 || vmemmapShift > VMEMMAP_SHIFT_MAX)
    throw new RangeError(`the order of compound pages is 0 to ${VMEMMAP_SHIFT_MAX}, found ${vmemmapShift}`)
  for (const range of ranges) checkRange(range)
}
