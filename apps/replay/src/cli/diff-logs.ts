import { censusOf, diffLogs, eventRow, eventsAt, statesBeside, surveyOf } from '@devtrail/survey'
import { namesApart } from '../logs/names-apart.ts'
import { nameOf, openLog, type OpenLog } from '../logs/open.ts'
import { logDiffText } from '../print/log-diff.ts'
import { valueJson } from '../print/value.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly with: string
  readonly from?: string
  readonly to?: string
  readonly device?: string
}

const kindOf = (log: OpenLog): unknown => log.reader.meta.source['kind']

/** Compares two whole logs. */
export async function diffOfLogs(session: Session, given: string, options: Options): Promise<ExitCode> {
  if (options.from !== undefined || options.to !== undefined || options.device !== undefined)
    throw new Failure(exit.usage, '--with compares two whole logs: leave --from, --to and --device out')
  const [here, there] = [await openLog(given, session), await openLog(options.with, session)]
  const [mine, others] = [await surveyOf(here.history), await surveyOf(there.history)]
  const sides = [
    { source: here.source, names: mine.names, types: (await censusOf(here.source)).types },
    { source: there.source, names: others.names, types: (await censusOf(there.source)).types },
  ] as const
  const diff = await diffLogs(...sides, kindOf(here) === kindOf(there))
  const [a, b] = [await here.history.at({ kind: 'end' }), await there.history.at({ kind: 'end' })]
  const changes = statesBeside({ machine: a.machine, names: mine.names }, { machine: b.machine, names: others.names })
  const keys = ({ devices, names }: typeof mine): Set<string> =>
    new Set(devices.flatMap((d) => (d.bookkeeping ? [] : [names.device(d.id)])))
  const [keysHere, keysThere] = [keys(mine), keys(others)]
  const devices = {
    onlyHere: [...keysHere].filter((key) => !keysThere.has(key)),
    onlyThere: [...keysThere].filter((key) => !keysHere.has(key)),
  }
  const isSame = diff.first === null && diff.notCompared.length === 0 && changes.length === 0
  session.answer(isSame ? exit.fine : exit.no)
  const { digits, style } = session
  const called = namesApart([nameOf(here), nameOf(there)], [here.given, there.given])
  if (session.json) {
    const onlyHere = await eventsAt(here.source, diff.onlyHere)
    const onlyThere = await eventsAt(there.source, diff.onlyThere)
    await session.printJson({
      schemaVersion: 1,
      log: called[0],
      with: called[1],
      changes: changes.map(({ key, change: { path, from, to } }) => ({
        device: key,
        path,
        from: valueJson(from),
        to: valueJson(to),
        seq: null,
      })),
      devices,
      events: {
        same: diff.same,
        first: diff.first,
        changed: diff.changed.map((pair) => ({
          seq: pair.here.seq,
          otherSeq: pair.there.seq,
          fields: pair.fields,
          from: eventRow(mine.names, pair.here, digits),
          to: eventRow(others.names, pair.there, digits),
        })),
        onlyHere: diff.onlyHere.map((seq) => eventRow(mine.names, onlyHere.get(seq)!, digits)),
        onlyThere: diff.onlyThere.map((seq) => eventRow(others.names, onlyThere.get(seq)!, digits)),
        typesOnlyHere: Object.fromEntries(diff.typesOnlyHere),
        typesOnlyThere: Object.fromEntries(diff.typesOnlyThere),
        notCompared: diff.notCompared,
      },
    })
    return isSame ? exit.fine : exit.no
  }
  const text = await logDiffText({ diff, changes, devices, sides, names: called, style, digits })
  await session.print(text)
  return isSame ? exit.fine : exit.no
}
