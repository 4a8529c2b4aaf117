/**
 * nd_pmem of Linux 6.1 (drivers/nvdimm/pmem.c). A namespace with an info block is refused and comes back as the device that claims it;
 * what is attached is undone by managed resources alone, in their order: disk, pages, range.
 */
import type { LiveDevice } from '@devtrail/devres'
import { errno, hex } from '@devtrail/events'
import { finish, memoryType, memremapFlags } from '@devtrail/memremap'
import { RequestQueue } from '@devtrail/nvdimm-pmem'
import type { DriverMachine } from './driver-machine.ts'
import type { Namespace } from './namespace.ts'
import { claimRange, disable, enable } from './nsio.ts'
import { say, type Claiming, type LiveDisk, type PmemDriver } from './pmem-driver.ts'

const PAGE = 4096
/** What is mapped to look for info blocks. */
const INFO_BYTES = 8192n
/** sizeof(struct pmem_device) as recorded. */
const PMEM_DEVICE_BYTES = 288

interface Attached {
  readonly driver: Linux61Pmem
  readonly disk: LiveDisk
}

function pmem_release_disk({ driver, disk }: Attached): void {
  driver.release(disk)
}

export class Linux61Pmem implements PmemDriver {
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
    const isClaimant = device.name !== this.#ns.name
    // nvdimm_namespace_common_probe
    if (!isClaimant && this.#claiming.isClaimed()) return errno.ENXIO
    const seq = say(this.#m, 'nvdimm-pmem/probe-started', { device: device.id })
    return this.#m.emitter.because(seq, () => {
      const comesBack = isClaimant ? 0 : this.#autodetect(device)
      const error = comesBack === 0 ? this.#attachDisk(device) : comesBack
      const back = comesBack === errno.ENXIO && this.#ns.pfn !== null
      say(this.#m, 'nvdimm-pmem/probe-ended', { device: device.id, errno: error, comeBackAs: back ? 'pfn' : null })
      if (back) this.#claiming.comesBack()
      return error
    })
  }

  /** nd_btt_probe, nd_pfn_probe, nd_dax_probe: -ENXIO when another device will claim the namespace. */
  #autodetect(device: LiveDevice): number {
    const { pfn } = this.#ns
    const enabled = enable(this.#m, device, this.#ns, INFO_BYTES)
    if (typeof enabled === 'number') return enabled
    for (const kind of ['btt', 'pfn', 'dax'] as const) {
      const seq = say(this.#m, 'nvdimm-pmem/autodetect-started', { device: device.id, kind })
      this.#m.emitter.because(seq, () => {
        // Memory for the superblock that is read; a namespace that is known to have a pfn block is not asked for a BTT.
        if (kind !== 'btt' || pfn === null) device.resources.kmalloc(PAGE)
        const found = kind === 'pfn' && pfn !== null ? 0 : errno.ENODEV
        say(this.#m, 'nvdimm-pmem/autodetect-ended', { device: device.id, kind, errno: found })
      })
      if (kind === 'pfn' && pfn !== null) return errno.ENXIO
    }
    disable(this.#m, device, this.#ns, enabled)
    return 0
  }

  #attachDisk(device: LiveDevice): number {
    const seq = say(this.#m, 'nvdimm-pmem/attach-disk-started', { device: device.id })
    return this.#m.emitter.because(seq, () => {
      const error = this.#attach(device)
      say(this.#m, 'nvdimm-pmem/attach-disk-ended', { device: device.id, errno: error })
      return error
    })
  }

  #attach(device: LiveDevice): number {
    const { size, disk: name } = this.#ns
    if (device.resources.kmalloc(PMEM_DEVICE_BYTES) === null) return errno.ENOMEM
    const layout = this.#setupPfn(device)
    if (typeof layout === 'number') return layout
    const claimed = claimRange(this.#m, device, this.#ns, size)
    if (claimed !== 0) return claimed
    const queue = RequestQueue.alloc(this.#m, device.id)
    if (queue === null) return errno.ENOMEM
    const error = this.#map(device, layout.pages)
    if (error !== 0) {
      queue.put()
      return error
    }
    queue.register()
    say(this.#m, 'nvdimm-pmem/disk-added', { device: device.id, disk: name, parent: device.name })
    this.#disk = { name, device, queue, isAlive: true }
    return device.resources.addActionOrReset(pmem_release_disk, { driver: this, disk: this.#disk } satisfies Attached)
  }

  /** The whole range, with struct pages or without, and memory for the list of bad blocks. */
  #map(device: LiveDevice, pages: boolean): number {
    const { start, size, pfn } = this.#ns
    const mapped = pages
      ? this.#m.registry.devmMemremapPages(device, {
          ranges: [{ start, end: start + size - 1n }],
          type: memoryType.FS_DAX,
          altmap: pfn?.altmap ?? null,
        })
      : this.#m.registry.mappings.devmMemremap(device, start, size, memremapFlags.WB)
    if (typeof mapped === 'number') return mapped
    return device.resources.kmalloc(PAGE) === null ? errno.ENOMEM : 0
  }

  /** nvdimm_setup_pfn, in its bracket of mapping what it reads; or an errno. */
  #setupPfn(device: LiveDevice): { readonly pages: boolean } | number {
    const { pfn } = this.#ns
    const isPfn = pfn !== null && device.name === pfn.name
    const info = enable(this.#m, device, this.#ns, INFO_BYTES)
    if (typeof info === 'number') return info
    if (!isPfn) {
      disable(this.#m, device, this.#ns, info)
      return { pages: false }
    }
    const seq = say(this.#m, 'nvdimm-pmem/setup-pfn-started', { device: device.id, pagemapPointer: null })
    const all = this.#m.emitter.because(seq, () => {
      if (device.resources.kmalloc(PAGE) === null) return errno.ENOMEM
      disable(this.#m, device, this.#ns, info)
      return enable(this.#m, device, this.#ns, pfn.dataOffset)
    })
    say(this.#m, 'nvdimm-pmem/setup-pfn-ended', { device: device.id, errno: typeof all === 'number' ? all : 0 })
    if (typeof all === 'number') return all
    disable(this.#m, device, this.#ns, all)
    return { pages: true }
  }

  /** nd_pmem_remove: what is left of it are managed resources. */
  readonly remove = ({ id: device }: LiveDevice): void => {
    say(this.#m, 'nvdimm-pmem/remove-started', { device })
    say(this.#m, 'nvdimm-pmem/remove-ended', { device, errno: 0 })
  }

  /** pmem_release_disk: kill_dax, del_gendisk, put_disk. */
  release(disk: LiveDisk): void {
    const { id: device } = disk.device
    disk.isAlive = false
    say(this.#m, 'nvdimm-pmem/dax-killed', { device, dax: hex(BigInt(disk.queue.pointer) + 0x800n) })
    say(this.#m, 'nvdimm-pmem/disk-removed', { device, disk: disk.name })
    disk.queue.markDying()
    disk.queue.freezeStart()
    finish(disk.queue.freezeWaitSteps(), this.#m.rcu)
    disk.queue.put()
    this.#disk = null
  }
}
