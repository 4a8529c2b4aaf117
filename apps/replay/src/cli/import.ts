import { importLive } from '../logs/live.ts'
import { censusOf, number, surveyOf } from '@devtrail/survey'
import { importLog, openLog, type OpenLog } from '../logs/open.ts'
import { summaryText } from '../print/summary.ts'
import { visible } from '../print/text.ts'
import { examples, type Cli } from './command.ts'
import { facts } from '../print/table.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly output?: string
  readonly follow?: boolean
}

function mustBeFolder(output: string | undefined): string {
  if (output === undefined || output === '-' || output === '')
    throw new Failure(exit.usage, 'name the log that others can read meanwhile: --follow -o LOG')
  return output
}

/** What was read where it was no recording but events. */
async function readBackTold(log: OpenLog, session: Session): Promise<ExitCode> {
  const survey = await surveyOf(log.history)
  const { events } = await censusOf(log.source)
  const devices = survey.devices.filter(({ bookkeeping }) => !bookkeeping).map(({ id }) => survey.names.device(id))
  if (session.json) {
    const complete = survey.ended
    const none = { entries: 0, withoutEffect: {}, unparsed: 0, lost: 0, unknown: [], kernel: null }
    await session.printJson({ schemaVersion: 1, log: log.folder, events, devices, notes: log.reader.meta.notes, complete, ...none })
  } else
    await session.print(
      facts(
        [
          ['events', number(events)],
          ['devices', devices.map(visible).join(', ') || 'none'],
          ['log', log.folder],
        ],
        session.style.dim,
      ),
    )
  return exit.fine
}

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
      run<Options>(async (session, recording, { output, follow }) => {
        const interrupted = follow === true && (await importLive(recording, mustBeFolder(output), session))
        const log = follow === true ? await openLog(output!, session) : await importLog(recording, output, session)
        if (log.imported === null) return readBackTold(log, session)
        const { summary, devices } = log.imported
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            log: log.folder,
            entries: summary.entries,
            events: summary.events,
            withoutEffect: summary.withoutEffect,
            unparsed: summary.unparsed,
            lost: summary.lost,
            devices: devices,
            notes: summary.notes,
            unknown: summary.unknown,
            complete: summary.complete,
            kernel: summary.kernel,
          })
          return interrupted ? exit.interrupted : exit.fine
        }
        await session.print(
          summaryText(session.style, log.imported, [
            ['devices', devices.map(visible).join(', ') || 'none'],
            ['log', log.folder],
          ]),
        )
        return interrupted ? exit.interrupted : exit.fine
      }),
    )
}
