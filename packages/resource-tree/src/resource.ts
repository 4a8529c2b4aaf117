import type { RegionId } from '@devtrail/events'
import { ioresource } from './flags.ts'
import { u64 } from './ranges.ts'
import type { SiblingList } from './sibling-list.ts'

/**
 * A descriptor of an address range (`struct resource`, include/linux/ioport.h). The caller owns it; a tree links it. Start, end and flags are 64 bits:
 * they wrap here, and what was written into them since wraps when the descriptor is handed to a tree. A
 * descriptor that was released keeps its children and brings them along when it is granted again. While it is linked only the tree
 * changes it: what is written here behind its back is neither checked nor an event.
 */
export class Resource {
  start: bigint
  /** Inclusive. */
  end: bigint
  /** Null is printed as `<BAD>`. */
  name: string | null
  /** IORESOURCE_ flags, see `ioresource`. */
  flags: bigint
  /** See `ioresDesc`; the seed's kernel has none: 0. */
  desc: number
  /** What it was linked under last. It may be that this one no longer lists it: see `ResourceTree.releaseResource`. */
  parent: Resource | null = null
  /** Its children as they stand; null without any. The tree's affair. */
  list: SiblingList<Resource> | null = null
  /**
   * What `remove_resource` leaves behind: the kernel's descriptor still points at the first of the children that took its place. Set it to null
   * before the descriptor is used again.
   */
  staleChild: Resource | null = null
  /** Its incarnation while it is in a tree; null outside. */
  id: RegionId | null = null
  /** The root of the tree that it is in; null outside. The tree's affair. */
  root: Resource | null = null

  constructor(start: bigint, end: bigint, name: string | null = null, flags: bigint = ioresource.MEM, desc = 0) {
    this.start = u64(start)
    this.end = u64(end)
    this.name = name
    this.flags = u64(flags)
    this.desc = desc
  }

  /** By start. A new array each time. */
  get children(): readonly Resource[] {
    return this.list === null ? [] : [...this.list]
  }

  get hasChildren(): boolean {
    return this.list !== null && this.list.length > 0
  }

  /** A byte copy: it names the same parent and children, which do not list it. */
  copy(): Resource {
    const copy = new Resource(this.start, this.end, this.name, this.flags, this.desc)
    copy.parent = this.parent
    copy.list = this.list
    copy.staleChild = this.staleChild
    return copy
  }

  /** Whether the whole of the other lies in this range. */
  covers(other: { readonly start: bigint; readonly end: bigint }): boolean {
    return this.start <= other.start && this.end >= other.end
  }

  sameRange(other: { readonly start: bigint; readonly end: bigint }): boolean {
    return this.start === other.start && this.end === other.end
  }
}
