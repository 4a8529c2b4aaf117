import { printDemo } from '../demo/demo.ts'
import { examples, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'

export function demoCommand({ program, runAlone }: Cli): void {
  program
    .command('demo')
    .summary('a real kernel crash, explained')
    .description(
      'Imports three recordings of a real kernel that come with devtrail and explains them: a crash, its harmless twin, and a hang.',
    )
    .addHelpText('after', examples(['devtrail demo', '']))
    .action(
      runAlone(async (session) => {
        await printDemo(session)
        return exit.fine
      }),
    )
}
