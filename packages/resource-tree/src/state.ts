import { isGapOf } from '@devtrail/events'
import type { AnyEvent, DeviceId, Facts, RegionId } from '@devtrail/events'
import type { ResourceTreeEvent } from './events.ts'

/** A node of a tree. `sure` is false when a gap came after the last evidence that it is there. */
export interface RegionNode {
  id: RegionId
  root: string
  parent: RegionId | null
  start: bigint
  /** Inclusive. */
  end: bigint
  name: string | null
  /** As the node has them; where that was not said, those that were handed in. */
  flags: bigint | null
  desc: number | null
  pointer: string | null
  children: RegionId[]
  sure: boolean
  /** The event that put it there (0: found). */
  since: number
}

export interface Tree {
  /** Top-level nodes by start. */
  top: RegionId[]
  /** Nothing else can be in it. */
  complete: boolean
  /** What the root itself spans, end inclusive; null: not said. */
  start: bigint | null
  end: bigint | null
}

/** All trees and their nodes. */
export interface ResourceTreeState {
  trees: Map<string, Tree>
  nodes: Map<RegionId, RegionNode>
  owners: Map<RegionId, DeviceId>
}

/** Nothing known yet. */
export const initialResourceTree = (): ResourceTreeState => ({ trees: new Map(), nodes: new Map(), owners: new Map() })

function treeOf(state: ResourceTreeState, root: string): Tree {
  let tree = state.trees.get(root)
  if (tree === undefined) state.trees.set(root, (tree = { top: [], complete: false, start: null, end: null }))
  return tree
}

/** The list of siblings a node with this parent stands in. */
function siblings(state: ResourceTreeState, root: string, parent: RegionId | null): RegionId[] {
  if (parent !== null) {
    const p = state.nodes.get(parent)
    if (p !== undefined) return p.children
  }
  return treeOf(state, root).top
}

/** What says that a node stands in a tree. */
type Placed = Extract<ResourceTreeEvent, { type: 'resource-tree/found' | 'resource-tree/carried' | 'resource-tree/requested' }>

/** The node that an event puts into its tree. */
function nodeOf({ seq, data }: Placed, flags: bigint | null, desc: number | null, pointer: string | null): RegionNode {
  const { root, region, parent, start, end, name } = data
  return { id: region, root, parent, start, end, name, flags, desc, pointer, children: [], sure: true, since: seq }
}

/** Puts a node among its siblings: behind those that start before it, or where the event says that it stands. */
function link(state: ResourceTreeState, node: RegionNode, place: number | null): void {
  // Below a node whose coming was lost it will leave unseen with that.
  if (node.parent !== null && !state.nodes.has(node.parent)) node.sure = false
  const list = siblings(state, node.root, node.parent)
  list.splice(place ?? placeByStart(state, list, node.start), 0, node.id)
  state.nodes.set(node.id, node)
}

function placeByStart(state: ResourceTreeState, list: readonly RegionId[], start: bigint): number {
  let at = list.length
  while (at > 0 && state.nodes.get(list[at - 1]!)!.start > start) at--
  return at
}

/** A node that comes to stand at a place takes over so many siblings from there on. */
function adoptFrom(state: ResourceTreeState, node: RegionNode, place: number, count: number): void {
  node.children = siblings(state, node.root, node.parent).splice(place, count)
  for (const id of node.children) state.nodes.get(id)!.parent = node.id
}

/** An inserted node takes over those of its siblings that lie within it. */
function adopt(state: ResourceTreeState, node: RegionNode): void {
  const list = siblings(state, node.root, node.parent)
  for (let i = list.length - 1; i >= 0; i--) {
    const sibling = state.nodes.get(list[i]!)!
    if (sibling.start < node.start || sibling.end > node.end) continue
    list.splice(i, 1)
    sibling.parent = node.id
    node.children.unshift(sibling.id)
  }
}

function forgetSubtree(state: ResourceTreeState, id: RegionId): void {
  const left = [id]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const child of state.nodes.get(next)?.children ?? []) left.push(child)
    state.nodes.delete(next)
  }
}

function forgetChildren(state: ResourceTreeState, root: string, parent: RegionId | null): void {
  for (const child of siblings(state, root, parent).splice(0)) forgetSubtree(state, child)
}

const LAST = 2n ** 64n - 1n

/** A node left a tree of which not all is known: whatever lies in its range may have stood under it. */
function doubt(state: ResourceTreeState, root: string, start: bigint, end: bigint): void {
  for (const node of state.nodes.values()) if (node.root === root && start <= node.start && node.end <= end) node.sure = false
}

/** Takes a node out of its siblings; returns it. */
function takeOut(state: ResourceTreeState, id: RegionId, instead: readonly RegionId[]): RegionNode | undefined {
  const node = state.nodes.get(id)
  if (node === undefined) return undefined
  const list = siblings(state, node.root, node.parent)
  const at = list.indexOf(id)
  if (at >= 0) list.splice(at, 1, ...instead)
  return node
}

function unlink(state: ResourceTreeState, id: RegionId, promote: boolean): void {
  const node = state.nodes.get(id)
  if (node === undefined) return
  takeOut(state, id, promote ? node.children : [])
  if (promote) for (const child of node.children) state.nodes.get(child)!.parent = node.parent
  else for (const child of node.children) forgetSubtree(state, child)
  state.nodes.delete(id)
}

/** Folds one event into the state, in place. */
export function evolveResourceTree(state: ResourceTreeState, any: AnyEvent): void {
  if (any.type === 'log/gap' && !isGapOf(any, 'resource-tree')) return
  if (any.type === 'log/gap') {
    for (const tree of state.trees.values()) tree.complete = false
    for (const node of state.nodes.values()) node.sure = false
    return
  }
  const event = any as unknown as ResourceTreeEvent
  switch (event.type) {
    case 'resource-tree/found':
      treeOf(state, event.data.root).complete = true
      link(state, nodeOf(event, null, null, null), null)
      return
    case 'resource-tree/created':
    case 'resource-tree/root-adjusted': {
      const tree = treeOf(state, event.data.root)
      if (event.type === 'resource-tree/created') tree.complete = true
      tree.start = event.data.start
      tree.end = event.data.end
      return
    }
    case 'resource-tree/carried': {
      const { flags, desc, root, parent } = event.data
      link(state, nodeOf(event, flags, desc, null), siblings(state, root, parent).length)
      return
    }
    case 'resource-tree/requested': {
      const { flags, nodeFlags, desc, pointer, how, place, adopted } = event.data
      const node = nodeOf(event, nodeFlags ?? flags, desc, pointer)
      // Where siblings may be missing a number says nothing.
      const counted = treeOf(state, node.root).complete ? place : null
      if (counted !== null && adopted !== null) adoptFrom(state, node, counted, adopted)
      else if (how.startsWith('insert')) adopt(state, node)
      link(state, node, counted)
      // Under what it was granted is what was believed: that makes nothing above it sure again.
      return
    }
    case 'resource-tree/moved': {
      const { region, parent, start, end, place } = event.data
      const node = takeOut(state, region, [])
      if (node === undefined) return
      node.parent = parent
      node.start = start
      node.end = end
      node.sure = true
      link(state, node, treeOf(state, node.root).complete ? place : null)
      return
    }
    case 'resource-tree/described': {
      const { region, name, flags, desc } = event.data
      const node = state.nodes.get(region)
      if (node !== undefined) Object.assign(node, { name, flags, desc })
      return
    }
    case 'resource-tree/released': {
      const { root, region, start, end, how } = event.data
      if (region === null) return
      unlink(state, region, how === 'remove_resource')
      if (!treeOf(state, root).complete) doubt(state, root, start, end)
      return
    }
    case 'resource-tree/children-released': {
      const { root, region } = event.data
      const node = region === null ? undefined : state.nodes.get(region)
      if (region === null || node !== undefined) forgetChildren(state, root, region)
      if (!treeOf(state, root).complete) doubt(state, root, node?.start ?? 0n, node?.end ?? LAST)
      return
    }
    case 'resource-tree/split': {
      const { region, end, upper, upperStart, upperEnd } = event.data
      const lower = state.nodes.get(region)
      if (lower === undefined) return
      lower.end = end
      const behind = siblings(state, lower.root, lower.parent).indexOf(region) + 1
      link(state, { ...lower, id: upper, start: upperStart, end: upperEnd, pointer: null, children: [], since: event.seq }, behind)
      return
    }
    case 'resource-tree/adjusted': {
      const node = state.nodes.get(event.data.region)
      if (node === undefined) return
      // Under what it stands is not said: it is no surer for that.
      node.start = event.data.start
      node.end = event.data.end
      return
    }
    case 'resource-tree/owner-identified':
      state.owners.set(event.data.region, event.data.device)
      return
    default:
      return
  }
}

/** Top-level nodes of a tree, by start. */
export function topOf(state: ResourceTreeState, root: string): RegionNode[] {
  return (state.trees.get(root)?.top ?? []).map((id) => state.nodes.get(id)!)
}

export function childrenOf(state: ResourceTreeState, node: RegionNode): RegionNode[] {
  return node.children.map((id) => state.nodes.get(id)!)
}

/** The device a node belongs to, as known now or learnt later. */
export function ownerOf(state: ResourceTreeState, region: RegionId, facts?: Facts): DeviceId | null {
  return state.owners.get(region) ?? facts?.value<DeviceId>('region', region, 'device') ?? null
}
