/** The window of a namespace that is mapped for reading and writing bytes (drivers/nvdimm/claim.c). */
import { errno, type Pointer } from '@devtrail/events'
import { memremapFlags, type PhysRange } from '@devtrail/memremap'
import type { ManagedMemory } from '@devtrail/devres'
import type { NdDevice } from '../../bus/nd-device.ts'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { MediumError } from '../../media/medium.ts'
import { clearPoison } from '../clear-poison.ts'
import { regionText, releaseMemRegion, requestMemRegion } from '../mem-region.ts'

const SECTOR = 512
const PAGE = 4096

/** An enabled window. */
export interface Nsio {
  readonly device: NdDevice
  readonly ndns: NdNamespace
  readonly range: PhysRange
  readonly address: Pointer
  readonly badBlocksPage: ManagedMemory
}

/** `devm_namespace_enable`: of the first `size` bytes, or -EBUSY, -ENOMEM, -ENXIO. What was got before it failed is given back by devres. */
export function enable(device: NdDevice, ndns: NdNamespace, size: number): Nsio | number {
  const { machine, live, id } = device
  const { start } = ndns.range
  const range = { start, end: start + BigInt(size) - 1n }
  ndns.window = size
  if (!requestMemRegion(device, range, ndns.name)) {
    machine.warn(id, 'devm_nsio_enable', `could not reserve region ${regionText(range)}`)
    return errno.EBUSY
  }
  ndns.rwBytes = (at, data, rw) => nsioRwBytes(ndns, at, data, rw)
  const page = live.resources.kmalloc(PAGE)
  if (page === null) return errno.ENOMEM
  const address = machine.registry.mappings.devmMemremap(live, start, BigInt(size), memremapFlags.WB)
  return typeof address === 'number' ? address : { device, ndns, range, address, badBlocksPage: page as ManagedMemory }
}

/** `devm_namespace_disable`. */
export function disable({ device, range, address, badBlocksPage }: Nsio): void {
  const { machine, live } = device
  machine.registry.mappings.devmMemunmap(live, address)
  live.resources.kfree(badBlocksPage)
  releaseMemRegion(device, range)
}

/**
 * `nsio_rw_bytes`: 0; -EFAULT beyond the window, -EIO for a read of a bad block, and for a write to one that was not mended, which is written all
 * the same. What is written is durable.
 */
export function nsioRwBytes(ndns: NdNamespace, at: number, data: Uint8Array, rw: 'read' | 'write'): number {
  if (data.length === 0) return 0
  if (at + data.length > ndns.window) {
    ndns.machine.warn(ndns.id, 'nsio_rw_bytes', 'request out of range', true)
    return errno.EFAULT
  }
  const isBad = ndns.badBlocks.hasBytes(at, data.length)
  if (rw === 'read') return isBad ? errno.EIO : loaded(ndns, at, data)
  let error = 0
  if (isBad) {
    const isWhole = at % SECTOR === 0 && data.length % SECTOR === 0
    if (!isWhole || clearPoison(ndns, at, data.length) < data.length) error = errno.EIO
  }
  ndns.medium.store(at, data)
  ndns.medium.flush(at, data.length)
  ndns.medium.fence()
  return error
}

function loaded(ndns: NdNamespace, at: number, into: Uint8Array): number {
  try {
    ndns.medium.load(at, into)
    return 0
  } catch (error) {
    if (error instanceof MediumError) return errno.EIO
    throw error
  }
}
