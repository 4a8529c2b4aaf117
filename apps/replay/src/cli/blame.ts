import {
  blame,
  ExpressionError,
  listsOf,
  momentToJson,
  NOTHING,
  parsePath,
  valueAt,
  type Found,
  type NoSuchField,
} from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { eventRow, models, surveyOf } from '@devtrail/survey'
import { blamedThrough, blameText } from '../print/blame.ts'
import { valueJson } from '../print/value.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'
import { chooseDevice, positionOf } from '../named/positions.ts'
import { mustBePart } from '../named/paths.ts'
import { didYouMean } from '../session/suggest.ts'

interface Options {
  readonly at?: string
  readonly device?: string
  readonly path: string
}

const lists = listsOf(models)
const isTold = ({ value }: Found): boolean => value !== null && value !== NOTHING

export function blameCommand({ program, run }: Cli): void {
  program
    .command('blame')
    .summary('the event that gave a field its value')
    .description(
      'Prints the value that a field of a device has at a position, the event that gave it, and what led to that event. A path names fields as state --json does; elements of lists are picked by what identifies them.',
    )
    .argument('<LOG>', LOG)
    .option('--device <D>', 'the device, by any name it is known by; not needed for iomem[…]')
    .requiredOption('--path <PATH>', 'such as driver.state or pagemaps[0x100000000].ref.dying')
    .option('--at <P>', AT)
    .addHelpText(
      'after',
      examples(
        ['devtrail blame recordings/linux-6.1/fsdax-pinned-unbind --device pfn0.0 --path disk.state', ''],
        ['devtrail blame splice.log --device pmem0 --path "pagemaps[0x100000000].pageRefs[0x109300]"', 'who took a page'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const position = positionOf(options.at)
        const path = parsePath(options.path)
        const wanted = mustBePart(path, options.path, options.device)
        const log = await openLog(given, session)
        const { names } = await surveyOf(log.history)
        const { at, machine } = await log.history.at(position)
        const hasAnything = (id: number): boolean => isTold(valueAt(machine, id, path.steps, lists))
        const device = wanted === null ? null : chooseDevice(wanted, machine, hasAnything, (d) => names.device(d.id), session).id
        const missing: NoSuchField[] = []
        const { seq, value, before, event } = await blame(log.history, { device, path }, at.seq, { onMissing: (f) => missing.push(f) })
        const wrong = missing[0]
        if (wrong !== undefined) {
          const { name, at: place } = wrong.step
          throw new ExpressionError(
            `there is no "${name}" here${didYouMean(name, wrong.instead)} (there is ${wrong.instead.join(', ')})`,
            options.path,
            place,
          )
        }
        const key = device === null ? null : names.device(device)
        const { style, digits } = session
        if (session.json) {
          const lookup = event === null ? null : (await blamedThrough(log.history, event)).lookup
          await session.printJson({
            schemaVersion: 1,
            at: momentToJson(at, digits),
            device: key,
            path: options.path,
            value: valueJson(value.value),
            ...(value.orNothing ? { sure: false } : {}),
            seq,
            event: event === null ? null : eventRow(names, event, digits),
            ...(lookup === null ? {} : { lookup: eventRow(names, lookup, digits) }),
            before: before === null ? null : valueJson(before.value),
          })
          return exit.fine
        }
        await session.print(
          await blameText({ path: options.path, key, at, blame: { seq, value, before, event } }, log.history, names, style, digits),
        )
        return exit.fine
      }),
    )
}
