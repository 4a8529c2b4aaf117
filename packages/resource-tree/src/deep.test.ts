/** Trees may be deeper than a call stack. */
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import { expect, test } from 'vitest'
import { preorder } from './iomem.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import { evolveResourceTree, initialResourceTree } from './state.ts'

const DEPTH = 20_000

function deep() {
  const state = initialResourceTree()
  const emitter = new Emitter(new ManualClock(), (event) => evolveResourceTree(state, event))
  const tree = new ResourceTree(emitter, new Ids(), { name: 'iomem', start: 0n, end: 2n ** 64n - 1n })
  const nodes = Array.from({ length: DEPTH }, () => new Resource(0n, 0xfffn, 'n'))
  for (const [i, node] of nodes.entries()) tree.requestResource(node, nodes[i - 1])
  const folded = (): number => [...preorder(state, 'iomem')].length
  return { tree, nodes, folded }
}

test('they are released whole, carried into the tree again, and each node for itself', () => {
  const { tree, nodes, folded } = deep()
  expect(folded()).toBe(DEPTH)
  expect(tree.releaseResource(nodes[0]!)).toBe(0)
  expect([folded(), nodes.every(({ id }) => id === null)]).toEqual([0, true])
  expect(tree.requestResource(nodes[0]!)).toBe(0)
  expect([folded(), nodes.every(({ id }) => id !== null)]).toEqual([DEPTH, true])
  tree.releaseChildResources(tree.root)
  expect([folded(), nodes.every(({ id, parent }) => id === null && parent === null)]).toEqual([0, true])
})
