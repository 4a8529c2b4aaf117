// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** The two laws of a model: folding what was emitted gives the live tree, and it does not matter where the fold starts. */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { overlap } from './invariants.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import { childrenOf, evolveResourceTree, initialResourceTree, topOf, type RegionNode, type ResourceTreeState } from './state.ts'

type Op = {
  op: 'request' | 'insert' | 'release' | 'remove' | 'region' | 'free'
  which: number
  start: number
  size: number
  parent: number
}

const ops = fc.array(
  fc.record<Op>({
    op: fc.constantFrom('request', 'insert', 'insert', 'release', 'remove', 'region', 'free'),
    which: fc.nat(7),
    start: fc.nat(0x3f),
    size: fc.integer({ min: 0, max: 0x20 }),
    parent: fc.nat(7),
  }),
  { maxLength: 60 },
)

/** Runs the commands on descriptors that live on, so that released ones come back with their children. */
function run(commands: readonly Op[]): { tree: ResourceTree; events: AnyEvent[] } {
  const events: AnyEvent[] = []
  const tree = new ResourceTree(new Emitter(new ManualClock(), (e) => events.push(e)), new Ids(), { name: 'iomem', start: 0n, end: 0x3fn })
  const slots: Resource[] = []
  const regions: Resource[] = []
  for (const { op, which, start, size, parent } of commands) {
    const [from, length] = [BigInt(start), BigInt(size)]
    const under = slots[parent]?.id != null ? slots[parent] : tree.root
    const own = slots[which]
    if (op === 'request' || op === 'insert') {
      const r = own !== undefined && own.parent === null ? own : new Resource(from, from + length, `r${which}`)
      slots[which] = r
      if (r === under) continue
      if (op === 'request') tree.requestResource(r, under)
      else tree.insertResource(r, under)
    } else if (op === 'region') {
      const region = tree.requestRegion(from, length, `g${which}`)
      if (region !== null) regions.push(region)
    } else if (op === 'free') {
      const region = regions[which]
      if (region !== undefined && start % 2 === 0) tree.releaseRegion(region.start, region.end - region.start + 1n)
      else tree.releaseRegion(from, length)
    } else if (own?.parent?.children.includes(own)) {
      if (op === 'release') tree.releaseResource(own)
      else tree.removeResource(own)
    }
  }
  return { tree, events }
}

const live = (r: Resource): unknown => [r.id, r.start, r.end, r.name, r.children.map(live)]
const folded = (state: ResourceTreeState, n: RegionNode): unknown => [
  n.id,
  n.start,
  n.end,
  n.name,
  childrenOf(state, n).map((c) => folded(state, c)),
]

function fold(events: readonly AnyEvent[], state = initialResourceTree()): ResourceTreeState {
  for (const event of events) evolveResourceTree(state, event)
  return state
}

test('folding the emitted events gives exactly the live tree', () => {
  fc.assert(
    fc.property(ops, (commands) => {
      const { tree, events } = run(commands)
      const state = fold(events)
      expect(topOf(state, 'iomem').map((n) => folded(state, n))).toEqual(tree.root.children.map(live))
      expect(state.trees.get('iomem')!.complete).toBe(true)
      for (const n of state.nodes.values()) {
        expect(n.sure).toBe(true)
        for (const child of n.children) expect(state.nodes.get(child)!.parent).toBe(n.id)
      }
    }),
    { numRuns: 500 },
  )
})

test('a keyframe and the rest fold to the same state as everything', () => {
  fc.assert(
    fc.property(ops, fc.nat(), (commands, at) => {
      const { events } = run(commands)
      const cut = at % (events.length + 1)
      expect(fold(events.slice(cut), structuredClone(fold(events.slice(0, cut))))).toEqual(fold(events))
    }),
    { numRuns: 200 },
  )
})

test('a live tree never breaks the rule of its siblings', () => {
  fc.assert(
    fc.property(ops, (commands) => {
      const state = initialResourceTree()
      for (const event of run(commands).events) {
        evolveResourceTree(state, event)
        expect(overlap.judge(state, event)).toEqual([])
      }
    }),
    { numRuns: 200 },
  )
})
