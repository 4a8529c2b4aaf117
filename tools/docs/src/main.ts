// pnpm docs:site: builds the documentation into tools/docs/site; exit 1 when a link of it leads nowhere.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSite } from './site.ts'

const root = join(import.meta.dirname, '../../..')
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string }
const site = join(import.meta.dirname, '../site')
const faults = buildSite(root, packageManager, site)
for (const fault of faults) process.stderr.write(`${fault}\n`)
if (faults.length > 0) process.exitCode = 1
else process.stdout.write(`${join(site, 'index.html')}\n`)
