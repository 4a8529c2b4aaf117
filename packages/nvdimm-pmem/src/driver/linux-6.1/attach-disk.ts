/** pmem_attach_disk and pmem_release_disk of Linux 6.1. */
import { errno, hex } from '@devtrail/events'
import { memoryType, memremapFlags, pfnFlags, type PagemapSpec } from '@devtrail/memremap'
import type { NdDevice } from '../../bus/nd-device.ts'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { NdPfn } from '../../bus/nd-pfn.ts'
import { Gendisk } from '../../disk/gendisk.ts'
import { shouldMap } from '../common-probe.ts'
import { regionText, requestMemRegion } from '../mem-region.ts'
import { diskName, Pmem } from '../pmem.ts'
import { disable, enable } from './nsio.ts'
import { INFO_WINDOW_BYTES, setupPfn, type PfnSetup } from './setup-pfn.ts'

/** Of struct pmem_device, whose dev_pagemap lies within. */
const PMEM_BYTES = 288
const PGMAP_OFFSET = 0x40n
const PAGE = 4096

/** 0, or -ENOMEM, -EBUSY, -ENXIO, or what setting up, mapping or enabling gave. */
export function attachDisk(device: NdDevice, ndns: NdNamespace): number {
  const { id, machine } = device
  const started = machine.say('nvdimm-pmem/attach-disk-started', { device: id }, id)
  const error = machine.emitter.because(started, () => attached(device, ndns))
  machine.say('nvdimm-pmem/attach-disk-ended', { device: id, errno: error }, id)
  return error
}

function attached(device: NdDevice, ndns: NdNamespace): number {
  const { machine, live, id } = device
  const memory = live.resources.kmalloc(PMEM_BYTES)
  if (memory === null || typeof memory === 'symbol') return errno.ENOMEM
  const window = enable(device, ndns, Math.min(INFO_WINDOW_BYTES, ndns.size))
  if (typeof window === 'number') return window
  const pmem = new Pmem(device, ndns)
  const pointer = hex(BigInt(memory.node) + PGMAP_OFFSET)
  const setup = device instanceof NdPfn ? setupPfn(device, ndns, window, pointer) : null
  if (typeof setup === 'number') return setup
  disable(setup?.window ?? window)
  device.drvdata = pmem
  if (!machine.persistent) machine.warn(id, 'pmem_attach_disk', 'unable to guarantee persistence of writes')
  if (!requestMemRegion(device, pmem.range, ndns.name)) {
    machine.warn(id, 'pmem_attach_disk', `could not reserve region ${regionText(pmem.range)}`)
    return errno.EBUSY
  }
  const disk = Gendisk.alloc(device, diskName(ndns), pmem.ops)
  if (disk === null) return errno.ENOMEM
  const error = map(pmem, setup, pointer) || addDisk(pmem, disk)
  if (error !== 0 && pmem.disk === null) disk.put(true)
  return error
}

function map(pmem: Pmem, setup: PfnSetup | null, pointer: string): number {
  const { device, ndns } = pmem
  if (setup !== null) {
    const { dataoff, startPad, endTrunc } = setup.superblock
    pmem.dataOffset = dataoff
    pmem.pfnPad = startPad + endTrunc
    return mapPages(pmem, setup.pgmap)
  }
  if (shouldMap(device, ndns)) return mapPages(pmem, { ranges: [pmem.range], type: memoryType.FS_DAX, altmap: null, pointer })
  const { registry } = device.machine
  const address = registry.mappings.devmMemremap(device.live, pmem.range.start, BigInt(pmem.size), memremapFlags.WB)
  if (typeof address === 'number') return address
  pmem.setAddress(address)
  return 0
}

function mapPages(pmem: Pmem, pgmap: PagemapSpec): number {
  const { machine, live } = pmem.device
  const mapped = machine.registry.devmMemremapPages(live, pgmap)
  pmem.pfnFlags |= pfnFlags.MAP
  if (typeof mapped === 'number') return mapped
  pmem.pagemap = mapped.pagemap
  pmem.setAddress(mapped.address)
  return 0
}

function addDisk(pmem: Pmem, disk: Gendisk): number {
  const { live } = pmem.device
  disk.capacity = pmem.sectors
  if (live.resources.kmalloc(PAGE) === null) return errno.ENOMEM
  const first = pmem.dataOffset / 512
  for (const { first: bad, count } of pmem.ndns.badBlocks.runs)
    if (bad + count > first) pmem.badBlocks.add(Math.max(bad - first, 0), count - Math.max(first - bad, 0))
  pmem.disk = disk
  pmem.queue = disk.queue
  disk.add()
  return live.resources.addActionOrReset(pmem_release_disk, pmem)
}

/** The dax device is killed first: no new mapping begins. Then the disk goes, once nobody is in its queue. */
function pmem_release_disk(pmem: Pmem): void {
  const { disk } = pmem
  if (disk === null) return
  const { id, machine } = pmem.device
  machine.say('nvdimm-pmem/dax-killed', { device: id, dax: hex(BigInt(disk.queue.pointer) + 0x800n) }, id)
  disk.del(true)
  disk.put(true)
  pmem.disk = null
}
