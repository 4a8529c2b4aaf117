import { expect, test } from 'vitest'
import { printBranch } from './tree.ts'

test('a tree shows who is below whom, and keeps a label of several lines together', () => {
  const out = printBranch({ label: 'root', children: [{ label: 'a\nmore', children: [{ label: 'b' }] }, { label: 'c\nlast' }] })
  expect(out).toBe(['root', '├─ a', '│  │ more', '│  └─ b', '└─ c', '     last', ''].join('\n'))
})
