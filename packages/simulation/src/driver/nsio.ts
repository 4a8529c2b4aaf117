/** A namespace's range, as its driver claims it: `devm_nsio_enable` and `devm_nsio_disable` (drivers/nvdimm/claim.c, Linux 6.1). */
import type { LiveDevice } from '@devtrail/devres'
import { errno, type Pointer } from '@devtrail/events'
import { memremapFlags } from '@devtrail/memremap'
import type { ResourceTree } from '@devtrail/resource-tree'
import type { DriverMachine } from './driver-machine.ts'
import type { Namespace } from './namespace.ts'

const PAGE = 4096

interface Region {
  readonly iomem: ResourceTree
  readonly start: bigint
  readonly size: bigint
}

function devm_region_release({ iomem, start, size }: Region): void {
  iomem.releaseRegion(start, size)
}

/** sizeof(struct region_devres) */
const REGION_BYTES = 24

/** `devm_request_mem_region`: 0, -EBUSY, or -ENOMEM. */
export function claimRange(m: DriverMachine, device: LiveDevice, { name, start }: Namespace, size: bigint): number {
  const entry = device.resources.alloc<Region>(devm_region_release, { iomem: m.iomem, start, size }, REGION_BYTES)
  if (entry === null) return errno.ENOMEM
  const region = m.iomem.requestRegion(start, size, name)
  if (region === null) {
    device.resources.free(entry)
    return errno.EBUSY
  }
  device.resources.addEntry(entry)
  m.iomem.identifyOwner(region, device.id)
  return 0
}

/** `devm_release_mem_region` */
function giveRangeBack(m: DriverMachine, device: LiveDevice, { start }: Namespace, size: bigint): void {
  m.iomem.releaseRegion(start, size)
  device.resources.destroy<Region>(devm_region_release, (region) => region.start === start && region.size === size)
}

/** What `devm_nsio_enable` mapped: undone by {@link disable}. */
export interface Enabled {
  readonly size: bigint
  readonly badblocks: ReturnType<LiveDevice['resources']['kmalloc']>
  readonly address: Pointer
}

export function enable(m: DriverMachine, device: LiveDevice, ns: Namespace, size: bigint): Enabled | number {
  const claimed = claimRange(m, device, ns, size)
  if (claimed !== 0) return claimed
  const badblocks = device.resources.kmalloc(PAGE)
  if (badblocks === null) return errno.ENOMEM
  const address = m.registry.mappings.devmMemremap(device, ns.start, size, memremapFlags.WB)
  return typeof address === 'number' ? address : { size, badblocks, address }
}

export function disable(m: DriverMachine, device: LiveDevice, ns: Namespace, { size, badblocks, address }: Enabled): void {
  m.registry.mappings.devmMemunmap(device, address)
  device.resources.kfree(badblocks)
  giveRangeBack(m, device, ns, size)
}
