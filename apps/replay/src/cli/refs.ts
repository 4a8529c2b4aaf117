import { momentToJson } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { refsOf, refToJson, type Ref } from '../logs/ref-list.ts'
import { eventsAt, surveyOf, type Names } from '../logs/survey.ts'
import { pageRefText, type Printing } from '../print/device.ts'
import { momentText } from '../print/moment.ts'
import { count } from '../print/units.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit } from './failure.ts'
import { chooseDevices, positionOf } from './positions.ts'

interface Options {
  readonly at?: string
  readonly device?: string
}

function line(ref: Ref, names: Names, p: Printing): string {
  const { style } = p
  const device = style.name(ref.device === null ? '?' : names.device(ref.device))
  if (ref.of === 'queue')
    return `queue    ${device}  ${ref.queue.ref.mode ?? 'mode ?'}, count ${count(ref.queue.ref.count)} ${style.dim(ref.queue.id)}`
  const { pagemap } = ref
  const where = pagemap.ranges?.[0]?.start ?? pagemap.id ?? '?'
  if (ref.of === 'pagemap')
    return `pagemap  ${device}  ${where} ${pagemap.state ?? 'state ?'}, ${pagemap.ref.mode ?? 'mode ?'}, count ${count(pagemap.ref.count)}`
  const gone = pagemap.state === 'removed' ? style.bad(' of memory that is gone') : ''
  return `page     ${device}  ${ref.certain ? '' : style.warn('? perhaps ')}${pageRefText(p, ref.ref)}${gone}`
}

export function refsCommand({ program, run }: Cli): void {
  program
    .command('refs')
    .summary('who took which references that are still out')
    .description(
      'Lists the references that are still out at a position: on pages (who took them, since which event), on pagemaps and on request queues, as far as the recording shows them.',
    )
    .argument('<LOG>', LOG)
    .option('--device <D>', 'only of this device, by any name it is known by')
    .option('--at <P>', AT)
    .addHelpText(
      'after',
      examples(
        ['devtrail refs recordings/linux-6.1/fsdax-pinned-unbind', 'what nobody gave back'],
        ['devtrail refs splice.log --device pmem0 --at 8.4s', ''],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const position = positionOf(options.at)
        const log = await openLog(given, session)
        const { names } = await surveyOf(log.source)
        const { at, machine } = await log.history.at(position)
        const keyOf = (d: { id: number }): string => names.device(d.id)
        const only =
          options.device === undefined
            ? null
            : new Set(chooseDevices(options.device, machine.devices(), (id) => machine.aliases(id), keyOf, session).map((d) => d.id))
        const refs = refsOf(machine, only)
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            at: momentToJson(at, session.digits),
            refs: refs.map((r) => refToJson(r, r.device === null ? null : names.device(r.device))),
          })
          return exit.fine
        }
        const { style, digits } = session
        const seqs = refs.flatMap((r) => (r.of === 'page' && r.ref.since !== null ? [r.ref.since.first] : []))
        const printing: Printing = { style, digits, eventsAt: await eventsAt(log.source, seqs) }
        await session.print(style.dim(`references still out ${momentText(at, digits)}\n`))
        for (const ref of refs) await session.print(`${line(ref, names, printing)}\n`)
        if (refs.length === 0) await session.print(`${style.good('none is known of')}\n`)
        return exit.fine
      }),
    )
}
