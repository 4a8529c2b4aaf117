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

/** The packages whose code decides what an import says: the importer, and the models whose state it follows as it goes. */
const DECIDING = ['linux-trace', 'resource-tree', 'devres', 'memremap', 'nvdimm-pmem', 'events'] as const

const folderOf = (name: string): string => dirname(fileURLToPath(import.meta.resolve(`@devtrail/${name}`)))

function codeIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && /\.[jt]s$/.test(f.name) && !/\.(d|test|bench|test-support)\.ts$/.test(f.name))
    .map((f) => join(f.parentPath, f.name))
    .toSorted()
}

/**
 * What a log in the cache depends on besides the recording: the importer's version, its code and its models' as they
 * are (a checkout changes without changing its version), and the vocabulary they speak.
 */
export function importerVersion(): string {
  const hash = createHash('sha256')
  for (const name of DECIDING) {
    const folder = folderOf(name)
    for (const file of codeIn(folder))
      hash.update(name).update(file.slice(folder.length)).update('\0').update(readFileSync(file)).update('\0')
  }
  for (const type of vocabulary.types().toSorted()) {
    const { version, fields } = vocabulary.get(type)
    hash.update(JSON.stringify([type, version, fields]))
  }
  return `${packageVersion(folderOf('linux-trace'))}+${hash.digest('hex').slice(0, 16)}`
}
