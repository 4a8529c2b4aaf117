import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { indexPage } from './index-page.ts'

it('links lead from the folder of the made pages, and to them', () => {
  const page = '[a](b.md) [c](https://example.org) [d](#e) ![f](g/h.svg) <!-- made: rules -->the rules<!-- -->'
  expect(indexPage(page, '../docs')).toBe('[a](../docs/b.md) [c](https://example.org) [d](#e) ![f](../docs/g/h.svg) [the rules](rules.md)')
})

it('the first page leads to every page that is made', () => {
  const page = indexPage(readFileSync(join(import.meta.dirname, '../../../docs/index.md'), 'utf8'), '..')
  for (const name of ['events', 'rules', 'kernels', 'command']) expect(page).toContain(`](${name}.md)`)
})
