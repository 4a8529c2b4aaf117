// Part of "pnpm build": removes what earlier builds of a package left of sources that are gone.
import { join } from 'node:path'
import { removeDeadBuilds } from './dead-builds.ts'
import { publishedOf } from './published.ts'

for (const { folder, manifest } of publishedOf(join(import.meta.dirname, '../../..'))) {
  const removed = removeDeadBuilds(folder)
  if (removed > 0) process.stdout.write(`${manifest.name}: removed ${removed} files built of sources that are gone\n`)
}
