/** What holds of a live tree whatever is called, and of a call that is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commands, run, type Run } from './commands.test-support.ts'
import type { Resource } from './resource.ts'

/** Sorted, disjoint, inside their parent, and linked to it; each node once. */
function expectLegal(parent: Resource, seen = new Set<Resource>()): void {
  let before: Resource | null = null
  expect(parent.list?.regular ?? true).toBe(true)
  expect(parent.list?.length ?? 0).toBe(parent.children.length)
  for (const child of parent.children) {
    expect(seen.has(child)).toBe(false)
    seen.add(child)
    expect(child.parent).toBe(parent)
    expect(child.start <= child.end && parent.covers(child)).toBe(true)
    expect(before === null || before.end < child.start).toBe(true)
    before = child
    expectLegal(child, seen)
  }
}

function expectWhole({ tree, all }: Run): void {
  expectLegal(tree.root)
  const listed = new Set<Resource>()
  const walk = (node: Resource): void => node.children.forEach((child) => (listed.add(child), walk(child)))
  walk(tree.root)
  for (const resource of all) expect(resource.id !== null).toBe(listed.has(resource))
}

describe.each(['linux-6.1', 'seed'] as const)('by the rules of %s', (rules) => {
  test('a tree whose users write ranges only is legal after every command', () => {
    fc.assert(
      fc.property(commands(), (list) => {
        run(list, { legal: true, rules, after: expectWhole })
      }),
      { numRuns: 300 },
    )
  })

  test('whichever allocations fail, the tree stays legal, and nothing is changed by the call that failed', () => {
    fc.assert(
      fc.property(commands(), fc.infiniteStream(fc.boolean()), (list, fails) => {
        const allocations = fails[Symbol.iterator]()
        const mayAllocate = (): boolean => allocations.next().value as boolean
        run(list, { legal: true, rules, mayAllocate, after: expectWhole })
      }),
      { numRuns: 300 },
    )
  })
})
