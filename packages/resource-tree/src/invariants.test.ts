import type { Violation } from '@devtrail/events'
import { expect, test } from 'vitest'
import { overlap } from './invariants.ts'
import { gap, requested, say, type Said } from './said.test-support.ts'
import { evolveResourceTree, initialResourceTree } from './state.ts'

/** Folds the events and gathers what the rule says on the way. */
function judge(...events: readonly Said[]): Violation[] {
  const state = initialResourceTree()
  const violations: Violation[] = []
  say((event) => {
    evolveResourceTree(state, event)
    violations.push(...overlap.judge(state, event))
  }, events)
  return violations
}
const adjusted = (region: number, start: bigint, end: bigint): Said => ['resource-tree/adjusted', { root: 'iomem', region, start, end }]

test('neighbours that only touch are fine, and so is a child that fills its parent', () => {
  expect(judge(requested(1, null, 0n, 0xfn), requested(2, null, 0x10n, 0x1fn), requested(3, 1, 0n, 0xfn))).toEqual([])
})

test('a node that overlaps the one before or after it is certain, with both events as evidence', () => {
  expect(judge(requested(1, null, 0n, 0xfn), requested(2, null, 0xfn, 0x1fn))).toMatchObject([
    {
      rule: 'resource-tree/overlap',
      certainty: 'certain',
      seq: 2,
      evidence: [1, 2],
      summary: 'n2 [0xf-0x1f] overlaps n1 [0x0-0xf] in iomem',
    },
  ])
  expect(judge(requested(1, null, 0x10n, 0x1fn), requested(2, null, 0n, 0x10n))).toMatchObject([{ certainty: 'certain', seq: 2 }])
})

test('a child that reaches outside of its parent is certain', () => {
  expect(judge(requested(1, null, 0n, 0xfn), requested(2, 1, 8n, 0x10n))).toMatchObject([
    { certainty: 'certain', summary: 'n2 [0x8-0x10] reaches outside n1 [0x0-0xf] in iomem' },
  ])
})

test('an inserted node above those it covers is fine', () => {
  expect(judge(requested(1, null, 0n, 0xfn), requested(2, null, 0n, 0xfn, 'insert_resource'))).toEqual([])
})

test('a range that is changed into its neighbour, or off its child, is certain', () => {
  expect(judge(requested(1, null, 0n, 0xfn), requested(2, null, 0x10n, 0x1fn), adjusted(1, 0n, 0x10n))).toMatchObject([
    { certainty: 'certain', seq: 3 },
  ])
  expect(judge(requested(1, null, 0n, 0xfn), requested(2, 1, 8n, 0xfn), adjusted(1, 0n, 0xen))).toMatchObject([
    { certainty: 'certain', seq: 3 },
  ])
})

test('across a gap an overlap is only possible: what was there may be gone, or smaller', () => {
  expect(judge(requested(1, null, 0n, 0xfn), gap, requested(2, null, 0xfn, 0x1fn))).toMatchObject([{ certainty: 'possible' }])
  expect(judge(requested(1, null, 0n, 0xfn), gap, requested(2, 1, 8n, 0x10n))).toMatchObject([{ certainty: 'possible' }])
})

test('two trees do not meet', () => {
  const port: Said = ['resource-tree/requested', { ...requested(2, null, 0n, 0xfn)[1], root: 'ioport' }]
  expect(judge(requested(1, null, 0n, 0xfn), port)).toEqual([])
})

test('what is moved, split or carried is judged by where it comes to stand', () => {
  const nodes = [requested(1, null, 0n, 0xfn), requested(2, null, 0x10n, 0x1fn)]
  const moved: Said = ['resource-tree/moved', { root: 'iomem', region: 1, parent: null, start: 0x8n, end: 0x17n, place: null }]
  expect(judge(...nodes, moved)).toMatchObject([
    { certainty: 'certain', seq: 3, summary: 'n1 [0x8-0x17] overlaps n2 [0x10-0x1f] in iomem' },
  ])
  const split: Said = ['resource-tree/split', { root: 'iomem', region: 1, end: 0x3n, upper: 3, upperStart: 0x8n, upperEnd: 0x10n }]
  expect(judge(...nodes, split)).toMatchObject([{ certainty: 'certain', seq: 3 }])
  const carried = { root: 'iomem', region: 3, parent: 1, start: 0xfn, end: 0x10n, name: 'n3', flags: 0n, desc: 0 }
  expect(judge(...nodes, ['resource-tree/carried', carried])).toMatchObject([{ certainty: 'certain', seq: 3 }])
})
