/** What the fold knows around gaps, and what it makes of events that a live tree would not say. */
import { expect, test } from 'vitest'
import { resourceTreeCatalogue } from './events.ts'
import { gap, requested, say, type Said } from './said.test-support.ts'
import { childrenOf, evolveResourceTree, initialResourceTree, ownerOf, topOf, type ResourceTreeState } from './state.ts'

const found = (region: number, parent: number | null, start: bigint, end: bigint): Said => [
  'resource-tree/found',
  { root: 'iomem', region, parent, start, end, name: `n${region}` },
]
const released = (region: number | null, how: string): Said => [
  'resource-tree/released',
  { root: 'iomem', region, start: 0n, end: 0n, name: null, how, pointer: null },
]

function fold(...events: readonly Said[]): ResourceTreeState {
  const state = initialResourceTree()
  say((event) => evolveResourceTree(state, event), events)
  return state
}
const sure = (state: ResourceTreeState): Record<number, boolean> => Object.fromEntries([...state.nodes.values()].map((n) => [n.id, n.sure]))

test('a tree found or made is complete; one only heard of is not', () => {
  expect(fold(found(1, null, 0n, 9n)).trees.get('iomem')!.complete).toBe(true)
  expect(fold(['resource-tree/created', { root: 'iomem', start: 0n, end: 9n }]).trees.get('iomem')!.complete).toBe(true)
  expect(fold(requested(1, null, 0n, 9n)).trees.get('iomem')!.complete).toBe(false)
})

test('after a gap no node is sure and the tree is not complete', () => {
  const state = fold(found(1, null, 0n, 0xfn), found(2, 1, 0n, 0x7n), gap)
  expect(sure(state)).toEqual({ 1: false, 2: false })
  expect(state.trees.get('iomem')!.complete).toBe(false)
})

test('a node granted after a gap is sure; what it is believed to stand under is not for that', () => {
  const state = fold(found(1, null, 0n, 0xfn), found(2, 1, 0n, 0x7n), found(3, null, 0x10n, 0x1fn), gap, requested(4, 1, 0x8n, 0x9n))
  expect(sure(state)).toEqual({ 1: false, 2: false, 3: false, 4: true })
  expect(state.trees.get('iomem')!.complete).toBe(false)
})

test('a release takes the subtree with it, remove_resource does not', () => {
  const nodes = [found(1, null, 0n, 0xfn), found(2, 1, 0n, 0x7n), found(3, 2, 0n, 0x3n)]
  expect([...fold(...nodes, released(2, 'release_region')).nodes.keys()]).toEqual([1])
  const state = fold(...nodes, released(2, 'remove_resource'))
  expect(childrenOf(state, topOf(state, 'iomem')[0]!).map((n) => n.id)).toEqual([3])
})

test('a release of a node that nobody knew changes nothing', () => {
  expect([...fold(found(1, null, 0n, 9n), released(null, 'release_region'), released(7, 'release_region')).nodes.keys()]).toEqual([1])
})

test('refusals, warnings and events of others change nothing', () => {
  const others = [
    'resource-tree/refused',
    'resource-tree/warned',
    'resource-tree/release-refused',
    'resource-tree/request-started',
    'devres/added',
  ]
  const known = found(1, null, 0n, 9n)
  expect(fold(known, ...others.map((type): Said => [type, {}]))).toEqual(fold(known))
})

test('the owner of a node is the device it was identified with', () => {
  const state = fold(found(1, null, 0n, 9n), ['resource-tree/owner-identified', { region: 1, device: 5 }])
  expect(ownerOf(state, 1)).toBe(5)
  expect(ownerOf(state, 2)).toBe(null)
})

test('a node whose middle was taken out stands on both sides of the hole, its children with the lower part', () => {
  const state = fold(found(1, null, 0n, 0xffn), found(2, 1, 0n, 0xfn), [
    'resource-tree/split',
    { root: 'iomem', region: 1, end: 0x3fn, upper: 3, upperStart: 0x80n, upperEnd: 0xffn },
  ])
  expect(topOf(state, 'iomem').map((n) => [n.id, n.start, n.end])).toEqual([
    [1, 0n, 0x3fn],
    [3, 0x80n, 0xffn],
  ])
  expect(childrenOf(state, state.nodes.get(1)!).map((n) => n.id)).toEqual([2])
  expect(state.nodes.get(3)).toMatchObject({ name: state.nodes.get(1)!.name, children: [] })
})

const scattered = (region: number | null): Said => ['resource-tree/children-released', { root: 'iomem', region, count: 2 }]

test('release_child_resources of a node or of the root takes everything below it out', () => {
  const nodes = [found(1, null, 0n, 0xfn), found(2, 1, 0n, 0x7n), found(3, 2, 0n, 0x3n), found(4, null, 0x10n, 0x1fn)]
  expect([...fold(...nodes, scattered(1)).nodes.keys()]).toEqual([1, 4])
  expect([...fold(...nodes, scattered(null)).nodes.keys()]).toEqual([])
  expect([...fold(...nodes, scattered(9)).nodes.keys()]).toEqual([1, 2, 3, 4])
})

test('what moved is sure again; of what was described it is not said where it stands', () => {
  const moved: Said = ['resource-tree/moved', { root: 'iomem', region: 1, parent: null, start: 0x30n, end: 0x3fn, place: null }]
  const described: Said = ['resource-tree/described', { root: 'iomem', region: 2, name: 'new', flags: 5n, desc: 4 }]
  const state = fold(found(1, null, 0n, 0xfn), found(2, null, 0x10n, 0x1fn), gap, moved, described)
  expect(topOf(state, 'iomem').map((n) => n.id)).toEqual([2, 1])
  expect(state.nodes.get(2)).toMatchObject({ name: 'new', flags: 5n, desc: 4 })
  expect(sure(state)).toEqual({ 1: true, 2: false })
})

test('events of the first version say neither the flags of a node nor its desc', () => {
  const { requested: declaration } = resourceTreeCatalogue.declarations
  const { nodeFlags: _, desc: __, place: ___, adopted: ____, ...old } = requested(1, null, 0n, 9n)[1] as Record<string, unknown>
  const upcast = declaration.upcasts[1](old)
  expect(fold(['resource-tree/requested', upcast]).nodes.get(1)).toMatchObject({ flags: 0n, desc: null })
})
