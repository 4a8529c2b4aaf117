import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { anchorsOf, deadLinks, linksOf } from './links.ts'

const root = mkdtempSync(join(tmpdir(), 'devtrail-links-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('links are found, those in code are not', () => {
  const text = 'see [a](b.md) and ![c](d.svg "title"), `[no](x)`\n\n```md\n[no](y)\n```\n<img src="e.svg" width="1">'
  expect(linksOf(text)).toEqual(['b.md', 'd.svg', 'e.svg'])
})

it('anchors are those of GitHub', () => {
  const text = "# Up and `down`!\n## The [debugger](x)\n## The debugger\n```\n# no heading\n```\n### Era's rules: 4.6"
  expect([...anchorsOf(text)]).toEqual(['up-and-down', 'the-debugger', 'the-debugger-1', 'eras-rules-46'])
})

it('a dead link is named, with why', () => {
  writeFileSync(join(root, 'there.md'), '# One\n')
  const page = join(root, 'page.md')
  writeFileSync(page, '# P\n[](there.md) [](there.md#one) [](#p) [](https://example.org) [](there.md#two) [](gone.md) [](../../etc)')
  expect(deadLinks(page, root)).toEqual([
    'there.md#two: there is no such heading',
    'gone.md: there is nothing',
    '../../etc: leads out of the repository',
  ])
})
