import { Argument } from 'commander'
import { bashCompletion } from '../shell/bash.ts'
import { fishCompletion } from '../shell/fish.ts'
import { treeOf, type CommandDoc } from '../shell/tree.ts'
import { zshCompletion } from '../shell/zsh.ts'
import { examples, type Cli } from './command.ts'
import { exit, exitDocs } from '../session/failure.ts'
import { manPage } from '../shell/man.ts'

const SHELLS: Readonly<Record<string, (root: CommandDoc) => string>> = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

export function completionCommand({ program, run }: Cli): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Prints a script that makes a shell complete devtrail: its commands, options, rules, event types and files.')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      examples(
        ['source <(devtrail completion bash)', 'in ~/.bashrc'],
        ['source <(devtrail completion zsh)', 'in ~/.zshrc, behind compinit'],
        ['devtrail completion fish > ~/.config/fish/completions/devtrail.fish', ''],
      ),
    )
    .action(
      run(async (session, shell) => {
        await session.print(SHELLS[shell]!(treeOf(program)))
        return exit.fine
      }),
    )
}

export function manCommand({ program, runAlone }: Cli): void {
  program
    .command('man')
    .summary('print the man page')
    .description('Prints the man page, as roff. An installed package has it as devtrail(1) already.')
    .addHelpText('after', examples(['devtrail man | man -l -', 'read it'], ['devtrail man > /usr/local/share/man/man1/devtrail.1', '']))
    .action(
      runAlone(async (session) => {
        await session.print(manPage(treeOf(program), program.version()!, exitDocs))
        return exit.fine
      }),
    )
}
