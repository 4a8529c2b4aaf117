/** The search of allocate_resource for free space (`__find_resource`). */
import { u64, resourceContains, type AddressRange, type FlaggedRange } from './ranges.ts'
import { ioresource } from './flags.ts'
import type { Resource } from './resource.ts'

/** What allocated space has to satisfy (`struct resource_constraint`). */
export interface AllocationConstraint {
  /** Lowest and highest address. Default: none. */
  readonly min?: bigint
  readonly max?: bigint
  /** Bytes, a power of two. Default: 1. With 0 only space at address 0 is found. */
  readonly align?: bigint
  /** Moves the start of a candidate: what is available (aligned), the size and the alignment in bytes. Default: the available start. */
  readonly alignf?: (available: FlaggedRange, size: bigint, align: bigint) => bigint
}

/** Space that the architecture keeps out of a candidate gap (`arch_remove_reservations`): x86 has the BIOS area and the e820 map. */
export type Reservations = (gap: FlaggedRange) => AddressRange

export interface FreeSpaceSearch {
  readonly size: bigint
  readonly flags: bigint
  readonly constraint: AllocationConstraint
  readonly reservations: Reservations | null
  /** See `ResourceTreeRules.allocationGuarded`. */
  readonly guarded: boolean
}

const MAX = 2n ** 64n - 1n

/** The first fitting space between the children of `parent`, low to high; `old` counts as free. Null without one. */
export function freeSpace(parent: Resource, old: Resource | null, search: FreeSpaceSearch): AddressRange | null {
  const list = parent.list
  let place = 0
  let child = list === null ? null : list.at(place)
  const advance = (): void => {
    place = list!.next(place)
    child = list!.at(place)
  }
  let gap: AddressRange = { start: parent.start, end: 0n }
  // A child at the very start leaves no gap before it; one address below it would wrap.
  if (child !== null && child.start === parent.start) {
    gap = { start: child === old ? old.start : u64(child.end + 1n), end: 0n }
    advance()
  }
  for (;;) {
    gap = { start: gap.start, end: child === null ? parent.end : child === old ? child.end : u64(child.start - 1n) }
    if (gap.end >= gap.start) {
      gap = clipped(gap, search)
      const found = fitting(gap, search)
      if (found !== null) return found
    }
    if (child === null || child.end === parent.end) return null
    if (child !== old) gap = { start: u64(child.end + 1n), end: gap.end }
    advance()
  }
}

function clipped(
  { start, end }: AddressRange,
  { constraint: { min = 0n, max = MAX }, reservations, flags }: FreeSpaceSearch,
): AddressRange {
  const gap = { start: start < min ? min : start, end: end > max ? max : end }
  if (reservations === null) return gap
  const left = reservations({ ...gap, flags })
  return { start: u64(left.start), end: u64(left.end) }
}

function fitting(
  gap: AddressRange,
  { size, constraint: { align = 1n, alignf }, flags: all, guarded }: FreeSpaceSearch,
): AddressRange | null {
  const flags = all & ~ioresource.UNSET
  const mask = u64(align - 1n)
  const available = { start: u64(gap.start + mask) & u64(~mask), end: gap.end, flags }
  if (available.start < gap.start) return null
  const start = alignf === undefined ? available.start : u64(alignf(available, size, align))
  const found = { start, end: u64(start + size - 1n), flags }
  return (found.start <= found.end || !guarded) && resourceContains(available, found) ? found : null
}
