// pnpm conformance DIR: holds the models against what a real kernel answered; conformance/README.md says how.
import { conformanceCommand, subsystems } from '../conformance/src/index.ts'

// A reader that has seen enough (`| head`) changes nothing of the verdict; without its disk there is none.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(`conformance: the answer cannot be written: ${error.message}\n`)
  process.exit(2)
})
const streams = { out: (text: string) => process.stdout.write(text), err: (text: string) => process.stderr.write(text) }
process.exitCode = await conformanceCommand(subsystems, process.argv.slice(2), streams)
