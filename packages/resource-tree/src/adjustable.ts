/** `release_mem_region_adjustable`: a piece of busy memory leaves, as when memory is unplugged. */
import { errno } from '@devtrail/events'
import { hasFlags, ioresource } from './flags.ts'
import { childAround, mayAdjust } from './place.ts'
import { u64, type AddressRange } from './ranges.ts'
import { Resource } from './resource.ts'
import type { ResourceTreeRules } from './rules.ts'
import type { TreeLinks } from './tree-links.ts'
import type { RootSpec } from './tree-spec.ts'

/** What release_mem_region_adjustable did. `errno` is what the seed's kernel returns; Linux 6.1 returns nothing. */
export interface AdjustableRelease {
  readonly errno: number
  /** The node, where the range was the whole of it. */
  readonly freed: Resource | null
  /** The new node behind the hole, where the range was in the middle. */
  readonly upper: Resource | null
}

const HOW = 'release_mem_region_adjustable'

export class AdjustableMemory {
  readonly #links: TreeLinks
  readonly #warns: boolean
  readonly #mayAllocate: RootSpec['mayAllocate']

  constructor(links: TreeLinks, { adjustableWarns }: ResourceTreeRules, { mayAllocate }: RootSpec) {
    this.#links = links
    this.#warns = adjustableWarns
    this.#mayAllocate = mayAllocate
  }

  release(range: AddressRange, parent: Resource): AdjustableRelease {
    if (range.start < parent.start || range.end > parent.end) return this.#refused(range, errno.EINVAL, this.#warns)
    const spare = this.#allocate(range)
    const node = adjustableNode(parent, range)
    if (node === null) return this.#refused(range, errno.EINVAL, false)
    if (node.sameRange(range)) {
      this.#links.free(node, HOW)
      return { errno: 0, freed: node, upper: null }
    }
    const atHead = node.start === range.start
    if (!atHead && node.end !== range.end) return this.#split(node, range, spare)
    const left = atHead ? { start: u64(range.end + 1n), end: node.end } : before(node, range)
    if (!mayAdjust(node, left)) return this.#refused(range, errno.EBUSY, this.#warns)
    this.#links.setRange(node, left)
    return { errno: 0, freed: null, upper: null }
  }

  #split(node: Resource, range: AddressRange, spare: boolean): AdjustableRelease {
    if (!spare && !this.#warns) return this.#refused(range, errno.ENOMEM, false)
    // Linux 6.1 asks again until it has the memory, since nobody could do anything about a failure.
    if (!spare) this.#allocate(range)
    const left = before(node, range)
    if (!mayAdjust(node, left)) return this.#refused(range, errno.EBUSY, this.#warns)
    const upper = new Resource(range.end + 1n, node.end, node.name, node.flags, node.desc)
    this.#links.split(node, upper, left.end)
    return { errno: 0, freed: null, upper }
  }

  #allocate(range: AddressRange): boolean {
    const allocated = this.#mayAllocate?.(HOW) ?? true
    if (!allocated) this.#links.events.allocationFailed(range, HOW)
    return allocated
  }

  #refused({ start, end }: AddressRange, code: number, warns: boolean): AdjustableRelease {
    const { events } = this.#links
    if (warns) events.warned(HOW, { start, end }, `the range could not be taken out (${code})`)
    else events.releaseRefused({ start, end, name: null }, HOW, code)
    return { errno: code, freed: null, upper: null }
  }
}

const before = (node: Resource, range: AddressRange): AddressRange => ({ start: node.start, end: u64(range.start - 1n) })

/**
 * The busy memory node that contains the range, down through nodes that are not busy. A node that starts at the last address or behind
 * it ends the search, so that a range of one byte is never found.
 */
function adjustableNode(parent: Resource, range: AddressRange): Resource | null {
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
