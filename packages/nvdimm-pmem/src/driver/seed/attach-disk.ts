import { errno } from '@devtrail/events'
import { Gendisk } from '../../disk/gendisk.ts'
import { diskName, type Pmem } from '../pmem.ts'

/** `pmem_attach_disk`: 0, or -ENOMEM, where it has cleaned up the queue that the caller goes on having. */
export function attachDisk(pmem: Pmem): number {
  const { id, machine } = pmem.device
  const started = machine.say('nvdimm-pmem/attach-disk-started', { device: id }, id)
  const error = machine.emitter.because(started, () => attached(pmem))
  machine.say('nvdimm-pmem/attach-disk-ended', { device: id, errno: error }, id)
  return error
}

function attached(pmem: Pmem): number {
  const queue = pmem.queue!
  const disk = Gendisk.over(pmem.device, diskName(pmem.ndns), queue, pmem.ops)
  if (disk === null) {
    queue.cleanup()
    return errno.ENOMEM
  }
  disk.capacity = pmem.sectors
  pmem.disk = disk
  disk.add()
  return 0
}

/** `pmem_detach_disk`: without a disk nothing, and the queue stays. */
export function detachDisk(pmem: Pmem): void {
  const { disk } = pmem
  if (disk === null) return
  disk.del(false)
  disk.put(false)
  disk.queue.cleanup()
  pmem.disk = null
  pmem.queue = null
}
