/** What a live tree is asked; nothing here changes it. */
import type { Emitter, Ids } from '@devtrail/events'
import { isExclusive, partlyMapped, type DevmemPolicy } from './exclusive.ts'
import { ioresDesc, ioresource } from './flags.ts'
import { intersection, type RegionIntersection, type RegionKind } from './intersects.ts'
import { printResource } from './print.ts'
import { rangeOf, u64 } from './ranges.ts'
import { Resource } from './resource.ts'
import { resourceTreeRules, type ResourceTreeRules } from './rules.ts'
import { TreeEvents } from './tree-events.ts'
import { TreeLinks } from './tree-links.ts'
import type { RootSpec } from './tree-spec.ts'
import { PAGE_SHIFT, PAGE_SIZE, walkNodes, walkPages, wantedBy, type PageVisit, type Walk, type WalkVisit } from './walk.ts'

const BUSY_RAM = ioresource.SYSTEM_RAM | ioresource.BUSY

/**
 * The questions of kernel/resource.c about one tree. Answers are the kernel's, by the rules of the tree. Addresses, sizes, page numbers and flags are
 * 64 bits and wrap: -1n is the last address, 2n ** 64n the first.
 */
export class ResourceQueries {
  /** The root itself; not a node of the tree and never in an event. */
  readonly root: Resource
  readonly name: string
  readonly rules: ResourceTreeRules
  protected readonly events: TreeEvents
  protected readonly links: TreeLinks
  readonly #policy: DevmemPolicy

  constructor(emitter: Emitter, ids: Ids, spec: RootSpec) {
    const { name, start, end, flags = ioresource.MEM, rules = 'linux-6.1', strict = true, ioStrict = true } = spec
    this.root = new Resource(start, end, name, flags)
    this.name = name
    this.rules = typeof rules === 'string' ? resourceTreeRules[rules] : rules
    this.#policy = { strict, ioStrict, ramExclusive: this.rules.ramExclusive }
    this.events = new TreeEvents(emitter, ids, this.root, name)
    this.links = new TreeLinks(this.root, this.events)
  }

  /** `lookup_resource`: the child of `parent` that starts exactly here. @throws ResourceTreeBug for a `parent` in another tree. */
  lookupResource(address: bigint, parent: Resource = this.root): Resource | null {
    const start = u64(address)
    const { list } = this.links.ours(parent)
    if (list === null) return null
    if (!list.regular) {
      for (const child of list) if (child.start === start) return child
      return null
    }
    const child = list.at(list.endingFrom(start))
    return child !== null && child.start === start ? child : null
  }

  /**
   * `region_intersects`: whether `size` bytes from `start` are of a kind: by flags and desc, or (the seed's kernel) by name.
   * @throws TypeError for a kind that the rules do not know.
   */
  regionIntersects(start: bigint, size: bigint, kind: RegionKind): RegionIntersection {
    const { intersects } = this.rules
    if ('name' in kind !== (intersects === 'name'))
      throw new TypeError(`region_intersects of this kernel compares ${intersects === 'name' ? 'names' : 'flags'}`)
    return intersection(this.root, rangeOf(start, size), kind, intersects, this.links.inOrder)
  }

  /**
   * `walk_iomem_res_desc`: every node with these flags and this desc (NONE: any) in the range, clipped to it; the children of one that
   * was visited lie behind it and are not visited. What `visit` returned last, -EINVAL when it was never called.
   */
  walkIomemResDesc(desc: number, flags: bigint, start: bigint, end: bigint, visit: WalkVisit): number {
    if (!this.rules.ramByFlags) throw new TypeError('walk_iomem_res_desc came with Linux 4.6: use walkIomemRes')
    return walkNodes(this.#walk(start, end, wantedBy({ flags: u64(flags), desc })), visit)
  }

  /** `walk_iomem_res` of the seed's kernel: every node with exactly these flags, and this name unless it is null. -1 without any. */
  walkIomemRes(name: string | null, flags: bigint, start: bigint, end: bigint, visit: WalkVisit): number {
    if (this.rules.ramByFlags) throw new TypeError('walk_iomem_res is gone since Linux 4.6: use walkIomemResDesc')
    return walkNodes(this.#walk(start, end, wantedBy({ name, flags: u64(flags) })), visit)
  }

  /** `walk_system_ram_res`: every range of busy System RAM. */
  walkSystemRamRes(start: bigint, end: bigint, visit: WalkVisit): number {
    return walkNodes(this.#ramWalk(start, end), visit)
  }

  /** `walk_mem_res`: every busy memory range. Since 4.15. */
  walkMemRes(start: bigint, end: bigint, visit: WalkVisit): number {
    return this.walkIomemResDesc(ioresDesc.NONE, ioresource.MEM | ioresource.BUSY, start, end, visit)
  }

  /** `walk_system_ram_range`: whole pages (of 4 KiB) of busy System RAM. A first range without one ends the walk as if there were none. */
  walkSystemRamRange(startPfn: bigint, pages: bigint, visit: PageVisit): number {
    return walkPages(this.#ramWalk(startPfn << PAGE_SHIFT, ((startPfn + pages) << PAGE_SHIFT) - 1n), visit)
  }

  /** `page_is_ram`: whether the whole of a page is System RAM. */
  pageIsRam(pfn: bigint): boolean {
    return this.walkSystemRamRange(pfn, 1n, () => 1) === 1
  }

  /** `resource_is_exclusive`: whether users may not map some of the range. Below an inner `root` it looks at what follows that too, as the kernel does. */
  resourceIsExclusive(address: bigint, size: bigint, root: Resource = this.root): boolean {
    return isExclusive(this.links.ours(root), u64(address), u64(size), this.#policy)
  }

  /** `iomem_is_exclusive`: the same of the page that an address is in. */
  iomemIsExclusive(address: bigint): boolean {
    return this.resourceIsExclusive((address >> PAGE_SHIFT) << PAGE_SHIFT, PAGE_SIZE)
  }

  /** `iomem_map_sanity_check`: 0; -1 with a warning when some node that is not busy has only a part of the pages. */
  iomemMapSanityCheck(address: bigint, size: bigint): number {
    const node = partlyMapped(this.root, u64(address), u64(size), this.links.inOrder)
    if (node === null) return 0
    const range = rangeOf(address, size)
    const asked = `[mem ${[range.start, range.end].map((v) => `0x${v.toString(16).padStart(8, '0')}`).join('-')}]`
    const message = `resource sanity check: requesting ${asked}, which spans more than ${node.name} ${printResource(node)}`
    this.events.warned('iomem_map_sanity_check', range, message)
    return -1
  }

  #ramWalk(start: bigint, end: bigint): Walk {
    const seedRam = { name: 'System RAM', flags: ioresource.MEM | ioresource.BUSY }
    if (this.rules.ramByFlags) return this.#walk(start, end, wantedBy({ flags: BUSY_RAM }))
    return { ...this.#walk(start, end, wantedBy(seedRam)), topLevelOnly: true }
  }

  #walk(start: bigint, end: bigint, isWanted: (node: Resource) => boolean): Walk {
    return {
      root: this.root,
      start: u64(start),
      end: u64(end),
      isWanted,
      topLevelOnly: false,
      seed: !this.rules.ramByFlags,
      inOrder: this.links.inOrder,
    }
  }
}
