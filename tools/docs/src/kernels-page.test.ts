import { join } from 'node:path'
import { expect, it } from 'vitest'
import { docsIn, kernelsPage } from './kernels-page.ts'

it('the comment above a member is what is said of it', () => {
  const source =
    '/** One. */\nreadonly a: 1\n/**\n * Two,\n * and more.\n */\n  readonly b?: 2\nreadonly c: 3\n/** Not of a member. */\nexport type X = 1\n'
  expect([...docsIn(source)]).toEqual([
    ['a', 'One.'],
    ['b', 'Two, and more.'],
  ])
})

it('every rule has words, and a value for every era', () => {
  const { text } = kernelsPage(join(import.meta.dirname, '../../..'))
  const rows = text.split('\n').filter((line) => /\(`\w+`\)/.test(line))
  expect(rows.length).toBeGreaterThan(80)
  expect(rows.filter((row) => /undefined|\[object|\| \|/.test(row))).toEqual([])
  expect(rows.filter((row) => row.startsWith('| (`'))).toEqual([])
})
