import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vocabulary } from '@devtrail/survey'

/** The version of the package that imports. */
function packageVersion(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

const folderOf = (name: string): string => dirname(fileURLToPath(import.meta.resolve(`@devtrail/${name}`)))

function codeIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && /\.[jt]s$/.test(f.name) && !/\.(d|test|bench|test-support)\.ts$/.test(f.name))
    .map((f) => join(f.parentPath, f.name))
    .toSorted()
}

const hashes = new Map<string, string>()

/** A number for the code of a package. */
function packageHash(name: string): string {
  const known = hashes.get(name)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  const folder = folderOf(name)
  for (const file of codeIn(folder)) hash.update(file.slice(folder.length)).update('\0').update(readFileSync(file)).update('\0')
  const digest = hash.digest('hex')
  hashes.set(name, digest)
  return digest
}

/** A number for the code of packages as it is (a checkout changes without changing its version), and the vocabulary they speak. */
function codeHash(packages: readonly string[]): string {
  const hash = createHash('sha256')
  for (const name of packages) hash.update(name).update(packageHash(name))
  for (const type of vocabulary.types().toSorted()) {
    const { version, fields } = vocabulary.get(type)
    hash.update(JSON.stringify([type, version, fields]))
  }
  return hash.digest('hex').slice(0, 16)
}

/** The models, whose code decides what state follows from events. */
const MODELS = ['resource-tree', 'devres', 'percpu-ref', 'memremap', 'nvdimm-pmem', 'linux-trace', 'events'] as const

/** What a log in the cache depends on besides the recording: the importer's version, and its code with that of the models, which it asks. */
export function importerVersion(): string {
  return `${packageVersion(folderOf('linux-trace'))}+${codeHash(MODELS)}`
}

/** What a keyframe depends on besides the events. */
export function foldVersion(): string {
  return `state-${codeHash([...MODELS, 'time-travel'])}`
}
