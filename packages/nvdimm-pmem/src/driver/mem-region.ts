/** Ranges of the memory map that a device manages (devm_request_mem_region, kernel/resource.c). */
import type { PhysRange } from '@devtrail/memremap'
import type { LiveDevice } from '@devtrail/devres'
import type { DeviceId } from '@devtrail/events'
import type { NvdimmMachine } from '../bus/nvdimm-machine.ts'

interface Region {
  readonly machine: NvdimmMachine
  readonly start: bigint
  readonly size: bigint
}

/** Whose range it is. */
export interface RegionOwner {
  readonly machine: NvdimmMachine
  readonly live: LiveDevice
  readonly id: DeviceId
}

const REGION_BYTES = 24

function devm_region_release({ machine, start, size }: Region): void {
  machine.iomem.releaseRegion(start, size)
}

/** `devm_request_mem_region`: false where the range is claimed, or there is no memory. */
export function requestMemRegion({ machine, live, id }: RegionOwner, { start, end }: PhysRange, name: string): boolean {
  const size = end - start + 1n
  const entry = live.resources.alloc<Region>(devm_region_release, { machine, start, size }, REGION_BYTES)
  if (entry === null) return false
  const region = machine.iomem.requestRegion(start, size, name)
  if (region === null) {
    live.resources.free(entry)
    return false
  }
  live.resources.addEntry(entry)
  machine.iomem.identifyOwner(region, id)
  return true
}

/** `devm_release_mem_region`. */
export function releaseMemRegion({ machine, live }: RegionOwner, { start, end }: PhysRange): void {
  const size = end - start + 1n
  machine.iomem.releaseRegion(start, size)
  live.resources.destroy<Region>(devm_region_release, (region) => region.start === start && region.size === size)
}

/** `[mem 0x…-0x…]`, as `%pR` prints a resource. */
export const regionText = ({ start, end }: PhysRange): string =>
  `[mem 0x${start.toString(16).padStart(8, '0')}-0x${end.toString(16).padStart(8, '0')}]`
