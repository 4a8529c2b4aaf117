import { seconds, type AnyEvent } from '@devtrail/events'
import {
  FlipWatch,
  flips,
  parseExpression,
  PlainBlock,
  type Expression,
  type Flip,
  type Truth,
  type UnsureStretch,
} from '@devtrail/time-travel'
import { LiveSurvey } from '../logs/live-survey.ts'
import { openFollowed, openLog, type OpenLog } from '../logs/open.ts'
import { eventRow, surveyOf, type Names } from '@devtrail/survey'
import { columnsFor, eventColumns, eventLine, type EventColumns } from '../print/event.ts'
import { clip, padEnd } from '../print/text.ts'
import { examples, LOG, type Cli } from './command.ts'
import { UnknownStretches, type NotKnown } from './not-known.ts'
import { exit, type ExitCode } from '../session/failure.ts'
import { mustBeKnown } from '../named/known-device.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly when: string
  readonly device?: string
  readonly all?: boolean
  readonly follow?: boolean
}

/** Flips printed at once: their events are read together. */
const BATCH = 512

const truthText = (truth: Truth): string => (truth === null ? '?' : String(truth))

/** That it was never true, and whether that is known all along. */
function neverText(last: number, isUnordered: boolean, notKnown: NotKnown | null, { style }: Session): string {
  const order = isUnordered ? ' in the order of the log' : ''
  if (notKnown === null) return `${style.warn('never true')}${order} in ${last} events\n`
  const { first, events } = notKnown
  const when = events >= last ? 'all along' : `after ${events} of them, first after ${first === 0 ? 'the baseline' : `event ${first}`}`
  return `${style.warn('never known to be true')}${order} in ${last} events: it is not known ${when}\n`
}

interface Printing {
  readonly names: Names
  readonly session: Session
}

function flipJson({ seq, from, to, isSure }: Flip, event: AnyEvent | undefined, { names, session }: Printing): object {
  return {
    seq,
    entry: event?.entry ?? null,
    time: event === undefined ? null : seconds(event.time, session.digits),
    from,
    to,
    ...(isSure ? {} : { certain: false }),
    event: event === undefined ? null : eventRow(names, event, session.digits),
  }
}

function flipText({ from, to, isSure }: Flip, event: AnyEvent | undefined, columns: EventColumns, { names, session }: Printing): string {
  const { style, digits } = session
  const turn = padEnd(`${padEnd(truthText(from), 5)} → ${truthText(to)}${isSure ? '' : ' ~'}`, 13)
  const line = event === undefined ? `${'0'.padStart(columns.seq)}  the baseline` : eventLine(names, event, style, digits, columns)
  return `${to === true ? style.good(turn) : turn}  ${clip(line, style.cut - 15)}\n`
}

async function printAll(log: OpenLog, all: readonly Flip[], printing: Printing): Promise<void> {
  const { session } = printing
  const columns = eventColumns(await log.history.lastSeq(), (await log.history.clocks()).hosts)
  for (let i = 0; i < all.length; i += BATCH) {
    const batch = all.slice(i, i + BATCH)
    const events = await log.history.events(batch.map(({ seq }) => seq))
    for (const flip of batch) await session.print(flipText(flip, events.get(flip.seq), columns, printing))
  }
}

async function printFirst(flip: Flip, found: AnyEvent | undefined, { names, session }: Printing): Promise<void> {
  const { style, digits } = session
  if (flip.seq === 0) return session.print(`${style.good('true')} from the start: the baseline says so\n`)
  const event = found!
  const perhaps = flip.isSure ? '' : style.warn(' (perhaps)')
  const before = flip.from === null ? 'it was not known before' : 'it was false before'
  const at = style.when(seconds(event.time, digits))
  await session.print(
    `${style.good('true')}${perhaps} after event ${event.seq}${event.entry === null ? '' : ` (entry ${event.entry})`} at ${at}; ${before}\n`,
  )
  await session.print(`  ${clip(eventLine(names, event, style, digits, columnsFor([event], names)), style.cut - 2)}\n`)
}

async function printJson(
  log: OpenLog,
  all: readonly Flip[],
  { unsure, notKnown }: { readonly unsure: UnsureStretch | null; readonly notKnown: NotKnown | null },
  options: Options,
  printing: Printing,
): Promise<void> {
  const { session } = printing
  const isAll = options.all === true
  const rows: object[] = []
  for (let i = 0; i < all.length; i += BATCH) {
    const batch = all.slice(i, i + BATCH)
    const events = await log.history.events(batch.map(({ seq }) => seq))
    rows.push(...batch.map((flip) => flipJson(flip, events.get(flip.seq), printing)))
  }
  await session.printJson({
    schemaVersion: 1,
    when: options.when,
    ...(isAll ? { flips: rows } : { first: rows[0] ?? null }),
    ...(unsure === null ? {} : { unsure }),
    ...(notKnown === null ? {} : { notKnown }),
  })
}

/** Tells each flip as soon as it is in the log, with what is known by then; without `--all` the first to true, and no more. */
async function followFlips(given: string, expression: Expression, options: Options, session: Session): Promise<ExitCode> {
  const { device = null, all: isAll = false } = options
  const log = await openFollowed(given, session, 'devtrail bisect live.log --follow')
  const live = await LiveSurvey.of(log)
  const watch = new FlipWatch(expression, live.machine, device)
  const columns = eventColumns(log.reader.lastSeq)
  let isEver = false
  let last = 0
  const unknown = new UnknownStretches()
  const tell = async (flip: Flip, event: AnyEvent | undefined): Promise<void> => {
    const printing = { names: live.names, session }
    isEver ||= flip.to === true
    session.answer(isEver ? exit.fine : exit.no)
    if (session.json) await session.print(`${JSON.stringify(flipJson(flip, event, printing))}\n`)
    else if (isAll) await session.print(flipText(flip, event, columns, printing))
    else await printFirst(flip, event, printing)
  }
  for await (const batch of log.reader.followBatches()) {
    const block = new PlainBlock(batch)
    for (const [place, event] of batch.entries()) {
      live.see(event)
      last = event.seq
      for (const turn of watch.at(block, place)) {
        unknown.see(turn)
        if (!isAll && turn.to !== true) continue
        // How the clocks of several hosts stand to each other is known of a whole log only.
        const flip = { ...turn, isSure: live.machine.hosts().length < 2 }
        await tell(flip, flip.seq === 0 ? undefined : event)
        if (!isAll) return exit.fine
      }
    }
    await session.flush()
    if (batch.at(-1)?.type === 'log/ended') break
  }
  if (!isEver) watch.mustHaveFound()
  if (!isEver && !session.json)
    await session.print(neverText(last, live.machine.hosts().length > 1, unknown.upTo(last, log.source.start?.seq ?? 0), session))
  return isEver ? exit.fine : exit.no
}

export function bisectCommand({ program, run }: Cli): void {
  program
    .command('bisect')
    .summary('the first event after which an expression is true')
    .description(
      'Finds the first event after which an expression about the state is true; with --all every event after which it is otherwise than before. Looks at every event, so nothing that comes and goes is missed. Exits 1 when it is never true.',
    )
    .argument('<LOG>', LOG)
    .requiredOption('--when <EXPR>', 'such as device("pfn0.0").pagemaps[0x100000000].ref.dying')
    .option('--device <D>', 'what bare names in the expression are fields of')
    .option('--all', 'every flip, also to false and to not known (?)')
    .option('--follow', 'go on with what is added to the log, until the recording has ended; tells each flip as soon as it is written')
    .addHelpText(
      'after',
      examples(
        [`devtrail bisect recordings/linux-6.1/fsdax-pinned-unbind --device pfn0.0 --when 'disk.state == "removed"'`, ''],
        [`devtrail bisect splice.log --device pmem0 --when 'count(pagemaps[0x100000000].pageRefs) > 8' --all`, ''],
        [`devtrail bisect live.log --device pfn0.0 --when 'driver.state == "unbinding"' --follow`, 'waits for it'],
      ),
    )
    .action(
      run<Options>(async (session, given, options): Promise<ExitCode> => {
        const expression = parseExpression(options.when)
        if (options.follow === true) return followFlips(given, expression, options, session)
        const log = await openLog(given, session)
        const survey = await surveyOf(log.history)
        await mustBeKnown(expression, options.device, log, survey, session)
        const isAll = options.all === true
        const all: Flip[] = []
        const unknown = new UnknownStretches()
        const unsure = await flips(
          log.history,
          expression,
          (flip) => {
            unknown.see(flip)
            if (isAll || flip.to === true) all.push(flip)
            return !isAll && flip.to === true
          },
          { device: options.device ?? null, onProgress: (n) => session.progress(n, 'events') },
        )
        session.clearProgress()
        const printing = { names: survey.names, session }
        const isEver = all.some(({ to }) => to === true)
        session.answer(isEver ? exit.fine : exit.no)
        const last = await log.history.lastSeq()
        const notKnown = isEver ? null : unknown.upTo(last, log.source.start?.seq ?? 0)
        if (session.json) await printJson(log, all, { unsure, notKnown }, options, printing)
        else if (isAll) await printAll(log, all, printing)
        else if (isEver) await printFirst(all[0]!, (await log.history.events([all[0]!.seq])).get(all[0]!.seq), printing)
        if (!isEver && !session.json) await session.print(neverText(last, unsure !== null, notKnown, session))
        if (unsure !== null)
          session.note(
            `clocks do not tell the order of what different hosts do from event ${unsure.first} to ${unsure.last}: in between it may have been otherwise (~)`,
          )
        return isEver ? exit.fine : exit.no
      }),
    )
}
