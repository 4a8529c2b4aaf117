/**
 * A pmem namespace in fsdax mode under its driver (drivers/nvdimm/pmem.c, Linux 6.1). Probing claims the range in the
 * resource tree, maps it, and adds a disk. Unbinding goes back in the order that the driver core's managed resources give:
 * `nd_pmem_remove` itself does next to nothing; then the dax device is killed, the disk deleted and its queue drained, the
 * pages unmapped, the range released. Where a step has to wait, `remove` returns and is called again.
 */
import { errno, hex, type DeviceId, type Emitter, type Ids } from '@devtrail/events'
import { memoryType, pmemLayout, Progress, type DevPagemap, type PagemapRegistry, type PhysRange } from '@devtrail/memremap'
import type { Resource, ResourceTree } from '@devtrail/resource-tree'
import type { NvdimmPmemPayload } from './events.ts'
import { RequestQueue } from './queue/request-queue.ts'

/** What a device lives in; all of it is shared with other devices. */
export interface PmemMachine {
  readonly emitter: Emitter
  readonly ids: Ids
  readonly iomem: ResourceTree
  readonly registry: PagemapRegistry
}

export interface PmemSpec {
  readonly device: DeviceId
  /** `pfn0.0`: the name its disk hangs under. */
  readonly name: string
  /** `namespace0.0`: the name its range has in iomem. */
  readonly namespace: string
  /** `pmem0`. */
  readonly disk: string
  readonly range: PhysRange
  /** Whether the struct pages live on the device (`dev`) or in RAM (`mem`). */
  readonly map: 'dev' | 'mem'
}

/** What is left to do of a removal: each step returns false while it has to wait. */
type Step = () => boolean

export class PmemDevice {
  readonly spec: PmemSpec
  readonly #m: PmemMachine
  #region: Resource | null = null
  #pagemap: DevPagemap | null = null
  #queue: RequestQueue | null = null
  #teardown: Step[] | null = null

  constructor(machine: PmemMachine, spec: PmemSpec) {
    this.#m = machine
    this.spec = spec
  }

  get state(): 'unbound' | 'bound' | 'unbinding' {
    if (this.#teardown !== null) return 'unbinding'
    return this.#queue === null ? 'unbound' : 'bound'
  }

  /** Its pages, while it has any. */
  get pagemap(): DevPagemap | null {
    return this.#pagemap
  }

  /** Its disk's queue, while it is bound or unbinding. */
  get queue(): RequestQueue | null {
    return this.#queue
  }

  /**
   * `nd_pmem_probe`: 0, -EBUSY when the range is claimed, -ENXIO when it has no room for data, or what mapping gave. After a
   * failure nothing of it is left. @throws Error unless it is unbound.
   */
  probe(): number {
    if (this.state !== 'unbound')
      throw new Error(`${this.spec.name} is ${this.state} and cannot be probed (after event ${this.#m.emitter.seq})`)
    const { device } = this.spec
    this.#say('nvdimm-pmem/probe-started', { device })
    this.#say('nvdimm-pmem/attach-disk-started', { device })
    const error = this.#attachDisk()
    this.#say('nvdimm-pmem/attach-disk-ended', { device, errno: error })
    if (error !== 0) this.#releaseRegion()
    this.#say('nvdimm-pmem/probe-ended', { device, errno: error, comeBackAs: null })
    return error
  }

  #attachDisk(): number {
    const { device, range, map, namespace, disk, name } = this.spec
    const size = range.end - range.start + 1n
    this.#say('nvdimm-pmem/setup-pfn-started', { device, pagemapPointer: null })
    const layout = pmemLayout(range.start, size, map)
    this.#say('nvdimm-pmem/setup-pfn-ended', { device, errno: layout === null ? errno.ENXIO : 0 })
    if (layout === null) return errno.ENXIO
    this.#region = this.#m.iomem.requestRegion(range.start, size, namespace)
    if (this.#region === null) return errno.EBUSY
    this.#m.iomem.identifyOwner(this.#region, device)
    const pagemap = this.#m.registry.memremapPages(device, range, memoryType.FS_DAX, { altmap: layout.altmap })
    if (typeof pagemap === 'number') return pagemap
    this.#pagemap = pagemap
    this.#queue = RequestQueue.alloc(
      { emitter: this.#m.emitter, ids: this.#m.ids, rcu: this.#m.registry.machine.rcu, rules: 'linux-6.1' },
      device,
    )
    this.#queue!.register()
    this.#say('nvdimm-pmem/disk-added', { device, disk, parent: name })
    return 0
  }

  /**
   * Unbinds it, as far as it gets: true when it is unbound, false while it waits for requests in flight or for a lookup of
   * its pages. Call again to go on. @throws Error when it is unbound.
   */
  remove(): boolean {
    if (this.state === 'unbound')
      throw new Error(`${this.spec.name} is not bound and cannot be removed (after event ${this.#m.emitter.seq})`)
    this.#teardown ??= this.#steps(this.#queue!, this.#pagemap!)
    for (let step = this.#teardown[0]; step !== undefined; step = this.#teardown[0]) {
      if (!step()) return false
      this.#teardown.shift()
    }
    this.#teardown = null
    return true
  }

  #steps(queue: RequestQueue, pagemap: DevPagemap): Step[] {
    const { device, disk } = this.spec
    const { registry } = this.#m
    const wait = new Progress(queue.freezeWaitSteps(), registry.machine.rcu)
    return [
      once(() => this.#say('nvdimm-pmem/remove-started', { device })),
      once(() => this.#say('nvdimm-pmem/remove-ended', { device, errno: 0 })),
      once(() => this.#say('nvdimm-pmem/dax-killed', { device, dax: hex(BigInt(queue.pointer) + 0x800n) })),
      once(() => this.#say('nvdimm-pmem/disk-removed', { device, disk })),
      once(() => queue.markDying()),
      once(() => queue.freezeStart()),
      () => wait.advance(),
      once(() => queue.put()),
      () => (pagemap.phase === 'live' ? registry.release(pagemap) : registry.memunmapPages(pagemap)),
      once(() => this.#releaseRegion()),
      once(() => {
        this.#pagemap = null
        this.#queue = null
      }),
    ]
  }

  #releaseRegion(): void {
    if (this.#region === null) return
    const { start, end } = this.#region
    this.#m.iomem.releaseRegion(start, end - start + 1n)
    this.#region = null
  }

  #say<T extends NvdimmPmemPayload['type']>(type: T, data: Extract<NvdimmPmemPayload, { type: T }>['data']): void {
    if (this.#m.emitter.on) this.#m.emitter.emit<NvdimmPmemPayload>(type, data, { device: this.spec.device })
  }
}

/** A step that never waits. */
function once(what: () => void): Step {
  return () => {
    what()
    return true
  }
}
