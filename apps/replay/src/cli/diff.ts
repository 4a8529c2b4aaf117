import { momentToJson, type Machine } from '@devtrail/time-travel'
import type { DeviceInfo } from '@devtrail/events'
import { compare, EVENTS_LOOKED_THROUGH, surveyOf } from '@devtrail/survey'
import { nameOf, openLog } from '../logs/open.ts'
import { changesText } from '../print/change.ts'
import { momentText } from '../print/moment.ts'
import { valueJson } from '../print/value.ts'
import type { Command } from 'commander'
import { AT, examples, LOG, type Cli, type Work } from './command.ts'
import { diffOfLogs } from './diff-logs.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import { chooseDevices, positionOf } from '../named/positions.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly from?: string
  readonly with?: string
  readonly to?: string
  readonly device?: string
}

/** The devices that are compared: one that is asked for, or all but bookkeeping ones, and the machine as a whole (null). */
function compared(
  wanted: string | undefined,
  machines: readonly Machine[],
  keyOf: (d: DeviceInfo) => string,
  session: Session,
): (number | null)[] {
  if (wanted === undefined) {
    const ids = machines.flatMap((m) => m.devices().flatMap((d) => (d.bookkeeping ? [] : d.id)))
    return [...new Set(ids).values(), null]
  }
  // Of the later moment, where it is there; else of the earlier.
  const errors: unknown[] = []
  const found = machines.toReversed().flatMap((m) => {
    try {
      return chooseDevices(wanted, m.devices(), (id) => m.aliases(id), keyOf, session).map((d) => d.id)
    } catch (error) {
      errors.push(error)
      return []
    }
  })
  if (found.length === 0) throw errors[0]
  return [...new Set(found)]
}

/** Compares two moments, or hands over where it is two logs. */
const moments: Work<Options> = async (session, given, options): Promise<ExitCode> => {
  if (options.with !== undefined) return diffOfLogs(session, given, { ...options, with: options.with })
  if (options.from === undefined) throw new Failure(exit.usage, 'name one moment with --from, or another log with --with')
  const [from, to] = [positionOf(options.from), positionOf(options.to)]
  const log = await openLog(given, session)
  const { names } = await surveyOf(log.history)
  const [a, b] = [await log.history.at(from), await log.history.at(to)]
  const ids = compared(options.device, [a.machine, b.machine], (d) => names.device(d.id), session)
  const { changes, seqs } = await compare(log.history, a, b, ids)
  const code = changes.length === 0 ? exit.fine : exit.no
  session.answer(code)
  const { style, digits } = session
  const keyOf = (device: number | null): string | null => (device === null ? null : names.device(device))
  const unknown = changes.length - seqs.size
  if (unknown > 0)
    session.note(`the events behind ${unknown} changes are further back than ${EVENTS_LOOKED_THROUGH} events; devtrail blame finds them`)
  if (session.json) {
    await session.printJson({
      schemaVersion: 1,
      from: momentToJson(a.at, digits),
      to: momentToJson(b.at, digits),
      changes: changes.map((change) => ({
        device: keyOf(change.device),
        path: change.path,
        from: valueJson(change.from),
        to: valueJson(change.to),
        seq: seqs.get(change) ?? null,
        ...(change.perhaps === undefined ? {} : { perhaps: change.perhaps }),
      })),
    })
    return code
  }
  await session.print(style.dim(`${nameOf(log)}, ${momentText(a.at, digits)} → ${momentText(b.at, digits)}\n`))
  await session.print(changesText(changes, seqs, keyOf, style))
  if (changes.length === 0) await session.print(`${style.good('nothing is different')}\n`)
  return code
}

export function diffCommand({ program, run }: Cli): void {
  program
    .command('diff')
    .summary('what is different of two moments and the events behind it, or of two logs')
    .description(
      `Compares the state at two positions value by value: what it was, what it is, and the event that changed it last. "?" is not known, "none" is certainly not there, "perhaps" is of what may be there. Exits 1 when anything is different.

With --with it compares two whole logs, a recording with its twin or a fork with its past: the events of each device are laid beside one another, by type, page and range, and in logs that were made in one way by what led to them. Names stand for devices, addresses for pagemaps; pointers, pids and times are each log's own. What only one of two events tells is no difference, nor are types of events that one log has none of; those are counted.`,
    )
    .argument('<LOG>', LOG)
    .allowExcessArguments()
    .option('--from <P>', `one moment. ${AT}`)
    .option('--to <P>', 'the other; the end when left out')
    .option('--with <OTHER>', 'another log, compared with the whole of this one')
    .option('--device <D>', 'only of this device, by any name it is known by')
    .addHelpText(
      'after',
      examples(
        ['devtrail diff recordings/linux-6.1/fsdax-splice --from 431 --to 440', ''],
        ['devtrail diff splice.log --from 9.3s --to 9.5s --device pmem0 --json', 'for a script'],
        ['devtrail diff crash.log --with fixed.log', 'a fork and its past'],
      ),
    )
    .action((given: string, options: Options, command: Command) => {
      const [one, other] = command.args
      if (other !== undefined)
        throw new Failure(exit.usage, `diff compares two moments of one log; of two logs: devtrail diff ${one} --with ${other}`)
      return run(moments)(given, options, command)
    })
}
