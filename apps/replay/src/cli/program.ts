import { Command } from 'commander'
import { bisectCommand } from './bisect.ts'
import { blameCommand } from './blame.ts'
import { checkCommand } from './check.ts'
import { cliOf } from './command.ts'
import { completionCommand, manCommand } from './completion.ts'
import { debugCommand } from './debug.ts'
import { demoCommand } from './demo.ts'
import { devicesCommand } from './devices.ts'
import { diffCommand } from './diff.ts'
import { doctorCommand } from './doctor.ts'
import { eventsCommand } from './events.ts'
import { exportCommand } from './export.ts'
import { exitDocs, type ExitCode } from './failure.ts'
import { importCommand } from './import.ts'
import { infoCommand } from './info.ts'
import type { Interrupt } from './interrupt.ts'
import { iomemCommand } from './iomem.ts'
import { ownManifest } from './manifest.ts'
import { mergeCommand } from './merge.ts'
import { pmemCommand } from './pmem/pmem.ts'
import { recordCommand } from './record.ts'
import { styleOf } from '../print/style.ts'
import { serveCommand } from './serve.ts'
import { shipCommand } from './ship.ts'
import { globalOptionsFor, serverOptions } from './server-options.ts'
import { refsCommand } from './refs.ts'
import { simulateCommand } from './simulate.ts'
import { stateCommand } from './state.ts'
import { stuckCommand } from './stuck.ts'
import { repairCommand } from './repair.ts'
import { verifyCommand } from './verify.ts'
import { whyCommand } from './why.ts'
import { keepHeapSmall, readsOnly } from './heap.ts'

/** The whole command line. `answer` is told the exit code of what was run; `colour`: whether errors may have any. */
export function programOf(interrupt: Interrupt, answer: (code: ExitCode) => void, colour = true): Command {
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
  for (const add of [
    importCommand,
    mergeCommand,
    infoCommand,
    devicesCommand,
    eventsCommand,
    stateCommand,
    iomemCommand,
    diffCommand,
    blameCommand,
    whyCommand,
    bisectCommand,
    refsCommand,
    stuckCommand,
    checkCommand,
    debugCommand,
    verifyCommand,
    repairCommand,
    exportCommand,
    serveCommand,
    shipCommand,
    simulateCommand,
    recordCommand,
    pmemCommand,
    demoCommand,
    doctorCommand,
    completionCommand,
    manCommand,
  ]) {
    add(cli)
  }
  return program
}
