import { besideOf, besideText, surveyOf } from '@devtrail/survey'
import { openLog } from '../logs/open.ts'
import { toldOf } from '../logs/told-of.ts'
import { besideJson } from '../print/beside.ts'
import { whyJson, whyText } from '../print/why.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

/** @throws Failure when it is no event's number. */
function seqOf(text: string): number {
  const m = /^(?:seq:)?(\d{1,15})$/.exec(text)
  if (m === null) throw new Failure(exit.usage, `"${text}" is not the number of an event; devtrail events lists them`)
  return Number(m[1])
}

export function whyCommand({ program, run2 }: Cli): void {
  program
    .command('why')
    .summary('what led to an event, and what led to that')
    .description(
      'Prints an event and the events that led to it, then what led to these, nearest first: the calls it happened in, the unbind that began them, …; of a page that was taken, the lookup before it. Of an event with which a rule was broken, such as a report of the kernel, it tells what explains it as devtrail check does: the rule, and the events that prove it.',
    )
    .argument('<LOG>', LOG)
    .argument('<SEQ>', "the event's number, as devtrail events prints it")
    .addHelpText('after', examples(['devtrail why recordings/linux-6.1/fsdax-pinned-unbind 224', 'why the memory was removed']))
    .action(
      run2(async (session: Session, given: string, text: string) => {
        const seq = seqOf(text)
        const log = await openLog(given, session)
        const told = await toldOf(log, seq, { onProgress: (n) => session.progress(n, 'events') })
        session.clearProgress()
        if (told === null)
          throw new Failure(exit.notThere, `there is no event ${seq}: the log has events 1 to ${await log.history.lastSeq()}`)
        const { names } = await surveyOf(log.history)
        const others = await besideOf(log.history, told.event)
        const { style, digits } = session
        if (session.json) {
          await session.printJson({ schemaVersion: 1, ...whyJson(told, names, digits), ...besideJson(others, digits) })
          return exit.fine
        }
        await session.print(whyText(told, names, style, digits))
        if (others !== null) await session.print(style.dim(`${besideText(others)}\n`))
        return exit.fine
      }),
    )
}
