import { momentToJson } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { stuckAt, surveyOf } from '@devtrail/survey'
import { stuckJson, stuckText } from '../print/stuck.ts'
import { momentText } from '../print/moment.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'
import { noteGaps } from './notes.ts'
import { positionOf } from '../named/positions.ts'

interface Options {
  readonly at?: string
}

export function stuckCommand({ program, run }: Cli): void {
  program
    .command('stuck')
    .summary('tasks inside calls: since when, on which device, waiting for what')
    .description(
      'Lists, per task, the calls it has entered and not returned from at a position: since when, on which device, and what it waits for.',
    )
    .argument('<LOG>', LOG)
    .option('--at <P>', AT)
    .addHelpText(
      'after',
      examples(
        ['devtrail stuck recordings/linux-6.1/fsdax-truncate-hang', 'who hangs at the end'],
        ['devtrail stuck splice.log --at 9.4s', 'who is inside what at that time'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const position = positionOf(options.at)
        const log = await openLog(given, session)
        const survey = await surveyOf(log.history)
        const { names } = survey
        noteGaps(log, survey, session)
        const { at, until, tasks } = await stuckAt(log, position, names)
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            at: momentToJson(at, session.digits),
            tasks: tasks.map((t) => stuckJson(t, names, session.digits)),
          })
          return exit.fine
        }
        for (const task of tasks) await session.print(stuckText(task, until, names, session.style, session.digits))
        if (tasks.length === 0)
          await session.print(`${session.style.good('no task is inside a call')} ${session.style.dim(momentText(at, session.digits))}\n`)
        return exit.fine
      }),
    )
}
