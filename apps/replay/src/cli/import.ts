import { openAhead } from '../logs/ahead.ts'
import { examples, type Cli } from './command.ts'
import type { ImportOptions } from './import-run.ts'

export function importCommand({ program, run }: Cli): void {
  program
    .command('import')
    .summary('read a recording into a log')
    .description(
      'Reads a recording of a kernel into a log: a folder with trace.txt or trace.dat (or either packed: .gz) and, where present, iomem.before, ndctl.before.json, mounts.before and uname.txt; or a trace file, text or trace-cmd’s trace.dat; or - for text on stdin. Or events as JSON lines, as devtrail export writes them.',
    )
    .argument('<RECORDING>', 'the recording')
    .option('-o, --output <LOG>', 'folder of the log to be written; the cache when left out')
    .option(
      '-f, --follow',
      'of a trace that is being written (a pipe, - or a growing file): import it as it comes, into a log that can be read meanwhile',
    )
    .addHelpText(
      'after',
      examples(
        ['devtrail import recordings/linux-6.1/fsdax-splice -o splice.log', 'a log to keep'],
        ['ssh box cat /sys/kernel/tracing/trace | devtrail import - -o box.log', 'straight from a machine'],
        ['ssh box cat /sys/kernel/tracing/trace_pipe | devtrail import - --follow -o box.log', 'while it happens'],
        ['devtrail import trace.txt.gz --json', 'what it holds, for a script'],
        ['devtrail import events.jsonl -o events.log', 'events that a program of yours, or devtrail export, wrote'],
      ),
    )
    .action(
      run<ImportOptions>(async (session, recording, options) => {
        const ahead = options.follow === true ? null : await openAhead(recording)
        const { runImport } = await import('./import-run.ts')
        return runImport(session, recording, options, ahead)
      }),
    )
}
