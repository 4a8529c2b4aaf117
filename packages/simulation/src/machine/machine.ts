/** A machine with NVDIMMs: the live models together, and who uses them. */
import { DriverCore, LiveDevice } from '@devtrail/devres'
import { Emitter, errno, Ids, ManualClock, type AnyEvent, type PagemapId } from '@devtrail/events'
import { PagemapRegistry, pfnFlags, pfnToPfnT, DaxFile, type DaxDevice, type RulesName } from '@devtrail/memremap'
import type { PercpuRef } from '@devtrail/percpu-ref'
import { Resource, ResourceTree } from '@devtrail/resource-tree'
import type { DriverMachine } from '../driver/driver-machine.ts'
import { Linux61Pmem } from '../driver/linux61.ts'
import type { Namespace } from '../driver/namespace.ts'
import type { LiveDisk, PmemDriver } from '../driver/pmem-driver.ts'
import { SeedPmem } from '../driver/seed.ts'
import type { FaultSpec, FileSpec } from '../scenario/scenario.ts'
import { Faults } from './faults.ts'
import { Scheduler } from './scheduler.ts'
import { WaitingRcu } from './waiting-rcu.ts'

const PAGE = 4096n

interface Pmem {
  readonly namespace: Namespace
  readonly driver: PmemDriver
}

export interface MachineInit {
  readonly rules: RulesName
  readonly sink: (event: AnyEvent) => void
  readonly faults?: readonly FaultSpec[]
}

export class SimulatedMachine implements DriverMachine {
  readonly rules: RulesName
  readonly clock = new ManualClock()
  readonly emitter: Emitter
  readonly ids = new Ids()
  readonly rcu = new WaitingRcu()
  readonly scheduler: Scheduler
  readonly iomem: ResourceTree
  readonly registry: PagemapRegistry
  readonly core: DriverCore
  readonly mayAllocateQueue: () => boolean
  readonly #pmem: Pmem[] = []
  /** Devices that are there, by name. */
  readonly #devices = new Map<string, { readonly live: LiveDevice; readonly driver: PmemDriver }>()
  readonly #files = new Map<string, DaxFile>()

  constructor({ rules, sink, faults = [] }: MachineInit) {
    this.rules = rules
    const emitter = new Emitter(this.clock, sink)
    this.emitter = emitter
    const scheduler = new Scheduler({ clock: this.clock, emitter, rcu: this.rcu })
    this.scheduler = scheduler
    const failing = new Faults(faults)
    this.mayAllocateQueue = () => !failing.isDue('queue-allocation')
    this.iomem = new ResourceTree(emitter, this.ids, { name: 'iomem', start: 0n, end: 2n ** 64n - 1n, rules })
    this.registry = new PagemapRegistry(emitter, this.ids, {
      rules,
      rcu: this.rcu,
      iomem: this.iomem,
      faults: failing.ofMemremap,
      schedule: (task) => scheduler.schedule(task),
    })
    this.core = new DriverCore({
      events: emitter,
      ids: this.ids,
      rules,
      queueWork: (work) => scheduler.schedule(work),
      allocate: () => !failing.isDue('managed-allocation'),
    })
  }

  /** The pagemap that has a queue's counter for its reference. */
  pagemapOf(ref: PercpuRef): PagemapId | null {
    return this.registry.pagemaps.find((p) => p.ref === ref)?.id ?? null
  }

  /** Memory that namespaces are parts of. */
  addPersistentMemory(start: bigint, end: bigint): void {
    this.iomem.requestResource(new Resource(start, end, 'Persistent Memory'))
  }

  /** Registers a namespace; its driver is not bound yet. */
  addNamespace(namespace: Namespace): void {
    const Pmem = this.rules === 'seed' ? SeedPmem : Linux61Pmem
    const { pfn } = namespace
    const driver: PmemDriver = new Pmem(this, namespace, {
      isClaimed: () => pfn !== null && this.#devices.has(pfn.name),
      comesBack: () => {
        if (pfn === null) return
        this.#register(pfn.name, 'nd-pfn', driver)
        // The device that comes back is probed asynchronously.
        this.scheduler.spawn({ pid: 111, comm: 'kworker/u4:3' }, this.#probing(pfn.name))
      },
    })
    this.#pmem.push({ namespace, driver })
    this.#register(namespace.name, 'nd-namespace', driver)
  }

  /** Registers the device that claims a namespace, as it is after boot. */
  claim(namespace: string): void {
    const pmem = this.#pmem.find((p) => p.namespace.name === namespace)
    if (pmem?.namespace.pfn == null) throw new Error(`${namespace} has no info block`)
    this.#register(pmem.namespace.pfn.name, 'nd-pfn', pmem.driver)
  }

  #register(name: string, kind: string, driver: PmemDriver): void {
    this.#devices.set(name, { live: new LiveDevice(this.core, { name, bus: 'nd', kind }), driver })
  }

  *#probing(name: string): Generator<null, void, void> {
    yield null
    this.bind(name)
  }

  /** 0 when bound, or an errno: -ENODEV where there is no such device. */
  bind(name: string): number {
    const found = this.#devices.get(name)
    return found === undefined ? errno.ENODEV : found.live.probe(found.driver)
  }

  /** 0 when unbound, or -ENODEV where no such device is bound. */
  unbind(name: string): number {
    const found = this.#devices.get(name)
    if (found === undefined || !found.live.unbind()) return errno.ENODEV
    return 0
  }

  /** A device that claims a namespace gives it up, and is gone: 0, -EBUSY while it is bound, -ENODEV where there is none. */
  detach(name: string): number {
    const found = this.#devices.get(name)
    if (found === undefined || this.#pmem.some((p) => p.namespace.name === name)) return errno.ENODEV
    if (found.live.state !== 'unbound') return errno.EBUSY
    this.#devices.delete(name)
    found.live.del()
    found.live.put()
    return 0
  }

  /** The disk of a name while there is one. */
  disk(name: string): LiveDisk | null {
    return this.#pmem.find((p) => p.namespace.disk === name)?.driver.disk ?? null
  }

  addFile({ name, disk, block = 0, pages }: FileSpec): void {
    const blocks = Array.from({ length: pages }, (_, n) => block + n)
    this.#files.set(name, new DaxFile(this.#files.size + 1, this.#daxOf(disk), blocks))
  }

  /** @throws Error where there is none. */
  file(name: string): DaxFile {
    const file = this.#files.get(name)
    if (file === undefined) throw new Error(`there is no file ${name}`)
    return file
  }

  /** The memory of a disk, as files see it. */
  #daxOf(disk: string): DaxDevice {
    const { start, size, pfn } = this.#pmem.find((p) => p.namespace.disk === disk)!.namespace
    const offset = pfn?.dataOffset ?? 0n
    const first = Number((start + offset) / PAGE)
    const total = Number((size - offset) / PAGE)
    const series = this.rules === 'seed'
    return {
      enter: () => {
        const live = this.disk(disk)
        if (live === null || !live.isAlive) return errno.ENXIO
        return series ? live.queue.enter({ nowait: true }) : 0
      },
      exit: () => {
        if (series) this.disk(disk)?.queue.exit()
      },
      directAccess: (page, pages) =>
        page < 0 || page >= total
          ? errno.ENXIO
          : { pfn: pfnToPfnT(first + page, pfnFlags.DEV | pfnFlags.MAP), pages: Math.min(pages, total - page) },
    }
  }
}
