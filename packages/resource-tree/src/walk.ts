/** The walkers over memory of a kind: walk_iomem_res_desc and its relatives. */
import { errno } from '@devtrail/events'
import { isOfKind, type RegionKind } from './intersects.ts'
import { Preorder } from './preorder.ts'
import type { FlaggedRange } from './ranges.ts'
import type { Resource } from './resource.ts'

/** log2 of the bytes of a page. */
export const PAGE_SHIFT = 12n
export const PAGE_SIZE = 1n << PAGE_SHIFT

/** A node clipped to the range that is walked. */
export interface WalkedRange extends FlaggedRange {
  readonly desc: number
}

/** Called for each; anything but 0 ends the walk, which returns it. */
export type WalkVisit = (range: WalkedRange) => number
/** First page frame and number of pages. */
export type PageVisit = (pfn: bigint, pages: bigint) => number

/** Where and how it is walked. */
export interface Walk {
  readonly root: Resource
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
  readonly isWanted: (node: Resource) => boolean
  /** Otherwise the whole tree, each node before its children. */
  readonly topLevelOnly: boolean
  /** The seed's kernel: -1 where nothing is found, and a node that starts at the last address is missed. */
  readonly seed: boolean
  /** No node of the tree reaches outside its parent or ends before it starts. */
  readonly inOrder: boolean
}

/** What a walk looks for by a kind; the seed's walkers compare all flags, and the name where there is one. */
export function wantedBy(kind: RegionKind | { readonly name: string | null; readonly flags: bigint }): (node: Resource) => boolean {
  if ('name' in kind && 'flags' in kind) return (node) => node.flags === kind.flags && (kind.name === null || node.name === kind.name)
  return (node) => isOfKind(node, kind)
}

/** Calls back for every wanted node; the next search starts behind the last. A range of one byte visits nothing. */
export function walkNodes(walk: Walk, visit: WalkVisit): number {
  let result = walk.seed ? -1 : errno.EINVAL
  for (let start = walk.start; start < walk.end;) {
    const found = nextWanted(walk, start)
    if (found === null) break
    result = visit(found)
    if (result !== 0) break
    // Behind the last address of all the kernel would begin again at 0.
    start = found.end + 1n
  }
  return result
}

/** By whole pages: starts are rounded up, ends down. A first node without a whole page ends the walk as if nothing was found. */
export function walkPages(walk: Walk, visit: PageVisit): number {
  let result = walk.seed ? -1 : errno.EINVAL
  const ended = walkNodes(walk, ({ start, end }) => {
    const pfn = (start + PAGE_SIZE - 1n) >> PAGE_SHIFT
    const after = (end + 1n) >> PAGE_SHIFT
    if (after > pfn) result = visit(pfn, after - pfn)
    return result
  })
  return ended
}

/** `find_next_iomem_res`: the first wanted node that reaches into the range from `start` on, clipped to it. */
function nextWanted({ root, end, isWanted, topLevelOnly, seed, inOrder }: Walk, start: bigint): WalkedRange | null {
  const nodes = new Preorder(root, { from: inOrder ? start : null })
  // Linux 6.1 looks below nodes only once one has reached into the range.
  let reached = seed
  for (let node = nodes.next(); node !== null; node = nodes.next(topLevelOnly || !reached)) {
    // The seed's kernel stops only at a wanted node behind the range: the others are behind it too.
    if (node.start > end && (!seed || inOrder || isWanted(node))) return null
    reached ||= node.end >= start
    if (node.end < start || (seed && node.start >= end) || !isWanted(node)) continue
    const { flags, desc } = node
    return { start: node.start > start ? node.start : start, end: node.end < end ? node.end : end, flags, desc }
  }
  return null
}
