import type { AnyEvent, Invariant, RegionId, Violation } from '@devtrail/events'
import { hex } from '@devtrail/events'
import type { RegionNode, ResourceTreeState } from './state.ts'

const text = (n: RegionNode): string => `${n.name ?? '<BAD>'} [${hex(n.start)}-${hex(n.end)}]`

function broken(state: ResourceTreeState, event: AnyEvent, a: RegionNode, b: RegionNode, how: string): Violation {
  return {
    rule: 'resource-tree/overlap',
    certainty: a.sure && b.sure ? 'certain' : 'possible',
    seq: event.seq,
    time: event.time,
    device: state.owners.get(a.id) ?? event.device,
    summary: `${text(a)} ${how} ${text(b)} in ${a.root}`,
    evidence: [...new Set([b.since, event.seq])].toSorted((x, y) => x - y),
    data: {
      root: a.root,
      nodes: [a, b].map((n) => ({ start: hex(n.start), end: hex(n.end), name: n.name })),
    },
  }
}

/** Siblings are disjoint and lie within their parent. */
export const overlap: Invariant<ResourceTreeState> = {
  id: 'resource-tree/overlap',
  says: 'Siblings of the resource tree do not overlap, and a child lies within its parent.',
  because: 'kernel/resource.c refuses a conflicting range with -EBUSY; two owners of one range corrupt each other.',
  judge: (state, event) => judged(event).flatMap((id) => judgeNode(state, event, id)),
}

/** The nodes that an event gave a range or a place. */
function judged({ type, data }: AnyEvent): RegionId[] {
  switch (type) {
    case 'resource-tree/requested':
    case 'resource-tree/found':
    case 'resource-tree/adjusted':
    case 'resource-tree/carried':
    case 'resource-tree/moved':
      return [data['region'] as RegionId]
    case 'resource-tree/split':
      return [data['region'] as RegionId, data['upper'] as RegionId]
    default:
      return []
  }
}

function judgeNode(state: ResourceTreeState, event: AnyEvent, id: RegionId): Violation[] {
  const node = state.nodes.get(id)
  if (node === undefined) return []
  const found: Violation[] = []
  const parent = node.parent === null ? undefined : state.nodes.get(node.parent)
  if (parent !== undefined && (node.start < parent.start || node.end > parent.end))
    found.push(broken(state, event, node, parent, 'reaches outside'))
  for (const below of node.children) {
    const child = state.nodes.get(below)
    if (child === undefined || (child.start >= node.start && child.end <= node.end)) continue
    found.push(broken(state, event, child, node, 'reaches outside'))
  }
  const list = parent?.children ?? state.trees.get(node.root)?.top ?? []
  const at = list.indexOf(node.id)
  for (const beside of [list[at - 1], list[at + 1]]) {
    const other = beside === undefined ? undefined : state.nodes.get(beside)
    if (other !== undefined && node.start <= other.end && other.start <= node.end) found.push(broken(state, event, node, other, 'overlaps'))
  }
  return found
}
