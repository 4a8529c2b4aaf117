// pnpm bench [NAME…] [--json FILE] [--rounds N]: runs the benches of every package; bench/README.md says how.
import { join } from 'node:path'
import { benchCommand } from '../bench/src/index.ts'

const streams = { out: (text: string) => process.stdout.write(text), err: (text: string) => process.stderr.write(text) }
process.exitCode = await benchCommand(join(import.meta.dirname, '..'), process.argv.slice(2), streams)
