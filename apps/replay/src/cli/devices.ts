import { idWithin, type DeviceInfo } from '@devtrail/events'
import { momentToJson } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { surveyOf, type Survey } from '@devtrail/survey'
import { table } from '../print/table.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'
import { positionOf } from '../named/positions.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly at?: string
  readonly all?: boolean
}

function text(devices: readonly DeviceInfo[], { names, spans }: Survey, { style }: Session): string {
  const times = Map.groupBy(devices, (d) => names.device(d.id))
  const rows = devices.map((d) => {
    const key = names.device(d.id)
    const again = times.get(key)!.length > 1 ? style.dim(`#${idWithin(d.id)}`) : ''
    const span = spans.get(d.id)
    const presence = d.presence === 'present' ? d.presence : d.presence === null ? style.warn('?') : style.dim(d.presence)
    return [
      `${style.name(key)}${again}`,
      d.kind ?? '?',
      presence,
      d.driver ?? style.dim('–'),
      d.driverState ?? '?',
      String(span?.first ?? '–'),
      String(span?.last ?? '–'),
      String(span?.events ?? 0),
    ]
  })
  return table(
    [
      { title: 'device' },
      { title: 'kind' },
      { title: 'presence' },
      { title: 'driver' },
      { title: 'state' },
      { title: 'first', align: 'right' },
      { title: 'last', align: 'right' },
      { title: 'events', align: 'right' },
    ],
    rows,
    style.dim,
  )
}

export function devicesCommand({ program, run }: Cli): void {
  program
    .command('devices')
    .summary('the devices with kind, driver state, first and last event')
    .description(
      'Lists the devices that a log knows of at a position: every incarnation, also those that are gone by then. First and last event are those of the whole log.',
    )
    .argument('<LOG>', LOG)
    .option('--at <P>', AT)
    .option('--all', 'also bookkeeping devices: block devices, mappings, regions')
    .addHelpText(
      'after',
      examples(
        ['devtrail devices recordings/linux-6.1/fsdax-splice', ''],
        ['devtrail devices splice.log --at 9.5s --all', 'everything known at that time'],
        ['devtrail devices splice.log --json | jq -r .devices[].key', 'names for --device'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const position = positionOf(options.at)
        const log = await openLog(given, session)
        const survey = await surveyOf(log.history)
        const { at, machine } = await log.history.at(position)
        const devices = machine.devices().filter((d) => options.all === true || !d.bookkeeping)
        if (!session.json) {
          await session.print(devices.length === 0 ? '' : text(devices, survey, session))
          if (devices.length === 0) session.note('no device is known at this position')
          return exit.fine
        }
        await session.printJson({
          schemaVersion: 1,
          at: momentToJson(at, session.digits),
          devices: devices.map((d) => {
            const span = survey.spans.get(d.id)
            return {
              key: survey.names.device(d.id),
              incarnation: d.id,
              ...(d.host === undefined ? {} : { host: d.host }),
              name: d.name,
              bus: d.bus,
              kind: d.kind,
              bookkeeping: d.bookkeeping,
              presence: d.presence,
              driver: { name: d.driver, state: d.driverState },
              aliases: machine.aliases(d.id),
              first: span?.first ?? null,
              last: span?.last ?? null,
              events: span?.events ?? 0,
            }
          }),
        })
        return exit.fine
      }),
    )
}
