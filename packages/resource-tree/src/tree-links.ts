/** Links and unlinks nodes: what changes a tree, and says so. */
import { errno } from '@devtrail/events'
import { bug, type ResourceTreeBug } from './bug.ts'
import { isListed, placeUnder, type Insertion } from './place.ts'
import { resourceSize, u64, type AddressRange } from './ranges.ts'
import type { Resource } from './resource.ts'
import { SiblingList } from './sibling-list.ts'
import type { ReleaseHow, RequestHow, TreeEvents } from './tree-events.ts'

export class TreeLinks {
  readonly root: Resource
  readonly events: TreeEvents
  /** No node reaches outside its parent or ends before it starts, so searches may leave out whole subtrees. */
  inOrder = true

  constructor(root: Resource, events: TreeEvents) {
    this.root = root
    this.events = events
    root.root = root
  }

  bug(resource: Resource, what: string): ResourceTreeBug {
    return bug(resource, what, this.events.seq)
  }

  /** A node that is in this tree or in none. @throws ResourceTreeBug for one of another tree. */
  ours(resource: Resource): Resource {
    if (resource.root !== null && resource.root !== this.root)
      throw this.bug(resource, `is in the tree of another root (${resource.root.name})`)
    return resource
  }

  /** A descriptor that is to be linked, with its numbers as the kernel's 64 bits hold them. @throws as {@link ours}. */
  handedIn(resource: Resource): Resource {
    if (this.ours(resource).root !== null) return resource
    resource.start = u64(resource.start)
    resource.end = u64(resource.end)
    resource.flags = u64(resource.flags)
    return resource
  }

  /** Links a resource at a place, above the nodes it covers. @throws ResourceTreeBug where lists would be corrupted. */
  grant(resource: Resource, { above, place, covered }: Insertion, how: RequestHow, handedIn = resource.flags): void {
    this.#check(resource, above, covered.length)
    const index = this.#placed(resource, above, place, covered)
    if (covered.length > 0) {
      // As in the kernel, children that a released descriptor still had are lost to those it adopts.
      resource.list = SiblingList.of(covered)
      resource.staleChild = null
      for (const child of covered) child.parent = resource
    }
    if (!this.events.holds(above)) return
    this.events.granted(resource, how, handedIn, index, index === null ? null : covered.length)
    if (covered.length === 0) this.#carry(resource)
  }

  /** Puts a resource where it goes; its number among its siblings where their ranges do not tell it. */
  #placed(resource: Resource, above: Resource, place: number, covered: readonly Resource[]): number | null {
    const list = (above.list ??= new SiblingList())
    const index = list.regular ? null : list.index(place)
    if (covered.length > 0) list.replace(place, covered.length, [resource])
    else list.insert(place, resource)
    resource.parent = above
    return index
  }

  #check(resource: Resource, above: Resource, covered: number): void {
    this.ours(above)
    if (resource === this.root || isListed(resource)) throw this.bug(resource, 'is linked already and would be linked twice')
    if (resource.staleChild !== null && covered === 0)
      throw this.bug(resource, 'was removed and still points at children that took its place: set its staleChild to null')
    for (
      let at: Resource | null = resource.hasChildren || above === resource ? above : null;
      at !== null;
      at = isListed(at) ? at.parent : null
    )
      if (at === resource) throw this.bug(resource, 'would be linked below itself')
  }

  /** What hangs below a resource came into the tree with it. A walk with a stack of its own, as are those below: trees may be deep. */
  #carry(resource: Resource): void {
    const coming = resource.children.toReversed()
    for (let child = coming.pop(); child !== undefined; child = coming.pop()) {
      const parent = child.parent!
      if (!parent.covers(child) || child.end < child.start) this.inOrder = false
      this.events.carried(child, parent.id!)
      for (const below of child.children.toReversed()) coming.push(below)
    }
  }

  /** Takes a resource out of its parent. 0, or -EINVAL when that does not list it. @throws ResourceTreeBug without a parent. */
  unlink(resource: Resource, how: ReleaseHow): number {
    if (resource.parent === null) throw this.bug(resource, 'is in no tree and cannot be released')
    const place = resource.parent.list?.placeOf(resource) ?? -1
    if (place >= 0) {
      this.#takeOut(resource, place, how)
      return 0
    }
    this.events.releaseRefused(resource, how, errno.EINVAL)
    return errno.EINVAL
  }

  /** Takes a listed node out for good: its memory is freed, and children under it are lost. */
  free(resource: Resource, how: ReleaseHow): void {
    this.#takeOut(resource, resource.parent!.list!.placeOf(resource), how)
    resource.list = null
  }

  #takeOut(resource: Resource, place: number, how: ReleaseHow): void {
    const parent = resource.parent!
    const promoted = how === 'remove_resource' ? resource.children : []
    if (promoted.length === 0) parent.list!.remove(place)
    else {
      parent.list!.replace(place, 1, promoted)
      for (const child of promoted) child.parent = parent
      resource.list = null
      resource.staleChild = promoted[0]!
    }
    resource.parent = null
    const region = resource.id
    if (region === null) return
    forgetIds(resource)
    this.events.released(region, resource, how)
  }

  /** Gives a resource another range where it stands. */
  setRange(resource: Resource, { start, end }: AddressRange): void {
    const list = resource.parent?.list ?? null
    const place = list === null ? -1 : list.placeOf(resource)
    resource.start = start
    resource.end = end
    if (place >= 0) list!.changed(place)
    if (end < start || list?.regular === false || (resource.parent !== null && !resource.parent.covers(resource))) this.inOrder = false
    this.events.adjusted(resource)
  }

  /** Gives a resource without children another range, and its place under `above` by it. @throws ResourceTreeBug when it does not fit there. */
  move(resource: Resource, range: AddressRange, above: Resource): void {
    const { id, start, end } = resource
    const list = resource.parent!.list
    const from = list?.placeOf(resource) ?? -1
    if (from >= 0) list!.remove(from)
    const place = placeUnder(above, range)
    if (typeof place !== 'number') {
      if (from >= 0) list!.insert(from, resource)
      throw this.bug(resource, 'does not fit where it was to be moved')
    }
    Object.assign(resource, { start: range.start, end: range.end })
    const index = this.#placed(resource, above, place, [])
    if (!this.events.holds(above)) {
      resource.id = resource.root = null
      if (id !== null) this.events.released(id, { start, end, name: resource.name }, 'release_resource')
    } else if (id === null) this.events.granted(resource, 'allocate_resource', resource.flags, index, index === null ? null : 0)
    else this.events.moved(resource, index)
  }

  /** Detaches everything below a node, each for itself. Returns how many there were. */
  scatter(parent: Resource): number {
    let count = 0
    const open = [parent]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const children = node.children
      node.list = null
      for (const child of children) {
        child.parent = child.id = child.root = null
        child.end = u64(resourceSize(child) - 1n)
        child.start = 0n
        count += 1
        open.push(child)
      }
    }
    return count
  }

  /** Puts the part behind a hole beside the part before it. */
  split(lower: Resource, upper: Resource, end: bigint): void {
    const list = lower.parent!.list!
    const place = list.placeOf(lower)
    lower.end = end
    list.changed(place)
    upper.parent = lower.parent
    list.insert(list.next(place), upper)
    this.events.split(lower, upper)
  }
}

function forgetIds(resource: Resource): void {
  const left = [resource]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    node.id = node.root = null
    if (node.list !== null) for (const child of node.list) left.push(child)
  }
}
