/**
 * A live resource tree (kernel/resource.c, Linux 6.1). One tree holds the nodes of one root (`iomem`, `ioport`): siblings
 * are sorted by start and disjoint, a child lies within its parent. A range is granted, refused with an errno, or released,
 * and every change of the tree is an event.
 *
 * `request_*` takes a free range among the children of one node; `insert_resource` may go above what is there and adopts
 * it; `release_resource` takes a node out with its subtree; `remove_resource` leaves its children in its place;
 * `request_region` looks for its place itself, down through nodes that are not busy.
 */
import { errno, hex, type DeviceId, type Emitter, type Ids, type RegionId } from '@devtrail/events'
import type { ResourceTreePayload, requestHow } from './events.ts'
import { ioresource, Resource, typeBits, u64 } from './resource.ts'

type RequestHow = (typeof requestHow)[number]

/** What a tree is made of. */
export interface RootSpec {
  /** `iomem` or `ioport`. */
  readonly name: string
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
  readonly flags?: bigint
}

/** `__release_region` frees a node, or warns. */
export type ReleaseRegionResult = { readonly freed: Resource } | { readonly warning: string }

/** What `__release_region` prints when no busy node has exactly this range (form of 6.1.160 and later). */
export const releaseWarning = (start: bigint, end: bigint): string =>
  `Trying to free nonexistent resource <0x${start.toString(16).padStart(16, '0')}-0x${end.toString(16).padStart(16, '0')}>`

/** A live tree of address ranges. Works without a sink. */
export class ResourceTree {
  /** The root itself; not a node of the tree and never in an event. */
  readonly root: Resource
  readonly name: string
  readonly #emitter: Emitter
  readonly #ids: Ids

  constructor(emitter: Emitter, ids: Ids, root: RootSpec) {
    this.root = new Resource(root.start, root.end, root.name, root.flags ?? ioresource.MEM)
    this.name = root.name
    this.#emitter = emitter
    this.#ids = ids
    this.#say('resource-tree/created', { root: this.name, start: this.root.start, end: this.root.end })
  }

  /** `request_resource` (Linux 6.1): 0, or -EBUSY when the range is not free among the children of `parent`. */
  requestResource(resource: Resource, parent: Resource = this.root): number {
    return this.requestResourceConflict(resource, parent) === null ? 0 : errno.EBUSY
  }

  /** `request_resource_conflict`: null when granted, else the first child in the way, or `parent` when the range is not in it. */
  requestResourceConflict(resource: Resource, parent: Resource = this.root): Resource | null {
    const conflict = conflictUnder(parent, resource)
    if (conflict === null) this.#grant(resource, parent, [], 'request_resource', resource.flags)
    else this.#refuse(resource, 'request_resource', errno.EBUSY)
    return conflict
  }

  /** `insert_resource` (Linux 6.1): 0, or -EBUSY when a node in the way is only partly covered. */
  insertResource(resource: Resource, parent: Resource = this.root): number {
    return this.insertResourceConflict(resource, parent) === null ? 0 : errno.EBUSY
  }

  /**
   * `insert_resource_conflict`: descends into nodes that strictly contain the range, then goes above those that it covers; a
   * node of the identical range becomes its child. Null when inserted, else the node in the way.
   */
  insertResourceConflict(resource: Resource, parent: Resource = this.root): Resource | null {
    let above = parent
    let first = conflictUnder(above, resource)
    while (first !== null && first !== above && first !== resource && first.covers(resource) && !first.sameRange(resource)) {
      above = first
      first = conflictUnder(above, resource)
    }
    if (first === null) {
      this.#grant(resource, above, [], 'insert_resource', resource.flags)
      return null
    }
    if (first === resource) this.#warn('__insert_resource', resource, 'the resource is in the tree already')
    const run = first === above || first === resource ? [] : above.children.filter((c) => overlaps(c, resource))
    const blocker = run.length === 0 ? first : (run.find((c) => !resource.covers(c)) ?? null)
    if (blocker === null) this.#grant(resource, above, run, 'insert_resource', resource.flags)
    else this.#refuse(resource, 'insert_resource', errno.EBUSY)
    return blocker
  }

  /**
   * `release_resource`: takes a node out with its subtree still under it. 0, or -EINVAL when its parent does not list it.
   * @throws Error when it is in no tree (the kernel would crash).
   */
  releaseResource(resource: Resource): number {
    return this.#unlink(resource, 'release_resource')
  }

  /** `remove_resource`: its children take its place. 0, or -EINVAL. @throws Error when it is in no tree. */
  removeResource(resource: Resource): number {
    return this.#unlink(resource, 'remove_resource')
  }

  /**
   * `__request_region` (Linux 6.1): a busy node of `size` bytes, put under the innermost node that is not busy; null when
   * refused. Nothing is waited for: a MUXED conflict is refused too.
   */
  requestRegion(start: bigint, size: bigint, name: string | null, flags = 0n, parent: Resource = this.root): Resource | null {
    const region = new Resource(start, u64(start + size - 1n), name)
    for (let above = parent; ;) {
      region.flags = typeBits(above.flags) | ioresource.BUSY | flags
      const conflict = conflictUnder(above, region)
      if (conflict === null) {
        this.#grant(region, above, [], 'request_region', flags)
        return region
      }
      if (conflict === above || (conflict.flags & ioresource.BUSY) !== 0n) {
        this.#refuse(region, 'request_region', null)
        return null
      }
      above = conflict
    }
  }

  /** `__release_region` (Linux 6.1): frees the busy node of exactly this range, with all under it; warns when there is none. */
  releaseRegion(start: bigint, size: bigint, parent: Resource = this.root): ReleaseRegionResult {
    const wanted = new Resource(start, u64(start + size - 1n))
    let list = parent.children
    for (let holder = list.find((c) => c.covers(wanted)); holder !== undefined; holder = list.find((c) => c.covers(wanted))) {
      if ((holder.flags & ioresource.BUSY) === 0n) list = holder.children
      else if (!holder.sameRange(wanted)) break
      else {
        this.#takeOut(holder, 'release_region')
        return { freed: holder }
      }
    }
    const warning = releaseWarning(wanted.start, wanted.end)
    this.#warn('__release_region', wanted, warning)
    return { warning }
  }

  /** `lookup_resource`: the child of `parent` that starts exactly here. */
  lookupResource(start: bigint, parent: Resource = this.root): Resource | null {
    return parent.children.find((c) => c.start === start) ?? null
  }

  /** Says which device a node was requested for (its managed resource). */
  identifyOwner(resource: Resource, device: DeviceId): void {
    if (resource.id !== null)
      this.#emitter.emit<ResourceTreePayload>('resource-tree/owner-identified', { region: resource.id, device }, { device })
  }

  #grant(resource: Resource, parent: Resource, run: readonly Resource[], how: RequestHow, flags: bigint): void {
    if (resource.parent !== null || resource === this.root) throw this.#broken(resource, 'is linked already and would be linked twice')
    const at = run.length > 0 ? parent.children.indexOf(run[0]!) : placeOf(parent.children, resource)
    parent.children.splice(at, run.length, resource)
    resource.parent = parent
    if (run.length > 0) {
      // As in the kernel, children that a released descriptor still had are lost to those it adopts.
      resource.children = [...run]
      for (const child of run) child.parent = resource
    }
    if (!this.#holds(parent)) return
    resource.id = this.#ids.next('region')
    this.#say('resource-tree/requested', { ...this.#node(resource), parent: parent.id, flags, how, pointer: null })
    if (run.length === 0) this.#carry(resource)
  }

  #carry(resource: Resource): void {
    for (const child of resource.children) {
      child.id = this.#ids.next('region')
      this.#say('resource-tree/carried', { ...this.#node(child), parent: resource.id!, flags: child.flags })
      this.#carry(child)
    }
  }

  #refuse(resource: Resource, how: RequestHow, code: number | null): void {
    const { start, end, name } = resource
    this.#say('resource-tree/refused', { root: this.name, start, end, name, how, errno: code })
  }

  #unlink(resource: Resource, how: 'release_resource' | 'remove_resource'): number {
    if (resource.parent === null) throw this.#broken(resource, 'is in no tree and cannot be released')
    if (resource.parent.children.includes(resource)) {
      this.#takeOut(resource, how)
      return 0
    }
    const { start, end, name } = resource
    this.#say('resource-tree/release-refused', { root: this.name, start, end, name, how, errno: errno.EINVAL })
    return errno.EINVAL
  }

  #takeOut(resource: Resource, how: 'release_resource' | 'remove_resource' | 'release_region'): void {
    const parent = resource.parent!
    const promoted = how === 'remove_resource' ? resource.children : []
    parent.children.splice(parent.children.indexOf(resource), 1, ...promoted)
    for (const child of promoted) child.parent = parent
    if (how === 'remove_resource') resource.children = []
    resource.parent = null
    const region = resource.id
    forgetIds(resource)
    if (region === null) return
    const { start, end } = resource
    const name = how === 'release_region' ? null : resource.name
    this.#say('resource-tree/released', { root: this.name, region, start, end, name, how, pointer: null })
  }

  #warn(by: string, { start, end }: Resource, message: string): void {
    this.#say('resource-tree/warned', { root: this.name, start, end, by, message })
  }

  /** Whether a node is in this tree; a subtree that was released is not, and what happens in it is no event. */
  #holds(node: Resource): boolean {
    return node === this.root || node.id !== null
  }

  #node({ id, start, end, name }: Resource): { root: string; region: RegionId; start: bigint; end: bigint; name: string | null } {
    return { root: this.name, region: id!, start, end, name }
  }

  #broken({ start, end, name }: Resource, what: string): Error {
    return new Error(`${name ?? '<BAD>'} [${hex(start)}-${hex(end)}] ${what} (after event ${this.#emitter.seq})`)
  }

  #say<T extends ResourceTreePayload['type']>(type: T, data: Extract<ResourceTreePayload, { type: T }>['data']): void {
    if (this.#emitter.on) this.#emitter.emit<ResourceTreePayload>(type, data)
  }
}

const overlaps = (a: Resource, b: Resource): boolean => a.start <= b.end && b.start <= a.end

/** `__request_resource`'s judgement: the parent itself for a range that is not in it, else the lowest child in the way. */
function conflictUnder(parent: Resource, resource: Resource): Resource | null {
  if (resource.end < resource.start || !parent.covers(resource)) return parent
  return parent.children.find((c) => overlaps(c, resource)) ?? null
}

function placeOf(list: readonly Resource[], resource: Resource): number {
  const at = list.findIndex((c) => c.start > resource.start)
  return at < 0 ? list.length : at
}

function forgetIds(resource: Resource): void {
  resource.id = null
  for (const child of resource.children) forgetIds(child)
}
