import type { DeviceInfo } from '@devtrail/events'
import type { ResourceTreeState } from '@devtrail/resource-tree'
import { treeToJson } from '@devtrail/resource-tree'
import { describeDevice, momentToJson, shownDevices, type Machine } from '@devtrail/time-travel'
import { keyAmong, keysAt, mayBeThere } from '@devtrail/survey'
import { nameOf, openLog } from '../logs/open.ts'
import { stateText } from '../print/state.ts'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'
import { chooseDevices, positionOf } from '../named/positions.ts'

interface Options {
  readonly at?: string
  readonly device?: string
}

const treeJson = (tree: ResourceTreeState): object => ({
  iomem: tree.trees.has('iomem') ? treeToJson(tree, 'iomem') : null,
  iomemComplete: tree.trees.get('iomem')?.complete ?? false,
})

/** The resource tree; in a log of several hosts that of each. */
function treesJson(machine: Machine): object {
  const trees = machine.states<ResourceTreeState>('resource-tree')
  if (trees.length === 1 && trees[0]![0] === 0) return treeJson(trees[0]![1])
  return { hosts: Object.fromEntries(trees.map(([host, tree]) => [machine.hostName(host)!, treeJson(tree)])) }
}

export function stateCommand({ program, run }: Cli): void {
  program
    .command('state')
    .summary('the state of devices at a position')
    .description(
      'Prints what is known of the devices at a position: driver, managed resources, regions, pagemaps and who references their pages, disk and queue. "?" is not known, "≥ 1" a bound.',
    )
    .argument('<LOG>', LOG)
    .option('--device <D>', 'only this device, by any name it is known by')
    .option('--at <P>', AT)
    .addHelpText(
      'after',
      examples(
        ['devtrail state recordings/linux-6.1/fsdax-pinned-unbind --at 9.3s', 'just before the unbind'],
        ['devtrail state splice.log --device pmem0', 'at the end'],
        ["devtrail state splice.log --json | jq '.devices[].pagemaps'", ''],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const position = positionOf(options.at)
        const log = await openLog(given, session)
        const { at, machine } = await log.history.at(position)
        const all = machine.devices()
        const present = all.filter(mayBeThere)
        const keys = keysAt(present)
        const keyOf = (d: DeviceInfo): string => keys.get(d.id) ?? d.name
        const devices =
          options.device === undefined
            ? shownDevices(machine)
            : chooseDevices(options.device, all, (id) => machine.aliases(id), keyOf, session)
        const described = devices.map((d) => ({ key: keyAmong(present, d), parts: describeDevice(machine, d.id) }))
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            at: momentToJson(at, session.digits),
            devices: Object.fromEntries(described.map(({ key, parts }) => [key, parts])),
            ...treesJson(machine),
          })
          return exit.fine
        }
        const { style, digits } = session
        await session.print(await stateText(nameOf(log), at, described, log.history, style, digits))
        if (described.length === 0) session.note('no device is known to be there at this position')
        return exit.fine
      }),
    )
}
