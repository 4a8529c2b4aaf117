// Writes the table of events into every package README that has a section for it, from the package's own declarations.
// With --check nothing is written: exit 1 when a table is stale, naming the file.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { documentEvents, type Catalogue } from '../packages/events/src/index.ts'

const root = join(import.meta.dirname, '..')
// oxfmt would align the columns, so the table stands between its ignore comments; those are outside of these two.
const PLACE = /(?<=<!-- events:begin -->\n)[\s\S]*?(?=<!-- events:end -->)/

const isCatalogue = (value: unknown): value is Catalogue =>
  typeof value === 'object' && value !== null && 'prefix' in value && 'declarations' in value

async function tableOf(folder: string): Promise<string> {
  const exported = (await import(pathToFileURL(join(folder, 'src/index.ts')).href)) as Record<string, unknown>
  const catalogues = Object.values(exported).filter(isCatalogue)
  if (catalogues.length === 0)
    throw new Error(`${relative(root, folder)}/README.md has a section for events, but src/index.ts exports no catalogue`)
  return catalogues.map(documentEvents).join('\n\n')
}

const check = process.argv.includes('--check')
for (const name of readdirSync(join(root, 'packages')).toSorted()) {
  const folder = join(root, 'packages', name)
  const readme = join(folder, 'README.md')
  if (!existsSync(readme)) continue
  const text = readFileSync(readme, 'utf8')
  if (!text.includes('\n## Events\n')) continue
  if (!PLACE.test(text))
    throw new Error(`${relative(root, readme)}: "## Events" needs <!-- events:begin --> and, below, <!-- events:end -->`)
  const table = await tableOf(folder)
  const current = text.replace(PLACE, () => `${table}\n`)
  if (current === text) continue
  if (check) {
    process.stderr.write(`${relative(root, readme)}: the table of events is stale; run "pnpm docs:tables"\n`)
    process.exitCode = 1
  } else {
    writeFileSync(readme, current)
    process.stdout.write(`${relative(root, readme)}\n`)
  }
}
