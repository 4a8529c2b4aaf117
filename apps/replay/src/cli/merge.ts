import { Facts } from '@devtrail/events'
import { Names, vocabulary } from '@devtrail/survey'
import { openLog, type OpenLog } from '../logs/open.ts'
import { mergeTo } from '../merge/merge-logs.ts'
import { driftOf, givenOffsets, hostNames, marks, pairFinder } from '../merge/options.ts'
import { mergedJson, mergedText } from '../print/merged.ts'
import { examples, type Cli } from './command.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly output: string
  readonly name?: readonly string[]
  readonly offset?: readonly string[]
  readonly pair?: readonly string[]
  readonly reference?: string
  readonly drift: string
}

/** Hosts merged at once at most: each log is open meanwhile. */
export const HOSTS_AT_ONCE = 1000

const several = (text: string, all: readonly string[] | undefined): readonly string[] => [...(all ?? []), text]

/** A pair is looked for before devices of several logs have names in common. */
const NO_NAMES = new Names(new Facts(vocabulary), new Map(), new Map(), new Map())

async function merge(session: Session, logs: readonly string[], options: Options): Promise<ExitCode> {
  if (options.output === '-' || options.output === '')
    throw new Failure(exit.usage, `a log is a folder, so it cannot be written to "${options.output}"; name a folder with -o`)
  if (logs.length < 2) throw new Failure(exit.usage, 'name the logs of two hosts or more')
  if (logs.length > HOSTS_AT_ONCE) throw new Failure(exit.usage, `${logs.length} hosts are too many at once: at most ${HOSTS_AT_ONCE}`)
  const repeated = logs.find((log, i) => logs.indexOf(log) < i)
  if (repeated !== undefined) throw new Failure(exit.usage, `${repeated} is given twice`)
  const names = hostNames(logs, options.name ?? [])
  const reference = options.reference === undefined ? 0 : names.indexOf(options.reference)
  if (reference < 0) throw new Failure(exit.usage, `--reference ${options.reference}: there is no such host (hosts: ${names.join(', ')})`)
  const given = givenOffsets(options.offset ?? [], names)
  if (given.get(names[reference]!)!.has(0))
    throw new Failure(exit.usage, `--offset ${names[reference]}: its clock is the time line; name another with --reference`)
  const drift = driftOf(options.drift)
  const finders = [marks, ...(options.pair ?? []).map((text, n) => pairFinder(text, n, NO_NAMES))]
  const opened: OpenLog[] = []
  for (const log of logs) opened.push(await openLog(log, session))
  for (const { given: log, reader } of opened) {
    if (reader.gone.events > 0)
      throw new Failure(exit.damaged, `${log} has no beginning (its first ${reader.gone.seq} events are gone): it cannot be merged`)
  }
  const hosts = names.map((name, i) => ({ name, log: opened[i]! }))
  const report = await mergeTo(options.output, { hosts, reference, drift, given, finders }, session)
  if (session.json) await session.printJson(mergedJson(options.output, report))
  else await session.print(mergedText(options.output, report, session.style))
  return exit.fine
}

export function mergeCommand({ program, runSeveral }: Cli): void {
  program
    .command('merge')
    .summary("several hosts' logs on one time line")
    .description(
      `Writes a log that holds those of several hosts: every other command answers about it as about one host's, with HOST: before the names of devices. Nothing of one host is ever taken for another's. The first host's clock is the time line. The others' are put on it by paired events: marks around messages between the machines ("sync ID out" before one is sent, "sync ID in" after it came), or those that --pair names; and by what --offset says.

The order within a host is kept. Where clocks do not tell the order of events of different hosts, they are marked with ~.`,
    )
    .argument('<LOG...>', 'logs or recordings, one of each host; a host is called as its log, unless --name says otherwise')
    .requiredOption('-o, --output <LOG>', 'folder of the log to be written')
    .option('--name <LOG=HOST>', "a host's name; can be given several times", several)
    .option(
      '--offset <HOST=SPAN>',
      "what is added to a host's clock, and how far off that may be: +1.25s±2ms, or unknown; HOST#2 after its first reboot",
      several,
    )
    .option(
      '--pair <EXPR|FIELD±SPAN>',
      'events with the same FIELD on several hosts, of which EXPR is true, happened within SPAN of each other',
      several,
    )
    .option('--reference <HOST>', 'the host whose clock is the time line; the first when left out')
    .option('--drift <PPM>', 'how far clocks part at most, in millionths', '100ppm')
    .addHelpText(
      'after',
      examples(
        ['devtrail merge web.log db.log -o both.log', 'clocks by marks in both traces'],
        ['devtrail merge web.log db.log -o both.log --offset db=+1.25s±2ms', 'by hand'],
        [`devtrail merge a b -o ab.log --pair 'type == "kernel/marked" | text ± 5ms'`, 'by marks with the same text'],
        ['devtrail state both.log --device db:pmem0 --at 9.3s', 'then: as ever'],
      ),
    )
    .action(runSeveral<Options>(merge))
}
