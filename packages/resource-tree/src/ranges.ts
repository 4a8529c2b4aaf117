/** The helpers of include/linux/ioport.h that look at ranges and flags only: at values of 64 bits, as descriptors have them. */
import { hasFlags, ioresource, typeOf } from './flags.ts'

/** 64 bits, wrapping as the kernel's `resource_size_t` does. */
export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/** Addresses from `start` to `end`, both inclusive. */
export interface AddressRange {
  readonly start: bigint
  readonly end: bigint
}

/** A range and what it is a range of. */
export interface FlaggedRange extends AddressRange {
  readonly flags: bigint
}

/** The last address of `size` bytes from `start`; size 0 gives the address before it. */
export const endOf = (start: bigint, size: bigint): bigint => u64(start + size - 1n)

/** `size` bytes from `start`, which wrap. */
export const rangeOf = (start: bigint, size: bigint): AddressRange => ({ start: u64(start), end: endOf(start, size) })

/** `resource_size`: bytes; the whole 64-bit space wraps to 0. */
export const resourceSize = ({ start, end }: AddressRange): bigint => u64(end - start + 1n)

/** `resource_overlaps`: of the ranges only, whatever the types. */
export const resourceOverlaps = (a: AddressRange, b: AddressRange): boolean => a.start <= b.end && a.end >= b.start

/** `resource_contains`: whether `b` lies in `a`; false when the types differ or either is UNSET. */
export function resourceContains(a: FlaggedRange, b: FlaggedRange): boolean {
  if (typeOf(a.flags) !== typeOf(b.flags) || hasFlags(a.flags | b.flags, ioresource.UNSET)) return false
  return a.start <= b.start && a.end >= b.end
}

/** `resource_intersection` (Linux 6.1): what both have; null when they do not overlap. */
export function resourceIntersection(a: AddressRange, b: AddressRange): AddressRange | null {
  if (!resourceOverlaps(a, b)) return null
  return { start: a.start > b.start ? a.start : b.start, end: a.end < b.end ? a.end : b.end }
}

/** `resource_union` (Linux 6.1): what either has; null when they do not overlap, touching is not enough. */
export function resourceUnion(a: AddressRange, b: AddressRange): AddressRange | null {
  if (!resourceOverlaps(a, b)) return null
  return { start: a.start < b.start ? a.start : b.start, end: a.end > b.end ? a.end : b.end }
}

/** `resource_alignment`: bytes; the size (SIZEALIGN) or the start (STARTALIGN); 0 where neither or both are asked for. */
export function resourceAlignment(resource: FlaggedRange): bigint {
  const asked = resource.flags & (ioresource.SIZEALIGN | ioresource.STARTALIGN)
  if (asked === ioresource.SIZEALIGN) return resourceSize(resource)
  return asked === ioresource.STARTALIGN ? resource.start : 0n
}
