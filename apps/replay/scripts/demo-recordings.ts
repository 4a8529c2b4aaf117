// prepack: the recordings that `devtrail demo` tells of go into the package. postpack (`--away`): they go again.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DEMO_RECORDINGS } from '../src/demo/recordings.ts'

// The text says it all; the binary form of the same would double the package.
const needed = (path: string): boolean => !/\.dat(\.gz)?$/.test(path)
const app = join(import.meta.dirname, '..')
rmSync(join(app, 'recordings'), { recursive: true, force: true })
if (!process.argv.includes('--away')) {
  for (const name of Object.values(DEMO_RECORDINGS)) {
    const folder = join('recordings/linux-6.1', name)
    cpSync(join(app, '../..', folder), join(app, folder), { recursive: true, filter: needed })
  }
}
