import { errno } from '@devtrail/events'
import { finish, type DevPagemap, type Steps } from '@devtrail/memremap'
import { Gendisk } from '../../disk/gendisk.ts'
import type { RequestQueue } from '../../queue/request-queue.ts'
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
  if (pmem.device.machine.series === 20 && pmem.pagemap !== null) unmapWhenDead(pmem, pmem.pagemap, disk.queue)
  else disk.queue.cleanup()
  pmem.disk = null
  pmem.queue = null
}

/**
 * Patches 18 and 19: the queue is cleaned up by another task, which waits for references to pages. The pages are unmapped as soon as it is
 * certain that nobody gets a new one, and before the counter that they refer to goes: so nothing dangles, and what is still referenced then
 * is only warned about.
 */
function unmapWhenDead({ device }: Pmem, pagemap: DevPagemap, queue: RequestQueue): void {
  const { machine, live } = device
  let isCleanedUp = false
  machine.async(
    (function* cleanup() {
      yield* queue.cleanupSteps()
      isCleanedUp = true
    })(),
  )
  finish(queue.deadWaitSteps(), machine.rcu)
  machine.registry.devmMemunmapPages(live, pagemap)
  finish(
    synchronised(() => isCleanedUp),
    machine.rcu,
  )
}

/** `async_synchronize_full`. */
function* synchronised(until: () => boolean): Steps<void> {
  yield { what: 'the queue to be cleaned up', until }
}
