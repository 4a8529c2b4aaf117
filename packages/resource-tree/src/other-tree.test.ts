/** Nodes of another tree are a bug of the caller, whatever is done with them: their events would be said in the wrong tree. */
import { expect, test } from 'vitest'
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { printTree } from './iomem.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import { evolveResourceTree, initialResourceTree } from './state.ts'
import { put, shown } from './vector-trees.test-support.ts'

function twoTrees() {
  const events: AnyEvent[] = []
  const state = initialResourceTree()
  const emitter = new Emitter(new ManualClock(), (event) => (events.push(event), evolveResourceTree(state, event)))
  const ids = new Ids()
  const treeOf = (name: string): ResourceTree => new ResourceTree(emitter, ids, { name, start: 0n, end: 0xffffn })
  const [tree, other] = [treeOf('iomem'), treeOf('other')]
  const p = put(other, 'p', 0x1000n, 0x1fffn)
  const inner = put(other, 'inner', 0x1000n, 0x10ffn, undefined, p)
  return { tree, other, p, inner, events, state }
}

type Both = ReturnType<typeof twoTrees>
const spare = (): Resource => new Resource(0x1800n, 0x18ffn, 'a')

test.each<[string, (both: Both) => unknown]>([
  ['requestResource under it', ({ tree, p }) => tree.requestResource(spare(), p)],
  ['requestResource under the other root', ({ tree, other }) => tree.requestResource(spare(), other.root)],
  ['requestResourceConflict of it', ({ tree, p }) => tree.requestResourceConflict(p)],
  ['insertResource under it', ({ tree, p }) => tree.insertResource(spare(), p)],
  ['insertResourceConflict of it', ({ tree, p }) => tree.insertResourceConflict(p)],
  ['insertResourceExpandToFit of it', ({ tree, p }) => tree.insertResourceExpandToFit(p)],
  ['insertResourceExpandToFit under it', ({ tree, p }) => tree.insertResourceExpandToFit(spare(), p)],
  ['releaseResource', ({ tree, p }) => tree.releaseResource(p)],
  ['releaseResource of the other root', ({ tree, other }) => tree.releaseResource(other.root)],
  ['removeResource', ({ tree, p }) => tree.removeResource(p)],
  ['releaseChildResources', ({ tree, p }) => tree.releaseChildResources(p)],
  ['adjustResource', ({ tree, p }) => tree.adjustResource(p, 0x1000n, 0x800n)],
  ['allocateResource of it', ({ tree, p }) => tree.allocateResource(p, 0x10n)],
  ['allocateResource under it', ({ tree, p }) => tree.allocateResource(spare(), 0x10n, {}, p)],
  ['requestRegion', ({ tree, p }) => tree.requestRegion(0x1800n, 0x10n, 'r', 0n, p)],
  ['releaseRegion', ({ tree, p }) => tree.releaseRegion(0x1800n, 0x10n, p)],
  ['releaseMemRegionAdjustable', ({ tree, p }) => tree.releaseMemRegionAdjustable(0x1800n, 0x10n, p)],
  ['describe', ({ tree, p }) => tree.describe(p, { name: 'x' })],
  ['identifyOwner', ({ tree, p }) => tree.identifyOwner(p, 1)],
  ['lookupResource', ({ tree, p }) => tree.lookupResource(0x1000n, p)],
  ['resourceIsExclusive', ({ tree, p }) => tree.resourceIsExclusive(0x1000n, 1n, p)],
])('%s is refused, and nothing is changed or said', (_, call) => {
  const both = twoTrees()
  const said = both.events.length
  expect(() => call(both)).toThrow(/is in the tree of another root \(other\)/)
  expect([shown(both.tree), shown(both.other), both.events.length]).toEqual(['', 'p 1000-1fff{inner 1000-10ff}', said])
})

test('waitForRegion is refused by its promise', async () => {
  const { tree, p } = twoTrees()
  await expect(tree.waitForRegion(0x1800n, 0x10n, 'r', 0n, p)).rejects.toThrow(/is in the tree of another root/)
})

test('what was released, with all under it, is in no tree and may come into another one', () => {
  const { tree, other, p, inner, state } = twoTrees()
  other.releaseResource(p)
  expect([p.root, inner.root]).toEqual([null, null])
  expect(tree.requestResource(p)).toBe(0)
  expect([p.root, inner.root]).toEqual([tree.root, tree.root])
  expect(() => other.adjustResource(inner, 0x1000n, 1n)).toThrow(/\(iomem\)/)
  expect(printTree(state, 'iomem', 4)).toBe('1000-1fff : p\n  1000-10ff : inner\n')
  tree.releaseChildResources(tree.root)
  expect([other.requestResource(p), other.requestResource(inner, p)]).toEqual([0, 0])
  other.removeResource(p)
  expect([p.root, inner.root]).toEqual([null, other.root])
})
