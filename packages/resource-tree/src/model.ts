import type { Facts, Json, Model, View, Views } from '@devtrail/events'
import { hex } from '@devtrail/events'
import { isDeclared } from './declared.ts'
import { resourceTreeCatalogue } from './events.ts'
import { overlap } from './invariants.ts'
import { childrenOf, evolveResourceTree, initialResourceTree, ownerOf, topOf, type RegionNode, type ResourceTreeState } from './state.ts'

const entry = (n: RegionNode): { [k: string]: Json } => ({ start: hex(n.start), end: hex(n.end), name: n.name })

/** The iomem tree as nested JSON; a node that a gap left unsure says so. */
export function treeToJson(state: ResourceTreeState, root: string): Json {
  const one = (n: RegionNode): Json => ({ ...entry(n), ...(n.sure ? {} : { sure: false }), children: childrenOf(state, n).map(one) })
  return topOf(state, root).map(one)
}

/** Names under which drivers request regions. */
const DRIVER_REGION = /^(?:namespace|dax|btt|pfn)\d+\.\d+$/

/** Whether every region that a driver may have requested is known to be somebody's. */
function allOwned(state: ResourceTreeState, facts: Facts): boolean {
  for (const n of state.nodes.values()) {
    if (n.root !== 'iomem' || isDeclared(n.name) || (n.since === 0 && !(n.name !== null && DRIVER_REGION.test(n.name)))) continue
    if (ownerOf(state, n.id, facts) === null) return false
  }
  return true
}

const describe: View<ResourceTreeState> = (state, device, facts) => {
  const own = [...state.nodes.values()].filter((n) => n.root === 'iomem' && ownerOf(state, n.id, facts) === device)
  if (own.length === 0 && !state.trees.has('iomem')) return { regions: { known: [], complete: false } }
  own.sort((a, b) => (a.start < b.start ? -1 : 1))
  const possible = own.filter((n) => !n.sure).map(entry)
  return {
    regions: {
      known: own.filter((n) => n.sure).map(entry),
      complete: (state.trees.get('iomem')?.complete ?? false) && allOwned(state, facts),
      ...(possible.length > 0 ? { possible } : {}),
    },
  }
}

const aliases = (state: ResourceTreeState, device: number, facts: Facts): string[] =>
  [...state.nodes.values()]
    .filter((n) => n.root === 'iomem' && n.name !== null && ownerOf(state, n.id, facts) === device)
    .map((n) => n.name!)

const BY_RANGE = { by: ['start', 'name'] }

const views: Views = {
  parts: ['regions'],
  lists: { regions: BY_RANGE, iomem: BY_RANGE, children: BY_RANGE },
  // Whether the list of one device is complete depends on what is known of all nodes.
  reachesAll: true,
}

/** The resource tree under the contract of a model. */
export const resourceTreeModel: Model<ResourceTreeState> = {
  name: 'resource-tree',
  catalogue: resourceTreeCatalogue,
  initial: initialResourceTree,
  evolve: evolveResourceTree,
  invariants: [overlap],
  describe,
  views,
  overall: (state) => ({ iomem: { known: treeToJson(state, 'iomem'), complete: state.trees.get('iomem')?.complete ?? false } }),
  aliases,
}
