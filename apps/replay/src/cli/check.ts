import { seconds, type Violation } from '@devtrail/events'
import { check, NoSuchRuleError, rulesOf } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { isComplete, noteGaps, noteUnknown } from './notes.ts'
import { eventsAt, surveyOf, type Names, type Survey } from '../logs/survey.ts'
import { models } from '../models.ts'
import { echoText, isEcho, violationText } from '../print/violation.ts'
import { plural } from '../print/units.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit } from './failure.ts'
import { didYouMean } from './suggest.ts'

interface Options {
  readonly rule?: readonly string[]
  readonly strict?: boolean
}

const toJson = (v: Violation, names: Names, digits: 6 | 9): object => ({
  rule: v.rule,
  certainty: v.certainty,
  seq: v.seq,
  time: seconds(v.time, digits),
  device: v.device === null ? null : names.device(v.device),
  summary: v.summary,
  evidence: v.evidence,
  data: v.data,
})

/** Catalogues that tell of the log and of what was written into it, not of devices and their memory. */
const TALK: ReadonlySet<string> = new Set(['log', 'kernel'])

/** Whether an entry of the recording gave an event that a model follows. */
const tellsOfDevices = (survey: Survey): boolean => [...survey.fromEntries].some((type) => !TALK.has(type.slice(0, type.indexOf('/'))))

/** @throws NoSuchRuleError before anything is read. */
function mustBeRules(wanted: readonly string[]): void {
  const ids = rulesOf(models).map(({ rule }) => rule.id)
  for (const id of wanted) {
    if (!ids.includes(id)) throw new NoSuchRuleError(`there is no rule "${id}"${didYouMean(id, ids)} (there are ${ids.join(', ')})`)
  }
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
      run<Options>(async (session, given, options) => {
        mustBeRules(options.rule ?? [])
        const log = await openLog(given, session)
        const survey = await surveyOf(log.source)
        noteGaps(log, survey, session)
        noteUnknown(log, session)
        const report = await check(log.history, options.rule ?? [])
        const { violations } = report
        const { names } = survey
        const certain = violations.filter((v) => v.certainty === 'certain').length
        const code = certain > 0 || (options.strict === true && violations.length > 0) ? exit.no : exit.fine
        const { style, digits } = session
        if (session.json) {
          await session.printJson({ schemaVersion: 1, rules: report.rules, violations: violations.map((v) => toJson(v, names, digits)) })
          return code
        }
        const events = await eventsAt(
          log.source,
          violations.flatMap((v) => [v.seq, ...v.evidence]),
        )
        const printing = { events, names, style, digits }
        for (const v of violations.filter((w) => !isEcho(w))) await session.print(`${violationText(v, printing)}\n`)
        for (const v of violations.filter(isEcho)) await session.print(`${echoText(v, printing)}\n`)
        if (violations.length === 0 && !tellsOfDevices(survey)) {
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
