// pnpm release:rehearse: see README.md.
import { join } from 'node:path'
import { rehearse } from './rehearse.ts'

const from = performance.now()
try {
  await rehearse(join(import.meta.dirname, '../../..'), (text) => process.stdout.write(text))
  process.stdout.write(`the release is rehearsed (${((performance.now() - from) / 1000).toFixed(0)} s)\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
