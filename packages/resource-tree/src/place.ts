/** Where a range goes: the searches of `__request_resource`, `__insert_resource` and `__adjust_resource`, which change nothing. */
import { resourceOverlaps, type AddressRange } from './ranges.ts'
import type { Resource } from './resource.ts'

/**
 * `__request_resource`'s judgement: the place among the children of `parent` if the range is free there; else what is in the way, which is
 * `parent` itself for a range that is not in it or ends before it starts.
 */
export function placeUnder(parent: Resource, { start, end }: AddressRange): number | Resource {
  if (end < start || start < parent.start || end > parent.end) return parent
  const list = parent.list
  if (list === null) return 0
  if (list.regular) {
    const place = list.endingFrom(start)
    const child = list.at(place)
    return child === null || child.start > end ? place : child
  }
  for (let place = 0; ; place = list.next(place)) {
    const child = list.at(place)
    if (child === null || child.start > end) return place
    if (child.end >= start) return child
  }
}

/** Whether a resource's parent lists it. */
export const isListed = (resource: Resource): boolean => resource.parent?.list != null && resource.parent.list.placeOf(resource) >= 0

/** Where insert_resource puts a node, and whom it takes over. */
export interface Insertion {
  readonly above: Resource
  readonly place: number
  readonly covered: readonly Resource[]
}

/**
 * `__insert_resource`'s search: down through nodes that strictly contain the range; then all that overlap must lie within it. What is in the
 * way instead; `resource` itself when it is there already.
 */
export function insertionUnder(parent: Resource, resource: Resource): Insertion | Resource {
  for (let above = parent; ;) {
    const first = placeUnder(above, resource)
    if (typeof first === 'number') return { above, place: first, covered: [] }
    if (first === above || first === resource) return first
    if (!first.covers(resource) || first.sameRange(resource)) return coverFrom(above, first, resource)
    above = first
  }
}

function coverFrom(above: Resource, first: Resource, resource: Resource): Insertion | Resource {
  const list = above.list!
  const place = list.placeOf(first)
  const covered: Resource[] = []
  for (let at = place; ; at = list.next(at)) {
    const child = list.at(at)
    if (child === null || (at !== place && child.start > resource.end)) return { above, place, covered }
    if (!resource.covers(child)) return child
    covered.push(child)
  }
}

/**
 * `__adjust_resource`'s judgement: whether a resource may take the range. It has to stay in its parent, off its neighbours, and around its children.
 * Only the immediate neighbours count, and none for a resource without a parent. Null when its parent does not list it: the kernel would crash.
 */
export function mayAdjust(resource: Resource, { start, end }: AddressRange): boolean | null {
  const parent = resource.parent
  if (parent !== null) {
    if (start < parent.start || end > parent.end) return false
    const list = parent.list
    const place = list === null ? -1 : list.placeOf(resource)
    if (list === null || place < 0) return null
    const next = list.at(list.next(place))
    if (next !== null && next.start <= end) return false
    const before = list.before(place)
    if (before !== null && start <= before.end) return false
  }
  return holdsChildren(resource, { start, end })
}

function holdsChildren({ list }: Resource, { start, end }: AddressRange): boolean {
  if (list === null || list.first === null) return true
  if (list.regular) return list.first.start >= start && list.last!.end <= end
  for (const child of list) if (child.start < start || child.end > end) return false
  return true
}

/** `__release_region`'s search: the place of the first child that contains the range, null without one. */
export function childAround(parent: Resource, range: AddressRange): Resource | null {
  const list = parent.list
  if (list === null) return null
  if (!list.regular) {
    for (const child of list) if (child.covers(range)) return child
    return null
  }
  const child = list.at(list.endingFrom(range.end))
  return child !== null && child.covers(range) ? child : null
}

/** The children of a node that overlap a range, in order. */
export function* overlapping(parent: Resource, range: AddressRange): Generator<Resource> {
  const list = parent.list
  if (list === null) return
  for (let place = list.regular ? list.endingFrom(range.start) : 0; ; place = list.next(place)) {
    const child = list.at(place)
    if (child === null || (list.regular && child.start > range.end)) return
    if (resourceOverlaps(child, range)) yield child
  }
}
