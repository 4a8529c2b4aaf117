import { hasFlags, ioresource } from './flags.ts'
import { childAround } from './place.ts'
import type { AddressRange } from './ranges.ts'
import type { Resource } from './resource.ts'

/**
 * release_mem_region_adjustable's search: the busy memory node that contains the range, down through nodes that are not busy. A node that
 * starts at the last address or behind it ends the search, so that a range of one byte is never found.
 */
export function adjustableNode(parent: Resource, range: AddressRange): Resource | null {
  for (let above = parent; ;) {
    const child = around(above, range)
    if (child === null || !hasFlags(child.flags, ioresource.MEM)) return null
    if (hasFlags(child.flags, ioresource.BUSY)) return child
    above = child
  }
}

function around(above: Resource, range: AddressRange): Resource | null {
  if (above.list === null || above.list.regular) {
    const child = childAround(above, range)
    return child !== null && child.start < range.end ? child : null
  }
  for (const child of above.list) {
    if (child.start >= range.end) return null
    if (child.covers(range)) return child
  }
  return null
}
