/** The two laws of a model: folding what was emitted gives the live tree, and it does not matter where the fold starts. */
import type { AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commands, run } from './commands.test-support.ts'
import { overlap } from './invariants.ts'
import type { Resource } from './resource.ts'
import { childrenOf, evolveResourceTree, initialResourceTree, topOf, type RegionNode, type ResourceTreeState } from './state.ts'

const live = ({ id, start, end, name, flags, desc, children }: Resource): unknown => [id, start, end, name, flags, desc, children.map(live)]
const folded = (state: ResourceTreeState, node: RegionNode): unknown => {
  const { id, start, end, name, flags, desc } = node
  return [id, start, end, name, flags, desc, childrenOf(state, node).map((c) => folded(state, c))]
}

function fold(events: readonly AnyEvent[], state = initialResourceTree()): ResourceTreeState {
  for (const event of events) evolveResourceTree(state, event)
  return state
}

const count = (nodes: readonly Resource[]): number => nodes.reduce((sum, { children }) => sum + 1 + count(children), 0)

describe.each(['linux-6.1', 'seed'] as const)('by the rules of %s', (rules) => {
  test('folding the emitted events gives exactly the live tree, after every command', () => {
    let operations = 0
    fc.assert(
      fc.property(commands(), fc.boolean(), (list, legal) => {
        const state = initialResourceTree()
        let at = 0
        run(list, {
          legal,
          rules,
          after: ({ tree, events }) => {
            for (; at < events.length; at++) evolveResourceTree(state, events[at]!)
            expect(topOf(state, 'iomem').map((n) => folded(state, n))).toEqual(tree.root.children.map(live))
            expect(state.trees.get('iomem')).toMatchObject({ complete: true, start: tree.root.start, end: tree.root.end })
            expect(state.nodes.size).toBe(count(tree.root.children))
            operations++
          },
        })
        for (const n of state.nodes.values()) {
          expect(n.sure).toBe(true)
          for (const child of n.children) expect(state.nodes.get(child)!.parent).toBe(n.id)
        }
      }),
      { numRuns: 400 },
    )
    expect(operations).toBeGreaterThan(4000)
  })

  test('a keyframe and the rest fold to the same state as everything', () => {
    fc.assert(
      fc.property(commands(), fc.nat(), (list, at) => {
        const { events } = run(list, { rules })
        const cut = at % (events.length + 1)
        expect(fold(events.slice(cut), structuredClone(fold(events.slice(0, cut))))).toEqual(fold(events))
      }),
      { numRuns: 200 },
    )
  })

  test('as long as nobody writes what is no range, the rule of siblings is never broken', () => {
    fc.assert(
      fc.property(commands(), (list) => {
        const state = initialResourceTree()
        for (const event of run(list, { rules, legal: true }).events) {
          evolveResourceTree(state, event)
          expect(overlap.judge(state, event)).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('whatever run of events a gap stands for, the rest shows no certain violation', () => {
    let possible = 0
    fc.assert(
      fc.property(commands(), fc.nat(), fc.nat(30), (list, from, lost) => {
        const { events } = run(list, { rules, legal: true })
        const cut = from % (events.length + 1)
        const state = initialResourceTree()
        const gap = { ...events[0]!, type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null } } as unknown as AnyEvent
        for (const event of [...events.slice(0, cut), gap, ...events.slice(cut + lost)]) {
          evolveResourceTree(state, event)
          const violations = overlap.judge(state, event)
          expect(violations.filter(({ certainty }) => certainty === 'certain')).toEqual([])
          possible += violations.length
        }
      }),
      { numRuns: 2000 },
    )
    expect(possible).toBeGreaterThan(5)
  })
})
