/** The state behind an event, as the page shows it. */
import { mayBeThere, type Names } from '@devtrail/survey'
import type { DeviceInfo } from '@devtrail/events'
import { describeDevice, momentToJson, shownDevices, stuckTasks, type History, type Machine } from '@devtrail/time-travel'
import { treeToJson, type ResourceTreeState } from '@devtrail/resource-tree'
import type { MemoryTree, StateAt, TreeNode } from '../protocol.ts'

/** Devices whose state is told at once; the one that was asked for comes first. */
const DEVICES_MAX = 60

/** @param row the key of a device over the whole log; it is told of also when it exists for bookkeeping only, or is gone. */
export async function stateAt(history: History, names: Names, seq: number, row: string | null): Promise<StateAt> {
  const { at, machine } = await history.at({ kind: 'seq', seq })
  const asked = row === null ? undefined : deviceOfRow(machine, names, row)
  const shown = [...(asked === undefined ? [] : [asked]), ...shownDevices(machine).filter(({ id }) => id !== asked?.id)]
  return {
    at: momentToJson(at) as StateAt['at'],
    devices: shown.slice(0, DEVICES_MAX).map(({ id }) => ({ key: names.device(id), parts: describeDevice(machine, id) })),
    more: Math.max(0, shown.length - DEVICES_MAX),
    memory: memoryOf(machine),
    tasks: stuckTasks(machine).length,
  }
}

/** Of incarnations that share a row the one that is there, or was last. */
export function deviceOfRow(machine: Machine, names: Names, row: string): DeviceInfo | undefined {
  const all = machine.devices().filter(({ id }) => names.device(id) === row)
  return all.findLast(mayBeThere) ?? all.at(-1)
}

/** The resource trees as `state --json` shows them: one, or that of each host. */
function memoryOf(machine: Machine): MemoryTree[] {
  return machine.states<ResourceTreeState>('resource-tree').map(([host, state]) => {
    const tree = state.trees.get('iomem')
    return {
      host: machine.hostName(host),
      iomem: tree === undefined ? null : (treeToJson(state, 'iomem') as unknown as TreeNode[]),
      complete: tree?.complete ?? false,
    }
  })
}
