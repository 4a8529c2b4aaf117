import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vocabulary } from '../models.ts'

/** The version of the package that imports. */
function packageVersion(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

/**
 * What a log in the cache depends on besides the recording: the importer's version, its code as it is (a checkout
 * changes without changing its version), and the vocabulary it speaks.
 */
export function importerVersion(): string {
  const folder = dirname(fileURLToPath(import.meta.resolve('@devtrail/linux-trace')))
  const hash = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && /\.[jt]s$/.test(f.name) && !/\.(d|test|bench)\.ts$/.test(f.name))
    .map((f) => join(f.parentPath, f.name))
  for (const file of files.toSorted()) hash.update(file.slice(folder.length)).update('\0').update(readFileSync(file)).update('\0')
  for (const type of vocabulary.types().toSorted())
    hash.update(JSON.stringify([type, vocabulary.get(type).version, vocabulary.get(type).fields]))
  return `${packageVersion(folder)}+${hash.digest('hex').slice(0, 16)}`
}
