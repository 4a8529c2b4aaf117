import type { DeviceInfo } from '@devtrail/events'
import { LogBlocks, parseExpression, type Moment, type Position } from '@devtrail/time-travel'
import { InvalidArgumentError } from 'commander'
import { eventFilter, eventRow, surveyOf, vocabulary, type Survey } from '@devtrail/survey'
import { openLog, type OpenLog } from '../logs/open.ts'
import { eventColumns, eventLine } from '../print/event.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import { followEvents } from './follow-events.ts'
import { chooseDevicesEver, positionOf, startsAt } from '../named/positions.ts'
import type { Session } from '../session/session.ts'
import { didYouMean } from '../session/suggest.ts'

interface Options {
  readonly device?: string
  readonly type?: string
  readonly from?: string
  readonly to?: string
  readonly where?: string
  readonly follow?: boolean
  readonly limit?: number
}

function limitOf(text: string): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n)) throw new InvalidArgumentError('It should be a whole number.')
  return n
}

/** @throws Failure when no event type starts like that. */
function typeFilter(prefix: string | undefined): (type: string) => boolean {
  if (prefix === undefined) return () => true
  const types = vocabulary.types()
  if (!types.some((t) => t.startsWith(prefix))) {
    const prefixes = vocabulary.catalogues.map((c) => c.prefix)
    const several = /[,|]/.test(prefix) ? `; for several: --where 'type == "${types[0]}" || type == "${types[1]}"'` : ''
    throw new Failure(
      exit.usage,
      `there is no event type "${prefix}"${didYouMean(prefix, [...prefixes, ...types])} (types begin with ${prefixes.join(', ')})${several}`,
    )
  }
  return (type) => type.startsWith(prefix)
}

async function deviceFilter(
  wanted: string | undefined,
  log: OpenLog,
  survey: Survey,
  session: Session,
): Promise<(device: number | null) => boolean> {
  if (wanted === undefined) return () => true
  const chosen: readonly DeviceInfo[] = await chooseDevicesEver(wanted, log, survey, session)
  const ids = new Set(chosen.map((d) => d.id))
  return (device) => device !== null && ids.has(device)
}

/** The number that events before a position certainly have less of. */
const begins = (given: string | undefined, from: Position): number => (given === undefined ? 1 : from.kind === 'seq' ? from.seq : 0)

/** Whether one position is certainly behind another: positions of one kind by what they say, others by the events they mean. */
function isBehind([from, begin]: readonly [Position, Moment], [to, last]: readonly [Position, Moment]): boolean {
  if (from.kind === 'time' && to.kind === 'time') return from.ns > to.ns
  if (from.kind === 'entry' && to.kind === 'entry' && begin.host === last.host) return from.entry > to.entry
  return begin.seq > last.seq
}

export function eventsCommand({ program, run }: Cli): void {
  program
    .command('events')
    .summary('the events, filtered')
    .description(
      'Prints the events of a log: number, time, device, task, what happened, and (←) the events that led to it. With --json one object a line.',
    )
    .argument('<LOG>', LOG)
    .option('--device <D>', 'only of this device, by any name it is known by')
    .option('--type <T>', 'only types that begin like this: memremap, memremap/grabbed')
    .option('--from <P>', `from this position on, itself included; 0 or start adds the baseline. ${AT}`)
    .option('--to <P>', 'up to this position, itself included')
    .option('--where <EXPR>', 'only those of which this is true: type, pid, comm, cpu, time, device, cause[N], or a field of the event')
    .option('--follow', 'go on with what is added to the log, until the recording has ended')
    .option('--limit <N>', 'at most so many', limitOf)
    .addHelpText(
      'after',
      examples(
        ['devtrail events recordings/linux-6.1/fsdax-pinned-unbind --type memremap', ''],
        ['devtrail events splice.log --device pmem0 --from 9.3s --to 9.6s', "a disk's unbind"],
        [`devtrail events splice.log --where 'pfn == 0x109300 && comm == "pin"'`, 'what one task did to one page'],
        ['devtrail events splice.log --json | jq -r \'select(.actor.comm == "pin") | .type\'', 'what one task did'],
      ),
    )
    .action(
      run<Options>(async (session, given, options): Promise<ExitCode> => {
        const typed = typeFilter(options.type)
        const where = options.where === undefined ? null : parseExpression(options.where)
        if (options.follow === true) {
          if (options.from !== undefined || options.to !== undefined)
            throw new Failure(exit.usage, '--follow goes on to the end: --from and --to do not go with it')
          return followEvents(given, { device: options.device, types: typed, where, limit: options.limit ?? Infinity }, session)
        }
        const [from, to] = [positionOf(options.from), positionOf(options.to)]
        const log = await openLog(given, session)
        const begin = await log.history.find(options.from === undefined ? { kind: 'start' } : from)
        const last = await log.history.find(to)
        if (isBehind([from, begin], [to, last]))
          throw new Failure(exit.usage, `--from ${options.from} lies behind --to ${options.to ?? 'end'}: there is nothing between them`)
        const first = options.from === undefined ? () => true : startsAt(from, begin)
        const survey = await surveyOf(log.history)
        const { names } = survey
        const clocks = await log.history.clocks()
        let unordered = 0
        const about = await deviceFilter(options.device, log, survey, session)
        const filter = where === null ? null : eventFilter(where, () => names)
        const { style, digits } = session
        const columns = eventColumns(survey.last?.seq ?? 0, clocks.hosts)
        let left = options.limit ?? Infinity
        let begun = false
        const mayFit = (type: string): boolean => typed(type) && (filter === null || filter.mayFit(type))
        const types = vocabulary.types().filter(mayFit)
        // Where a position begins is told by the events on the way, whatever their types.
        const range = { from: begins(options.from, from), to: last.seq, ...(options.from === undefined ? { types } : {}) }
        for await (const block of new LogBlocks(log.source).blocks(range)) {
          const wanted = block.types.map(({ name }) => mayFit(name))
          const isFound = filter?.within(block)
          for (let place = 0; place < block.count && left > 0; place++) {
            if (block.seq(place) > last.seq) break
            begun = begun || first(block.view(place))
            if (!begun || !wanted[block.type[place]!]!) continue
            if (block.seq(place) === 0 && options.from === undefined) continue
            if (isFound?.(place) === false || !about(names.of(block.view(place)))) continue
            left--
            const whole = block.event(place)
            if (whole.unordered) unordered++
            await session.print(
              session.json
                ? `${JSON.stringify(eventRow(names, whole, digits, clocks))}\n`
                : `${eventLine(names, whole, style, digits, columns)}\n`,
            )
          }
          if (left <= 0) break
        }
        if (unordered > 0 && !session.json)
          session.note('~: clocks do not tell whether it happened before events of other hosts that stand before it')
        return exit.fine
      }),
    )
}
