// prepack: the man page goes into the package. postpack (`--away`): it goes again.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandsFor } from '../src/cli/commands.ts'
import { exitDocs } from '../src/session/failure.ts'
import { Interrupt } from '../src/session/interrupt.ts'
import { programOf } from '../src/cli/program.ts'
import { manPage } from '../src/shell/man.ts'
import { treeOf } from '../src/shell/tree.ts'

const folder = join(import.meta.dirname, '../man')
rmSync(folder, { recursive: true, force: true })
if (!process.argv.includes('--away')) {
  const program = programOf(await commandsFor([]), new Interrupt(), () => {})
  mkdirSync(folder)
  writeFileSync(join(folder, 'devtrail.1'), manPage(treeOf(program), program.version()!, exitDocs))
}
