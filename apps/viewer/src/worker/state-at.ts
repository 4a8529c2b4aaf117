/** The state behind an event, as the page shows it. */
import { keysAt, mayBeThere, type Names } from '@devtrail/survey'
import { describeDevice, momentToJson, shownDevices, stuckTasks, type History, type Machine } from '@devtrail/time-travel'
import { treeToJson, type ResourceTreeState } from '@devtrail/resource-tree'
import type { MemoryTree, StateAt, TreeNode } from '../protocol.ts'

/** Devices whose state is told at once; the one that was asked for comes first. */
const DEVICES_MAX = 60

export async function stateAt(history: History, names: Names, seq: number, row: string | null): Promise<StateAt> {
  const { at, machine } = await history.at({ kind: 'seq', seq })
  const keys = keysAt(machine.devices().filter(mayBeThere))
  const all = shownDevices(machine)
  const shown = [...all.filter(({ id }) => keys.get(id) === row), ...all.filter(({ id }) => keys.get(id) !== row)]
  return {
    at: momentToJson(at) as StateAt['at'],
    devices: shown.slice(0, DEVICES_MAX).map((d) => ({ key: keys.get(d.id)!, parts: describeDevice(machine, d.id) })),
    more: Math.max(0, shown.length - DEVICES_MAX),
    memory: memoryOf(machine),
    tasks: stuckTasks(machine).map(({ host, pid, comm, calls }) => ({
      host: machine.hostName(host),
      pid,
      comm,
      calls: calls.map(({ call, device, waiting }) => ({
        name: call.name,
        seq: call.seq,
        device: device === null ? null : names.device(device),
        waitsFor: waiting?.waitsFor ?? call.waitsFor,
      })),
    })),
  }
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
