import { expect, test } from 'vitest'
import { facts, table } from './table.ts'

test('columns are as wide as their widest cell; numbers stand right; nothing trails', () => {
  const out = table(
    [{ title: 'device' }, { title: 'n', align: 'right' }, { title: 'kind' }],
    [
      ['pfn0.0', '5', 'nd-pfn'],
      ['a', '123', ''],
    ],
  )
  expect(out).toBe('device    n  kind\npfn0.0    5  nd-pfn\na       123\n')
})

test('a table without titles has no first line', () => {
  expect(
    table(
      [{ title: '', align: 'right' }, { title: '' }],
      [
        ['1', 'a'],
        ['10', 'b'],
      ],
    ),
  ).toBe(' 1  a\n10  b\n')
})

test('facts indent the lines of a long value', () => {
  expect(
    facts([
      ['log', 'x'],
      ['notes', 'one\ntwo'],
    ]),
  ).toBe('log    x\nnotes  one\n       two\n')
})
