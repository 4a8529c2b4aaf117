/**
 * A live resource tree (kernel/resource.c). One tree holds the nodes of one root (`iomem`, `ioport`): siblings are sorted by start and
 * disjoint, a child lies within its parent. A range is granted, refused with an errno, or released, and every change of the tree is an event.
 *
 * `request_*` takes a free range among the children of one node; `insert_resource` may go above what is there and adopts it;
 * `release_resource` takes a node out with its subtree; `remove_resource` leaves its children in its place; `request_region` looks for its place
 * itself, down through nodes that are not busy.
 *
 * Where the kernel would crash, hang or corrupt its lists, `ResourceTreeBug` is thrown; also for a node of another tree, which the kernel would
 * change unseen. Addresses, sizes and flags are 64 bits and wrap, whatever call they are handed to.
 */
import { errno, type DeviceId, type Emitter, type Ids } from '@devtrail/events'
import { AdjustableMemory, type AdjustableRelease } from './adjustable.ts'
import { freeSpace, type AllocationConstraint, type Reservations } from './allocate.ts'
import { BusyRegions, type ReleaseRegionResult } from './busy-regions.ts'
import type { ResourceTreePayload } from './events.ts'
import type { MuxedQueue } from './muxed-queue.ts'
import { insertionUnder, isListed, mayAdjust, placeUnder } from './place.ts'
import { rangeOf, resourceContains, u64, type AddressRange } from './ranges.ts'
import { Resource } from './resource.ts'
import { ResourceQueries } from './resource-queries.ts'
import type { RequestHow } from './tree-events.ts'
import type { RootSpec } from './tree-spec.ts'

/** What the owner of a descriptor writes into it; what is left out stays. */
export interface Description {
  readonly start?: bigint
  /** Inclusive. */
  readonly end?: bigint
  readonly name?: string | null
  readonly flags?: bigint
  readonly desc?: number
}

/** A live tree of address ranges. Works without a sink. */
export class ResourceTree extends ResourceQueries {
  readonly #reservations: Reservations | null
  readonly #regions: BusyRegions
  readonly #adjustable: AdjustableMemory

  constructor(emitter: Emitter, ids: Ids, spec: RootSpec) {
    super(emitter, ids, spec)
    this.#reservations = spec.reservations ?? null
    this.#regions = new BusyRegions(this.links, this.rules, spec)
    this.#adjustable = new AdjustableMemory(this.links, this.rules, spec)
  }

  /** Who waits for MUXED regions. */
  get muxed(): MuxedQueue {
    return this.#regions.muxed
  }

  /** `request_resource`: 0, or -EBUSY when the range is not free among the children of `parent`. */
  requestResource(resource: Resource, parent: Resource = this.root): number {
    return this.#request(resource, parent, 'request_resource') === null ? 0 : errno.EBUSY
  }

  /** `request_resource_conflict`: null when granted, else the first child in the way, or `parent` when the range is not in it. */
  requestResourceConflict(resource: Resource, parent: Resource = this.root): Resource | null {
    return this.#request(resource, parent, 'request_resource_conflict')
  }

  #request(resource: Resource, parent: Resource, how: RequestHow): Resource | null {
    const place = placeUnder(this.links.ours(parent), this.links.handedIn(resource))
    if (typeof place === 'number') {
      this.links.grant(resource, { above: parent, place, covered: [] }, how)
      return null
    }
    this.events.refused(resource, how, how === 'request_resource' ? errno.EBUSY : null)
    return place
  }

  /** `insert_resource`: 0, or -EBUSY when a node in the way is only partly covered. */
  insertResource(resource: Resource, parent: Resource = this.root): number {
    return this.#insert(resource, parent, 'insert_resource') === null ? 0 : errno.EBUSY
  }

  /**
   * `insert_resource_conflict`: descends into nodes that strictly contain the range, then goes above those that it covers; a
   * node of the identical range becomes its child. Null when inserted, else the node in the way.
   */
  insertResourceConflict(resource: Resource, parent: Resource = this.root): Resource | null {
    return this.#insert(resource, parent, 'insert_resource_conflict')
  }

  #insert(resource: Resource, parent: Resource, how: RequestHow): Resource | null {
    const found = insertionUnder(this.links.ours(parent), this.links.handedIn(resource))
    if (!(found instanceof Resource)) {
      this.links.grant(resource, found, how)
      return null
    }
    if (found === resource && parent !== resource) this.events.warned('__insert_resource', resource, 'the resource is in the tree already')
    this.events.refused(resource, how, how === 'insert_resource' ? errno.EBUSY : null)
    return found
  }

  /**
   * `insert_resource_expand_to_fit`: widens the range to what it conflicts with until it can be inserted. A range that is not in `parent`, and a
   * descriptor that has a parent, stay as they are.
   */
  insertResourceExpandToFit(resource: Resource, parent: Resource = this.root): void {
    if (this.links.ours(resource).parent !== null) return
    for (;;) {
      const conflict = this.#insert(resource, parent, 'insert_resource_expand_to_fit')
      if (conflict === null || conflict === parent) return
      if (conflict.start < resource.start) resource.start = conflict.start
      if (conflict.end > resource.end) resource.end = conflict.end
      this.events.expanded(resource, conflict)
    }
  }

  /**
   * `release_resource`: takes a node out with its subtree still under it. 0, or -EINVAL when its parent does not list it.
   * @throws ResourceTreeBug when it is in no tree (the kernel would crash).
   */
  releaseResource(resource: Resource): number {
    return this.links.unlink(this.links.ours(resource), 'release_resource')
  }

  /** `remove_resource`: its children take its place. 0, or -EINVAL. @throws ResourceTreeBug when it is in no tree. */
  removeResource(resource: Resource): number {
    if (!this.rules.canRemove) throw this.links.bug(resource, 'cannot be removed: remove_resource came with Linux 4.8')
    return this.links.unlink(this.links.ours(resource), 'remove_resource')
  }

  /** `release_child_resources`: everything below a node is on its own, starts at 0 and keeps its size and flags. */
  releaseChildResources(parent: Resource): void {
    const count = this.links.scatter(this.links.ours(parent))
    if (count > 0 && this.events.holds(parent)) this.events.childrenReleased(parent, count)
  }

  /**
   * `adjust_resource`: 0, or -EBUSY when the range leaves the parent, meets a neighbour, or does not hold the children. Size 0 is
   * accepted: the resource then ends before it starts. @throws ResourceTreeBug when its parent does not list it.
   */
  adjustResource(resource: Resource, start: bigint, size: bigint): number {
    const range = rangeOf(start, size)
    const may = mayAdjust(this.links.ours(resource), range)
    if (may === null) throw this.links.bug(resource, 'cannot be adjusted: its parent does not list it')
    if (!may) return errno.EBUSY
    this.links.setRange(resource, range)
    return 0
  }

  /**
   * `allocate_resource`: gives a descriptor the first free space of `size` bytes among the children of `parent` and links it; one that has a
   * parent is given another range instead, in place if it can be. 0, or -EBUSY.
   */
  allocateResource(resource: Resource, size: bigint, constraint: AllocationConstraint = {}, parent: Resource = this.root): number {
    const old = this.links.handedIn(resource).parent === null ? null : resource
    const search = { size: u64(size), flags: resource.flags, constraint: wrapped(constraint) }
    const rules = { reservations: this.#reservations, guarded: this.rules.allocationGuarded }
    const found = freeSpace(this.links.ours(parent), old, { ...search, ...rules })
    if (found !== null && (old === null ? this.#place(resource, found, parent) : this.#reallocate(resource, found, parent))) return 0
    this.events.refused(resource, 'allocate_resource', errno.EBUSY)
    return errno.EBUSY
  }

  #place(resource: Resource, { start, end }: AddressRange, parent: Resource): boolean {
    resource.start = start
    resource.end = end
    const place = placeUnder(parent, resource)
    if (typeof place !== 'number') return false
    this.links.grant(resource, { above: parent, place, covered: [] }, 'allocate_resource')
    return true
  }

  #reallocate(resource: Resource, found: AddressRange, parent: Resource): boolean {
    const wanted = { ...found, flags: resource.flags }
    const grows = resourceContains(wanted, resource)
    if (!grows && resource.hasChildren) return false
    if (grows || resourceContains(resource, wanted)) this.links.setRange(resource, wanted)
    else this.links.move(resource, wanted, parent)
    return true
  }

  /**
   * `__request_region`: a busy node of `size` bytes, put under the innermost node that is not busy; null when refused. Where both are MUXED it
   * sleeps, see `RootSpec.sleep`. @throws ResourceTreeBug when it would have to and cannot.
   */
  requestRegion(start: bigint, size: bigint, name: string | null, flags = 0n, parent: Resource = this.root): Resource | null {
    return this.#regions.request({ ...rangeOf(start, size), name, flags: u64(flags), parent: this.links.ours(parent) })
  }

  /** `__request_region` as `requestRegion`, for callers that can wait while others go on: until a MUXED region in the way is released. */
  async waitForRegion(
    start: bigint,
    size: bigint,
    name: string | null,
    flags = 0n,
    parent: Resource = this.root,
  ): Promise<Resource | null> {
    return this.#regions.wait({ ...rangeOf(start, size), name, flags: u64(flags), parent: this.links.ours(parent) })
  }

  /** `__release_region`: frees the busy node of exactly this range, with all under it; warns when there is none. */
  releaseRegion(start: bigint, size: bigint, parent: Resource = this.root): ReleaseRegionResult {
    return this.#regions.release(rangeOf(start, size), this.links.ours(parent))
  }

  /**
   * `release_mem_region_adjustable`: takes `size` bytes out of a busy memory node: all of it, its head, its tail, or its middle, where a new node
   * stands behind the hole. Children stay with the lower part; where they do not fit nothing is changed. Linux 6.1 knows no `parent` but the root.
   */
  releaseMemRegionAdjustable(start: bigint, size: bigint, parent: Resource = this.root): AdjustableRelease {
    return this.#adjustable.release(rangeOf(start, size), this.links.ours(parent))
  }

  /**
   * Writes into a descriptor what its owner does, as drivers do to their busy ranges; in a tree that is an event.
   * @throws ResourceTreeBug for the range of one that is linked: use `adjustResource`.
   */
  describe(resource: Resource, { start, end, name, flags, desc }: Description): void {
    this.links.ours(resource)
    if ((start !== undefined || end !== undefined) && (resource === this.root || isListed(resource)))
      throw this.links.bug(resource, 'is linked: its range is changed by adjustResource')
    if (start !== undefined) resource.start = u64(start)
    if (end !== undefined) resource.end = u64(end)
    if (name !== undefined) resource.name = name
    if (flags !== undefined) resource.flags = u64(flags)
    if (desc !== undefined) resource.desc = desc
    this.events.described(resource)
  }

  /** Says which device a node was requested for (its managed resource). */
  identifyOwner(resource: Resource, device: DeviceId): void {
    const { id } = this.links.ours(resource)
    if (id !== null) this.events.emitter.emit<ResourceTreePayload>('resource-tree/owner-identified', { region: id, device }, { device })
  }
}

function wrapped({ min = 0n, max = -1n, align = 1n, alignf }: AllocationConstraint): AllocationConstraint {
  return { min: u64(min), max: u64(max), align: u64(align), ...(alignf && { alignf }) }
}
