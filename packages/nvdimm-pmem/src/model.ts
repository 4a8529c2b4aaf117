import type { Facts, Json, Model, View, Views } from '@devtrail/events'
import { blockOwnedTwice, notDurableInTime } from './btt/btt-invariants.ts'
import { bttsOf } from './btt/btt-view.ts'
import { driverInvariants } from './driver/driver-invariants.ts'
import { nvdimmPmemCatalogue } from './events.ts'
import { queueInvariants } from './queue/queue-invariants.ts'
import { evolveNvdimmPmem, initialNvdimmPmem, type NvdimmPmemState } from './state.ts'

const describe: View<NvdimmPmemState> = (state, device) => {
  const ns = state.namespaces.get(device)
  const disk = [...state.disks.values()]
    .filter((d) => d.device === device)
    .toSorted((a, b) => a.since - b.since)
    .at(-1)
  const queue = [...state.queues.values()].filter((q) => q.device === device).at(-1)
  return {
    ...(disk?.state == null ? { disk: null } : { disk: { name: disk.name, state: disk.state } }),
    queue:
      queue === undefined
        ? null
        : { id: queue.id, frozen: queue.frozen as Json, dying: queue.dying, ref: { ...queue.ref, count: queue.ref.count as Json } },
    ...(ns === undefined ? {} : { namespace: { mode: ns.mode, map: ns.map, size: ns.size, uuid: ns.uuid, region: ns.region } }),
    ...(state.holders.has(device) ? { holder: state.holders.get(device)! } : {}),
    ...bttsOf(state, device),
    ...(state.comeBackAs.has(device) ? { comeBackAs: state.comeBackAs.get(device)! } : {}),
  }
}

const aliases = (state: NvdimmPmemState, device: number, facts: Facts): string[] => {
  const ns = state.namespaces.get(device)
  const disks = [...state.disks.values()].filter((d) => d.device === device).map((d) => d.name)
  return [...disks, ...[facts.value<string>('device', device, 'disk'), ns?.blockdev, ns?.chardev].filter((n): n is string => n != null)]
}

const views: Views = {
  parts: ['disk', 'queue', 'namespace', 'holder', 'btts', 'comeBackAs'],
  refers: { 'queue.ref': 'percpuRefs' },
  // A disk's name, and a queue's pointer, may have been another device's.
  reachesAll: true,
}

/** NVDIMM namespaces, the pmem driver's disk and its queue under the contract of a model. */
export const nvdimmPmemModel: Model<NvdimmPmemState> = {
  name: 'nvdimm-pmem',
  catalogue: nvdimmPmemCatalogue,
  initial: initialNvdimmPmem,
  evolve: evolveNvdimmPmem,
  invariants: [blockOwnedTwice, notDurableInTime, ...queueInvariants, ...driverInvariants],
  describe,
  views,
  aliases,
}
