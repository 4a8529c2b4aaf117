// pnpm release:snapshot: gives every package a version of its own under the tag canary, whatever changed. Nothing is committed.
// All of them, since a package that asks for ^0.1.0 of another would never take a canary of it.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestOf, publishedOf, run } from '@devtrail/workspace'

const root = join(import.meta.dirname, '../../..')
const changeset = join(root, '.changeset/snapshot.md')
const names = publishedOf(root).map(({ manifest }) => `'${manifest.name}': patch\n`)
writeFileSync(changeset, `---\n${names.join('')}---\n\nA snapshot.\n`)
try {
  run('npx', ['--yes', manifestOf(root).packageManager!, 'exec', 'changeset', 'version', '--snapshot', 'canary'], { cwd: root })
} finally {
  rmSync(changeset, { force: true })
}
