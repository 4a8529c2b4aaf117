import type { LogMeta } from '@devtrail/event-log'
import { seconds } from '@devtrail/events'
import { nameOf, openLog } from '../logs/open.ts'
import { censusOf, number, surveyOf } from '@devtrail/survey'
import { madeText } from '../print/simulated.ts'
import { hostsJson, hostsText } from '../print/hosts.ts'
import { summaryText } from '../print/summary.ts'
import { facts, table } from '../print/table.ts'
import { examples, LOG, type Cli } from './command.ts'
import { isAddress } from '../fleet/address.ts'
import { exit } from '../session/failure.ts'
import { isComplete, noteCut } from './notes.ts'

/** That a log tells of no real machine, and how it was made. */
function simulated({ kind, scenario, rules, seed, fork }: LogMeta['source']): [string, string][] {
  if (kind !== 'simulated' || typeof scenario !== 'string' || typeof rules !== 'string') return []
  const made = madeText(scenario, rules, typeof seed === 'number' ? seed : null)
  return [['simulated', fork === undefined ? made : `${made}, then a fork of it`]]
}

export function infoCommand({ program, run }: Cli): void {
  program
    .command('info')
    .summary('what a log is, where from, how complete')
    .description('Says what a log is, where it comes from, how complete it is, and what kinds of events it holds.')
    .argument('<LOG>', LOG)
    .addHelpText(
      'after',
      examples(
        ['devtrail info recordings/linux-6.1/fsdax-pinned-unbind', ''],
        ['devtrail info splice.log --json | jq .types', 'events by type'],
      ),
    )
    .action(
      run(async (session, given) => {
        const log = await openLog(given, session)
        // The copy in the cache is nobody's concern.
        const where = isAddress(given) ? log.given : log.folder
        const survey = await surveyOf(log.history)
        const { last, devices } = survey
        const { events, types, first } = await censusOf(log.source)
        const complete = isComplete(log, survey)
        noteCut(survey, session)
        const clocks = await log.history.clocks()
        const { style, digits } = session
        const summary = log.imported?.summary ?? null
        const byType = [...types].toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b))
        const moment = (e: typeof first): object | null => e && { seq: e.seq, entry: e.entry, time: seconds(e.time, digits) }
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            name: nameOf(log),
            log: where,
            source: log.reader.meta.source,
            kernel: summary?.kernel ?? null,
            clock: summary?.clock ?? null,
            entries: summary?.entries ?? null,
            events,
            lost: summary?.lost ?? null,
            complete,
            unparsed: summary?.unparsed ?? null,
            unknown: summary?.unknown ?? [],
            withoutEffect: summary?.withoutEffect ?? {},
            notes: [...log.reader.meta.notes, ...(summary?.notes ?? [])],
            first: moment(first),
            last: moment(last),
            devices: devices.filter((d) => !d.bookkeeping).length,
            ...(clocks.hosts.length === 0 ? {} : { hosts: hostsJson(clocks, digits) }),
            types: Object.fromEntries(byType),
          })
          return exit.fine
        }
        const span =
          first === null || last === null
            ? '?'
            : `${seconds(first.time, digits)} to ${seconds(last.time, digits)}, ${seconds(last.time - first.time, digits)} s`
        const more = [
          ['time', span],
          ['devices', String(devices.filter((d) => !d.bookkeeping).length)],
          ['log', where],
        ] as const
        await session.print(
          log.imported === null
            ? facts(
                [
                  ...simulated(log.reader.meta.source),
                  ['log', where],
                  ['events', `${number(events)}${complete === false ? style.warn(', incomplete') : ''}`],
                  ['time', span],
                ],
                style.dim,
              )
            : summaryText(style, { ...log.imported, summary: { ...log.imported.summary, events, complete: complete === true } }, more),
        )
        if (clocks.hosts.length > 0) await session.print(`\n${hostsText(clocks, style)}`)
        await session.print(
          `\n${style.dim('events by type, those of the baseline included')}\n${table(
            [{ title: '', align: 'right' }, { title: '' }],
            byType.map(([t, n]) => [number(n), t]),
          )}`,
        )
        return exit.fine
      }),
    )
}
