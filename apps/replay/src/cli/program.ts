import { Command } from 'commander'
import { cliOf, type Cli } from './command.ts'
import { exitDocs, type ExitCode } from '../session/failure.ts'
import type { Interrupt } from '../session/interrupt.ts'
import { ownManifest } from './manifest.ts'
import { styleOf } from '../print/style.ts'
import { globalOptionsFor, serverOptions } from './server-options.ts'
import { keepHeapSmall, readsOnly } from './heap.ts'

/** The command line with these commands. `answer` is told the exit code of what was run; `colour`: whether errors may have any. */
export function programOf(
  commands: readonly ((cli: Cli) => void)[],
  interrupt: Interrupt,
  answer: (code: ExitCode) => void,
  colour = true,
): Command {
  const program = new Command('devtrail')
    .description('What state device memory was in at any point of a recording, and why it broke.')
    .version(ownManifest().version, '-V, --version', 'print the version')
    .option('--json', 'one JSON document on stdout (events: one object a line)')
    .option('--ns', 'times with nanoseconds')
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: globalOptionsFor })
    .showHelpAfterError('(add --help for the options and examples)')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, `${styleOf(process.stderr, process.env, colour).bad('devtrail:')} `)),
    })
    .exitOverride()
    .hook('preAction', (_, command) => {
      if (readsOnly(command.name())) keepHeapSmall()
    })
    .addHelpText(
      'after',
      `
LOG is a log folder, a recording's folder or trace file, or - for a trace on stdin; a recording is imported
into the cache on the fly. Or it is on a NATS server, nats://SERVER/STREAM/HOST (tls:// for never without TLS),
where devtrail ship put it. A position P is an event (138), an entry (@261), a time (9.588325s), start or end.
Exit: ${exitDocs.map(([code, says]) => `${code} ${says}`).join(', ')}.

Start with:
  $ devtrail demo              a real kernel crash, explained
  $ devtrail check RECORDING   what is broken, where, since when, who did it`,
    )
  serverOptions(program)
  const cli = cliOf(program, interrupt, answer)
  for (const add of commands) add(cli)
  return program
}
