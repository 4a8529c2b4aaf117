/**
 * nd_pmem of the series that is the seed (drivers/nvdimm/pmem.c of it). The queue is there before the pages, because it is what
 * they are counted with; removing takes the disk away and cleans the queue up before managed resources are released, and waits
 * there for references to pages too.
 */
import type { LiveDevice } from '@devtrail/devres'
import { errno } from '@devtrail/events'
import { RequestQueue } from '@devtrail/nvdimm-pmem'
import type { DriverMachine } from './driver-machine.ts'
import type { Namespace } from './namespace.ts'
import { claimRange } from './nsio.ts'
import { say, type Claiming, type LiveDisk, type PmemDriver } from './pmem-driver.ts'

/** sizeof(struct pmem_device), about. */
const PMEM_DEVICE_BYTES = 88

export class SeedPmem implements PmemDriver {
  readonly name = 'nd_pmem'
  readonly #m: DriverMachine
  readonly #ns: Namespace
  readonly #claiming: Claiming
  #disk: LiveDisk | null = null

  constructor(machine: DriverMachine, namespace: Namespace, claiming: Claiming) {
    this.#m = machine
    this.#ns = namespace
    this.#claiming = claiming
  }

  get disk(): LiveDisk | null {
    return this.#disk
  }

  readonly probe = (device: LiveDevice): number => {
    // nvdimm_namespace_common_probe
    if (device.name === this.#ns.name && this.#claiming.isClaimed()) return errno.ENXIO
    const seq = say(this.#m, 'nvdimm-pmem/probe-started', { device: device.id })
    return this.#m.emitter.because(seq, () => {
      const back = this.#ns.pfn !== null && device.name === this.#ns.name
      const error = back ? errno.ENXIO : this.#attach(device)
      say(this.#m, 'nvdimm-pmem/probe-ended', { device: device.id, errno: error, comeBackAs: back ? 'pfn' : null })
      if (back) this.#claiming.comesBack()
      return error
    })
  }

  /** pmem_alloc and pmem_attach_disk. */
  #attach(device: LiveDevice): number {
    const { start, size, disk: name, pfn } = this.#ns
    if (device.resources.kmalloc(PMEM_DEVICE_BYTES) === null) return errno.ENOMEM
    const claimed = claimRange(this.#m, device, this.#ns, size)
    if (claimed !== 0) return claimed
    const queue = RequestQueue.alloc(this.#m, device.id)
    if (queue === null) return errno.ENOMEM
    const range = { start, end: start + size - 1n }
    const mapped = this.#m.registry.devmMemremapPages(device, range, queue.usage, pfn?.altmap ?? null)
    if (typeof mapped === 'number') {
      queue.cleanup()
      return mapped
    }
    queue.register()
    say(this.#m, 'nvdimm-pmem/disk-added', { device: device.id, disk: name, parent: device.name })
    this.#disk = { name, device, queue, isAlive: true }
    return 0
  }

  /** pmem_detach_disk */
  readonly remove = ({ id: device }: LiveDevice): void => {
    const disk = this.#disk
    const seq = say(this.#m, 'nvdimm-pmem/remove-started', { device })
    this.#m.emitter.because(seq, () => {
      if (disk === null) return
      say(this.#m, 'nvdimm-pmem/disk-removed', { device, disk: disk.name })
      disk.queue.cleanup()
      disk.isAlive = false
      this.#disk = null
    })
    say(this.#m, 'nvdimm-pmem/remove-ended', { device, errno: 0 })
  }
}
