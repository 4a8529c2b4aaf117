// build: the viewer's page lies where the command looks for it, in a checkout as in the package.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const built = join(dirname(createRequire(import.meta.url).resolve('@devtrail/viewer/package.json')), 'dist')
const page = join(import.meta.dirname, '../page')
rmSync(page, { recursive: true, force: true })
mkdirSync(page)
for (const file of ['viewer.js', 'viewer.css', 'worker.js']) copyFileSync(join(built, file), join(page, file))
