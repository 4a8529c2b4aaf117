import { isGapOf, type AnyEvent, type DeviceId } from '@devtrail/events'
import { evolveBtts, forgetBtts, initialBtts, type BttStates } from './btt/btt-state.ts'
import type { NvdimmPmemEvent } from './events.ts'
import { evolveQueues, forgetQueues, initialQueues, type QueueEvent, type QueueStates } from './queue/queue-state.ts'
import { evolveMedia, forgetMedia, initialMedia, type MediumStates } from './power/medium-state.ts'

/** A disk (gendisk) and the device it hangs under, where known. */
export interface Disk {
  name: string
  device: DeviceId | null
  /** Null when a gap may have changed it. */
  state: 'added' | 'removed' | null
  since: number
}

export interface Mount {
  source: string
  target: string
  fstype: string
  dax: boolean
}

export interface Namespace {
  device: DeviceId
  mode: string | null
  map: string | null
  size: number | null
  uuid: string | null
  blockdev: string | null
  chardev: string | null
  region: string | null
}

export interface NvdimmPmemState extends BttStates, MediumStates, QueueStates {
  /** By name; a disk of the same name takes the place of one that is gone. */
  disks: Map<string, Disk>
  namespaces: Map<DeviceId, Namespace>
  /** As the recording found them; not followed. */
  mounts: Mount[]
  mountsListed: boolean
  /** What a namespace's last probe found: "come back as". */
  comeBackAs: Map<DeviceId, 'btt' | 'pfn' | 'dax'>
  /** Who holds a namespace, by name; who holds none may be held unseen. */
  holders: Map<DeviceId, string>
  /** Where the bytes of a device that nd_pmem probed are. */
  addresses: Map<DeviceId, MappedAt>
}

/** What mapping gave a device, and the event that told. */
export interface MappedAt {
  /** Null: nothing. */
  address: string | null
  hasPages: boolean
  dataOffset: number
  seq: number
}

export const initialNvdimmPmem = (): NvdimmPmemState => ({
  disks: new Map(),
  ...initialQueues(),
  namespaces: new Map(),
  mounts: [],
  mountsListed: false,
  comeBackAs: new Map(),
  holders: new Map(),
  addresses: new Map(),
  ...initialBtts(),
  ...initialMedia(),
})

function forget(state: NvdimmPmemState): void {
  forgetBtts(state)
  forgetMedia(state)
  for (const disk of state.disks.values()) disk.state = null
  forgetQueues(state)
  state.comeBackAs.clear()
  state.holders.clear()
  state.addresses.clear()
  state.namespaces.clear()
  state.mountsListed = false
}

/** Folds one event into the state, in place. */
export function evolveNvdimmPmem(state: NvdimmPmemState, any: AnyEvent): void {
  if (any.type === 'log/gap' && !isGapOf(any, 'nvdimm-pmem')) return
  if (any.type === 'log/gap') return forget(state)
  if (!any.type.startsWith('nvdimm-pmem/')) return
  const event = any as unknown as NvdimmPmemEvent
  switch (event.type) {
    case 'nvdimm-pmem/namespace-found': {
      const { device, mode, map, size, uuid, blockdev, chardev, region } = event.data
      state.namespaces.set(device, { device, mode, map, size, uuid, blockdev, chardev, region })
      return
    }
    case 'nvdimm-pmem/disk-found':
      state.disks.set(event.data.disk, { name: event.data.disk, device: event.data.device, state: 'added', since: event.seq })
      return
    case 'nvdimm-pmem/mount-found':
      state.mounts.push({ ...event.data })
      return
    case 'nvdimm-pmem/mounts-listed':
      state.mountsListed = true
      return
    case 'nvdimm-pmem/probe-started':
      state.comeBackAs.delete(event.data.device)
      state.addresses.delete(event.data.device)
      return
    case 'nvdimm-pmem/address-set': {
      const { device, address, hasPages, dataOffset } = event.data
      state.addresses.set(device, { address, hasPages, dataOffset, seq: event.seq })
      return
    }
    case 'nvdimm-pmem/namespace-claimed':
      state.holders.set(event.data.device, event.data.by)
      return
    case 'nvdimm-pmem/namespace-unclaimed':
      state.holders.delete(event.data.device)
      return
    case 'nvdimm-pmem/probe-ended':
      if (event.data.comeBackAs !== null) state.comeBackAs.set(event.data.device, event.data.comeBackAs)
      return
    case 'nvdimm-pmem/disk-added':
      state.disks.set(event.data.disk, { name: event.data.disk, device: event.data.device, state: 'added', since: event.seq })
      return
    case 'nvdimm-pmem/disk-removed':
      state.disks.set(event.data.disk, { name: event.data.disk, device: event.data.device, state: 'removed', since: event.seq })
      return
    case 'nvdimm-pmem/stored':
    case 'nvdimm-pmem/flushed':
    case 'nvdimm-pmem/fenced':
      return evolveMedia(state, event)
    case 'nvdimm-pmem/btt-discovery-started':
    case 'nvdimm-pmem/btt-arena-created':
    case 'nvdimm-pmem/btt-arena-found':
    case 'nvdimm-pmem/btt-lane-found':
    case 'nvdimm-pmem/btt-recovered':
    case 'nvdimm-pmem/btt-discovery-ended':
    case 'nvdimm-pmem/btt-log-begun':
    case 'nvdimm-pmem/btt-log-committed':
    case 'nvdimm-pmem/btt-map-written':
    case 'nvdimm-pmem/btt-sector-written':
      return evolveBtts(state, event)
    default:
      if (event.type.startsWith('nvdimm-pmem/queue-')) evolveQueues(state, event as QueueEvent)
  }
}
