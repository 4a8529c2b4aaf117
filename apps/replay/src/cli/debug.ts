import { access } from 'node:fs/promises'
import { Dialogue } from '../debug/dialogue.ts'
import { Place } from '../debug/place.ts'
import { recite, talk } from '../debug/terminal.ts'
import { openLog } from '../logs/open.ts'
import { surveyOf } from '@devtrail/survey'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from '../session/failure.ts'
import { noteGaps } from './notes.ts'

interface Options {
  readonly script?: string
  readonly at?: string
  readonly device?: string
}

export function debugCommand({ program, run }: Cli): void {
  program
    .command('debug')
    .summary('step and run through a log, forwards and backwards')
    .description(
      'A debugger over a log: step, back, next and previous event of a device or type, goto, until and since an expression is true, breakpoints, watches, marks, print, diff, blame, why, refs, stuck. At a terminal it completes and remembers; Ctrl-C ends a run and keeps the place. Otherwise it reads commands from stdin.',
    )
    .argument('<LOG>', LOG)
    .option('--at <P>', `where to begin; the start when left out. ${AT}`)
    .option('--device <D>', 'the device that bare names are fields of')
    .option('--script <FILE>', 'read commands from a file; exits with the code of the first that fails')
    .addHelpText(
      'after',
      examples(
        ['devtrail debug recordings/linux-6.1/fsdax-pinned-unbind', 'then: help'],
        ['devtrail debug splice.log --script steps.txt', 'a dialogue out of a file'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        if (options.script !== undefined) {
          await access(options.script).catch(() => {
            throw new Failure(exit.damaged, `there is no script at ${options.script}`)
          })
        }
        if (session.json) throw new Failure(exit.usage, 'a dialogue has no JSON; the commands it is made of have')
        const log = await openLog(given, session)
        const survey = await surveyOf(log.history)
        noteGaps(log, survey, session)
        const place = await Place.open(log, survey)
        if (options.at !== undefined) await place.goTo((await place.find(options.at)).seq)
        const dialogue = new Dialogue(place, session)
        if (options.device !== undefined) {
          const code = await dialogue.say(`device ${options.device}`)
          if (code !== exit.fine) return code
        }
        if (options.script === undefined && given !== '-' && process.stdin.isTTY) {
          await session.print(`events 1 to ${place.last}; help lists the commands\n`)
          await session.flush()
          await talk(dialogue, session)
          return exit.fine
        }
        if (options.script === undefined && given === '-')
          throw new Failure(exit.usage, 'stdin is the log here; give the commands with --script')
        return recite(dialogue, session, options.script ?? null)
      }),
    )
}
