import { openFileLog } from '@devtrail/event-log/file'
import { check, Judge, NoSuchRuleError, rulesOf } from '@devtrail/time-travel'
import { LiveSurvey } from '../logs/live-survey.ts'
import { openFollowed, openLog } from '../logs/open.ts'
import { tellsOfDevices } from '../logs/tells-of-devices.ts'
import { isComplete, isEnd, noteGaps, noteUnknown } from './notes.ts'
import { eventsAt, models, plural, surveyOf, vocabulary } from '@devtrail/survey'
import { echoText, groupsOf, isEcho, violationJson, violationText } from '../print/violation.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { didYouMean } from '../session/suggest.ts'

interface Options {
  readonly rule?: readonly string[]
  readonly strict?: boolean
  readonly follow?: boolean
}

/** @throws NoSuchRuleError before anything is read. */
function mustBeRules(wanted: readonly string[]): void {
  const ids = rulesOf(models).map(({ rule }) => rule.id)
  for (const id of wanted) {
    if (!ids.includes(id))
      throw new NoSuchRuleError(`there is no rule "${id}"${didYouMean(id, ids)} (devtrail check --help lists the ${ids.length} there are)`)
  }
}

/** Judges the events there are and those that are added, each as soon as it is written; with what is known by then. */
async function followCheck(given: string, { rule, strict }: Options, session: Session): Promise<ExitCode> {
  const log = await openFollowed(given, session, 'devtrail check live.log --follow')
  const live = await LiveSurvey.of(log)
  const judge = new Judge(live.machine, rule ?? [])
  const { style, digits } = session
  let code: ExitCode = exit.fine
  for await (const batch of log.reader.followBatches(log.source.start === undefined ? {} : { from: log.source.start.seq + 1 })) {
    for (const event of batch) {
      live.see(event)
      for (const v of judge.at(event)) {
        if (v.certainty === 'certain' || strict === true) session.answer((code = exit.no))
        const { names } = live
        if (session.json) await session.print(`${JSON.stringify(violationJson(v, names, digits))}\n`)
        else {
          // A reader sees a log as it was when it was opened; the evidence may have come since.
          await using now = await openFileLog(log.folder, vocabulary)
          const events = await eventsAt(now, [v.seq, ...v.evidence])
          await session.print(`${violationText([v], { events, names, style, digits })}\n`)
        }
      }
    }
    await session.flush()
    if (isEnd(batch.at(-1))) break
  }
  return code
}

export function checkCommand({ program, run }: Cli): void {
  const rules = rulesOf(models)
    .map(({ rule }) => `  ${rule.id.padEnd(34)} ${rule.says}`)
    .join('\n')
  program
    .command('check')
    .summary('hold the log against every rule')
    .description(
      'Holds a log against every rule and reports what is broken: what, where, who, since when, with the events that prove it. Exits 1 when something is certainly broken.',
    )
    .argument('<LOG>', LOG)
    .option('--rule <R>', 'only this rule; can be given several times', (rule: string, all: readonly string[] | undefined) => [
      ...(all ?? []),
      rule,
    ])
    .option('--follow', 'tell of each violation as soon as it is in the log, until the recording has ended')
    .option('--strict', 'exit 1 for what is only possibly broken as well')
    .addHelpText(
      'after',
      `\nRules:\n${rules}\n${examples(
        ['devtrail check recordings/linux-6.1/fsdax-pinned-unbind', ''],
        ['devtrail check splice.log --rule memremap/referenced-at-removal', 'one rule'],
        ['devtrail check splice.log --strict --json', 'for a script'],
      )}`,
    )
    .action(
      run<Options>(async (session, given, options): Promise<ExitCode> => {
        mustBeRules(options.rule ?? [])
        if (options.follow === true) return followCheck(given, options, session)
        const log = await openLog(given, session)
        const survey = await surveyOf(log.history)
        noteGaps(log, survey, session)
        noteUnknown(log, session)
        const report = await check(log.history, options.rule ?? [])
        const { violations } = report
        const { names } = survey
        const certain = violations.filter((v) => v.certainty === 'certain').length
        const code = certain > 0 || (options.strict === true && violations.length > 0) ? exit.no : exit.fine
        session.answer(code)
        const { style, digits } = session
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            rules: report.rules,
            violations: violations.map((v) => violationJson(v, names, digits)),
          })
          return code
        }
        const events = await eventsAt(
          log.source,
          violations.flatMap((v) => [v.seq, ...v.evidence]),
        )
        const printing = { events, names, style, digits }
        for (const group of groupsOf(violations.filter((v) => !isEcho(v)))) await session.print(`${violationText(group, printing)}\n`)
        for (const group of groupsOf(violations.filter(isEcho))) await session.print(`${echoText(group, printing)}\n`)
        if (violations.length === 0 && !(await tellsOfDevices(log))) {
          await session.print(`${style.warn('nothing could be judged')}: the trace gave no event that a rule looks at\n`)
          return code
        }
        const broken = [
          certain > 0 ? style.bad(plural(certain, 'certain violation')) : '',
          violations.length > certain ? style.warn(plural(violations.length - certain, 'possible violation')) : '',
        ].filter((t) => t !== '')
        await session.print(
          `${broken.length === 0 ? style.good(isComplete(log, survey) === false ? 'nothing was found broken' : 'nothing is broken') : broken.join(', ')} ${style.dim(`(${plural(report.rules.length, 'rule')} checked)`)}\n`,
        )
        return code
      }),
    )
}
