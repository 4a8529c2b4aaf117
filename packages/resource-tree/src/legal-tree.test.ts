/** What holds of a live tree whatever is called, and of a call that is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commands, run, type Run } from './commands.test-support.ts'
import type { Resource } from './resource.ts'

/** What is not sorted, not disjoint, outside its parent, not linked to it, or there twice. */
function illegal(parent: Resource, seen: Set<Resource>): string[] {
  const { list, children } = parent
  const found = (list?.regular ?? true) && (list?.length ?? 0) === children.length ? [] : [`list of ${parent.name}`]
  for (const [i, child] of children.entries()) {
    const linked = child.parent === parent && !seen.has(child)
    const inside = child.start <= child.end && parent.covers(child)
    const behind = i === 0 || children[i - 1]!.end < child.start
    if (!linked || !inside || !behind) found.push(`${child.name} under ${parent.name}`)
    seen.add(child)
    found.push(...illegal(child, seen))
  }
  return found
}

function expectWhole({ tree, all }: Run): void {
  const listed = new Set<Resource>()
  expect(illegal(tree.root, listed)).toEqual([])
  expect(all.filter((resource) => (resource.id !== null) !== listed.has(resource))).toEqual([])
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
