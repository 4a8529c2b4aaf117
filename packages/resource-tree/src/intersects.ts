/** region_intersects: whether a range is memory of a kind, as memremap asks. */
import { hasFlags, ioresDesc, ioresource } from './flags.ts'
import { overlapping } from './place.ts'
import { Preorder } from './preorder.ts'
import { resourceOverlaps, type AddressRange } from './ranges.ts'
import type { Resource } from './resource.ts'
import type { ResourceTreeRules } from './rules.ts'

/** What region_intersects answers. */
export const regionIntersection = { INTERSECTS: 0, DISJOINT: 1, MIXED: 2 } as const
/** An answer of region_intersects. */
export type RegionIntersection = (typeof regionIntersection)[keyof typeof regionIntersection]

/** What is looked for: since 4.6 flags that a node must have and its desc (NONE: any); before, its name. */
export type RegionKind = { readonly flags: bigint; readonly desc?: number } | { readonly name: string }

/** Whether a node is of a kind. By name it must have exactly the flags MEM and BUSY. */
export function isOfKind(node: Resource, kind: RegionKind): boolean {
  if ('name' in kind) return node.name === kind.name && node.flags === (ioresource.MEM | ioresource.BUSY)
  const { flags, desc = ioresDesc.NONE } = kind
  return hasFlags(node.flags, flags) && (desc === ioresDesc.NONE || desc === node.desc)
}

/**
 * DISJOINT without a node of the kind in the range, whatever else is there; INTERSECTS with nothing else; otherwise MIXED.
 * `inOrder`: no node of the tree reaches outside its parent or ends before it starts.
 */
export function intersection(
  root: Resource,
  range: AddressRange,
  kind: RegionKind,
  intersects: ResourceTreeRules['intersects'],
  inOrder: boolean,
): RegionIntersection {
  let [matches, others] = [0, 0]
  for (const node of overlapping(root, range)) {
    if (isOfKind(node, kind)) matches += 1
    else if (intersects === 'nested') {
      const below = matchesBelow(node, range, kind, inOrder)
      matches += below.matches
      others += below.covered ? 0 : 1
    } else others += 1
  }
  if (matches === 0) return regionIntersection.DISJOINT
  return others === 0 ? regionIntersection.INTERSECTS : regionIntersection.MIXED
}

/** The matching descendants of a node, and whether they cover, one touching the next, what it has of the range. */
function matchesBelow(node: Resource, range: AddressRange, kind: RegionKind, inOrder: boolean): { matches: number; covered: boolean } {
  let uncovered = range.start > node.start ? range.start : node.start
  const end = range.end < node.end ? range.end : node.end
  let matches = 0
  const below = new Preorder(node, { from: inOrder ? range.start : null, beyond: !inOrder })
  for (let at = below.next(); at !== null; at = below.next()) {
    if (inOrder && at.start > range.end) break
    if (!resourceOverlaps(at, range) || !isOfKind(at, kind)) continue
    matches += 1
    if (at.start > uncovered) break
    if (at.end >= end) return { matches, covered: true }
    if (at.end >= uncovered) uncovered = at.end + 1n
  }
  return { matches, covered: false }
}
