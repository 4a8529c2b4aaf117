import type { RegionId } from '@devtrail/events'

/** IORESOURCE_ flags (include/linux/ioport.h, Linux 6.1); part of the sysfs ABI. */
export const ioresource = {
  IO: 0x100n,
  MEM: 0x200n,
  SYSRAM: 0x0100_0000n,
  SYSTEM_RAM: 0x0100_0200n,
  MUXED: 0x0040_0000n,
  EXCLUSIVE: 0x0800_0000n,
  BUSY: 0x8000_0000n,
} as const

/** Type and extended type of a flags word: what a busy region takes over from the node it comes to stand under. */
export const typeBits = (flags: bigint): bigint => flags & 0x0100_1f00n

/** The size of an address: 64 bits, wrapping as the kernel's `resource_size_t` does. */
export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/**
 * A descriptor of an address range (`struct resource`, include/linux/ioport.h). The caller owns it; a tree links it. A
 * descriptor that was released keeps its children and brings them along when it is granted again.
 */
export class Resource {
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
  /** Null is printed as `<BAD>`. */
  readonly name: string | null
  flags: bigint
  parent: Resource | null = null
  /** By start. */
  children: Resource[] = []
  /** Its incarnation while it is in a tree; null outside. */
  id: RegionId | null = null

  constructor(start: bigint, end: bigint, name: string | null = null, flags: bigint = ioresource.MEM) {
    this.start = u64(start)
    this.end = u64(end)
    this.name = name
    this.flags = flags
  }

  /** Whether the whole of the other lies in this range. */
  covers(other: Resource): boolean {
    return this.start <= other.start && this.end >= other.end
  }

  sameRange(other: Resource): boolean {
    return this.start === other.start && this.end === other.end
  }
}
