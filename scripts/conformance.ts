// pnpm conformance DIR: holds the models against what a real kernel answered; conformance/README.md says how.
import { conformanceCommand, subsystems } from '../conformance/src/index.ts'

const streams = { out: (text: string) => process.stdout.write(text), err: (text: string) => process.stderr.write(text) }
process.exitCode = await conformanceCommand(subsystems, process.argv.slice(2), streams)
