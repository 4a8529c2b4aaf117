import { errno, hex } from '@devtrail/events'
import { memremapFlags, pfnFlags } from '@devtrail/memremap'
import type { NdDevice } from '../../bus/nd-device.ts'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { RequestQueue } from '../../queue/request-queue.ts'
import { shouldMap } from '../common-probe.ts'
import { regionText, requestMemRegion } from '../mem-region.ts'
import { Pmem } from '../pmem.ts'

/** Of struct pmem_device. */
const PMEM_BYTES = 72

/**
 * `pmem_alloc`: claims the range, makes the queue, and maps; the queue's usage counter is the pages' reference. Or -ENOMEM, -EBUSY, or what
 * mapping gave; of what was got by then only the queue is given back here, the rest by devres.
 */
export function pmemAlloc(device: NdDevice, ndns: NdNamespace): Pmem | number {
  const { machine, live, id } = device
  if (live.resources.kmalloc(PMEM_BYTES) === null) return errno.ENOMEM
  const pmem = new Pmem(device, ndns)
  if (!machine.persistent) machine.warn(id, 'pmem_alloc', 'unable to guarantee persistence of writes')
  if (!requestMemRegion(device, pmem.range, device.name)) {
    machine.warn(id, 'pmem_alloc', `could not reserve region ${regionText(pmem.range)}`)
    return errno.EBUSY
  }
  const queue = RequestQueue.alloc(machine, id)
  if (queue === null) return errno.ENOMEM
  const error = shouldMap(device, ndns) ? mapPages(pmem, queue) : mapBytes(pmem)
  if (error !== 0) {
    queue.cleanup()
    return error
  }
  pmem.queue = queue
  return pmem
}

function mapPages(pmem: Pmem, queue: RequestQueue): number {
  const { machine, live } = pmem.device
  const mapped = machine.registry.devmMemremapPages(live, pmem.range, queue.usage, null)
  // Said of pages that there may be none of: the flag is set before the error is looked at.
  pmem.pfnFlags |= pfnFlags.MAP
  if (typeof mapped === 'number') return mapped
  pmem.pagemap = mapped.pagemap
  pmem.setAddress(mapped.address)
  return 0
}

/** A mapping that failed is NULL here, which is not taken for an error. */
function mapBytes(pmem: Pmem): number {
  const { machine, live } = pmem.device
  const mapped = machine.registry.mappings.devmMemremap(live, pmem.range.start, BigInt(pmem.size), memremapFlags.WB)
  if (mapped === errno.ENOMEM) return errno.ENOMEM
  pmem.setAddress(typeof mapped === 'number' ? null : hex(BigInt(mapped)))
  return 0
}
