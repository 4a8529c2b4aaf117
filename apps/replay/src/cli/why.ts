import { why } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { besideOf, besideText, eventRow, lookupBefore, surveyOf } from '@devtrail/survey'
import { besideJson } from '../print/beside.ts'
import { whyText } from '../print/why.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from './failure.ts'
import type { Session } from './session.ts'

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
      'Prints an event and the events that led to it, then what led to these, nearest first: the calls it happened in, the unbind that began them, …; of a page that was taken, the lookup before it.',
    )
    .argument('<LOG>', LOG)
    .argument('<SEQ>', "the event's number, as devtrail events prints it")
    .addHelpText('after', examples(['devtrail why recordings/linux-6.1/fsdax-pinned-unbind 224', 'why the memory was removed']))
    .action(
      run2(async (session: Session, given: string, text: string) => {
        const seq = seqOf(text)
        const log = await openLog(given, session)
        const told = await why(log.history, seq)
        if (told === null)
          throw new Failure(exit.notThere, `there is no event ${seq}: the log has events 1 to ${await log.history.lastSeq()}`)
        const { names } = await surveyOf(log.history)
        const others = await besideOf(log.history, told.event)
        const lookup = await lookupBefore(log.history, [told.event, ...told.causes.map((cause) => cause.event)])
        const { style, digits } = session
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            seq,
            event: eventRow(names, told.event, digits),
            ...besideJson(others, digits),
            chain: told.causes.map(({ event, distance, ledTo }) => ({ ...eventRow(names, event, digits), distance, ledTo })),
            ...(lookup === null ? {} : { lookup: eventRow(names, lookup, digits) }),
          })
          return exit.fine
        }
        await session.print(whyText({ ...told, lookup }, names, style, digits))
        if (others !== null) await session.print(style.dim(`${besideText(others)}\n`))
        return exit.fine
      }),
    )
}
