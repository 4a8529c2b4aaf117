import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { devresRules } from '@devtrail/devres'
import { memremapRules } from '@devtrail/memremap'
import { queueRules } from '@devtrail/nvdimm-pmem'
import { bttRules } from '@devtrail/nvdimm-pmem/btt'
import { percpuRefRules } from '@devtrail/percpu-ref'
import { resourceTreeRules } from '@devtrail/resource-tree'
import { tableOf, type Page } from './page.ts'

type Tables = Readonly<Record<string, object>>

/** A package's table of rules, and the file whose comments say what each means. */
const TABLES: readonly (readonly [title: string, source: string, tables: Tables])[] = [
  ['percpu-ref', 'percpu-ref/src/rules.ts', percpuRefRules],
  ['resource-tree', 'resource-tree/src/rules.ts', resourceTreeRules],
  ['devres', 'devres/src/rules.ts', devresRules],
  ['memremap', 'memremap/src/rules.ts', memremapRules],
  ['nvdimm-pmem: request queue', 'nvdimm-pmem/src/queue/queue-rules.ts', queueRules],
  ['nvdimm-pmem: BTT', 'nvdimm-pmem/src/btt/rules.ts', bttRules],
]

/** The doc comment above each `readonly name:` of a source. */
export function docsIn(source: string): Map<string, string> {
  const found = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\??:/g)]
  return new Map(found.map(([, doc, name]) => [name!, doc!.replaceAll(/\s*\n\s*\* ?/g, ' ').trim()]))
}

function told(value: unknown): string {
  if (value === true) return 'yes'
  if (value === false) return 'no'
  if (Array.isArray(value)) return value.map(String).join(', ') || 'none'
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, part]) => `${name}: ${told(part)}`)
      .join('; ')
  return value === '' ? 'none' : String(value)
}

function sectionOf([title, source, tables]: (typeof TABLES)[number], root: string): string {
  const docs = docsIn(readFileSync(join(root, 'packages', source), 'utf8'))
  const eras = Object.keys(tables)
  const names = Object.keys(tables[eras[0]!]!)
  const rows = names.map((name) => {
    const says = docs.get(name) ?? ''
    return [`${says} (\`${name}\`)`.trim(), ...eras.map((era) => told((tables[era] as Record<string, unknown>)[name]))]
  })
  return `## ${title}\n\n${tableOf(['what', ...eras.map((era) => `\`${era}\``)], rows)}\n`
}

const HEAD = `A model behaves as a kernel does, down to errno, order and WARN; which kernel is said by a table of rules that is handed in. Two eras have
a name: \`seed\` is the kernel of the v2 series of October 2015 that brought \`get_dev_pagemap()\` (Linux 4.3 to 4.5), \`linux-6.1\` is Linux 6.1. Any
other kernel, or one with an old mistake put back, is such a table with entries changed:
\`{ ...memremapRules['linux-6.1'], … }\`. Events record outcomes, so a log is read without knowing which rules made it.

What a real kernel answered is held against the models by \`pnpm conformance\`. Historical bugs, and the rule that finds each, are listed in
BUGS of memremap.
`

/** The semantics that are mirrored, and where the eras differ. */
export const kernelsPage = (root: string): Page => ({
  name: 'kernels',
  title: 'Kernels and their rules',
  text: [HEAD, ...TABLES.map((table) => sectionOf(table, root))].join('\n'),
})
