import { momentToJson } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { eventsAt, isOwnerless, refsOf, refToJson, surveyOf } from '@devtrail/survey'
import type { Printing } from '../print/device.ts'
import { refsText, seqsOf } from '../print/refs.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'
import { chooseDevices, positionOf } from '../named/positions.ts'

interface Options {
  readonly at?: string
  readonly device?: string
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
        const { names } = await surveyOf(log.history)
        const { at, machine } = await log.history.at(position)
        const keyOf = (d: { id: number }): string => names.device(d.id)
        const only =
          options.device === undefined
            ? null
            : new Set(chooseDevices(options.device, machine.devices(), (id) => machine.aliases(id), keyOf, session).map((d) => d.id))
        const refs = refsOf(machine, only)
        const ownerless = only === null ? 0 : refsOf(machine, null).filter(isOwnerless).length
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            at: momentToJson(at, session.digits),
            refs: refs.map((r) => refToJson(r, (id) => names.device(id))),
            ...(ownerless === 0 ? {} : { ownerless }),
          })
          return exit.fine
        }
        const { style, digits } = session
        const printing: Printing = { style, digits, eventsAt: await eventsAt(log.source, seqsOf(refs)) }
        await session.print(refsText(refs, ownerless, at, names, printing))
        return exit.fine
      }),
    )
}
