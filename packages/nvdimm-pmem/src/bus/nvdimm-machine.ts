/**
 * A simulated machine with NVDIMMs: memory map, pagemaps, driver core, and the nvdimm bus with its regions and their devices. What the bus
 * does by itself, like binding what autodetection found, is done at the end of each call.
 */
import { DriverCore, LiveDevice, type Driver } from '@devtrail/devres'
import { errno, Ids, type Actor, type DeviceId, type Emitter, type PagemapId } from '@devtrail/events'
import { PagemapRegistry, Rcu, type MemremapFaults, type RulesName, type Steps } from '@devtrail/memremap'
import type { PercpuRef } from '@devtrail/percpu-ref'
import { ioresource, Resource, ResourceTree } from '@devtrail/resource-tree'
import { drivers } from '../driver/drivers.ts'
import { nvdimmRules, type NvdimmRules } from '../driver/nvdimm-rules.ts'
import type { NvdimmPmemPayload } from '../events.ts'
import type { QueueMachine } from '../queue/queue-machine.ts'
import { Background } from './background.ts'
import type { NdDevice } from './nd-device.ts'
import { NdRegion, type RegionSpec } from './nd-region.ts'

/** Where something fails; for tests of the ways out. */
export interface NvdimmFaults extends MemremapFaults {
  /** Whether there is memory for a request queue. */
  readonly queue?: () => boolean
  /** Whether there is memory for a gendisk. */
  readonly disk?: () => boolean
  /** Whether there is memory for the next managed resource. */
  readonly allocate?: () => boolean
}

export interface NvdimmMachineInit {
  readonly emitter: Emitter
  readonly ids?: Ids
  /** `linux-6.1` unless given. */
  readonly rules?: RulesName
  /** The memory map; an empty one unless given. Its rules must be of the same era. */
  readonly iomem?: ResourceTree
  readonly rcu?: Rcu
  /** 1 unless given. */
  readonly cpus?: number
  /** CONFIG_ZONE_DEVICE. */
  readonly zoneDevice?: boolean
  /** Whether the CPU can make stores durable (wmb_pmem); true unless given. */
  readonly persistent?: boolean
  readonly faults?: NvdimmFaults
  /** Up to which patch of the series of October 2015 its kernel goes: 17, the seed, unless given; or 20, all of it. Of rules `seed` alone. */
  readonly series?: SeriesPatch
  /** Runs tasks that are woken because a page became idle; at once unless given. */
  readonly schedule?: (task: () => void) => void
}

/** 17: the reference of struct pages. 20: also the notice that a queue is dead (18), and pages that are unmapped on it (19). */
export type SeriesPatch = 17 | 20

type Type = NvdimmPmemPayload['type']
type DataOf<T extends Type> = Extract<NvdimmPmemPayload, { type: T }>['data']

const KWORKER: Actor = { pid: 111, comm: 'kworker/u4:3' }

export class NvdimmMachine implements QueueMachine {
  readonly emitter: Emitter
  readonly ids: Ids
  readonly rules: RulesName
  readonly table: NvdimmRules
  readonly iomem: ResourceTree
  readonly rcu: Rcu
  readonly cpus: number
  readonly zoneDevice: boolean
  readonly persistent: boolean
  readonly faults: NvdimmFaults
  readonly registry: PagemapRegistry
  readonly core: DriverCore
  /** Tasks that go on while one waits, as for a queue to drain. */
  readonly background: Background
  /** Up to which patch of the series its kernel goes; of `seed` alone. */
  readonly series: SeriesPatch
  /** Who does what the bus begins by itself, like binding what was found; null: it is done at the end of each call. Set by whoever has tasks. */
  later: ((actor: Actor, steps: Steps<void>) => void) | null = null
  readonly #regions: NdRegion[] = []
  readonly #devices = new Map<DeviceId, NdDevice>()
  readonly #work: (() => void)[] = []
  readonly #warned = new Set<string>()
  readonly #minors = new Set<number>()
  #isSettling = false
  #uuids = 0

  constructor(init: NvdimmMachineInit) {
    const {
      emitter,
      ids = new Ids(),
      rules = 'linux-6.1',
      rcu = new Rcu(),
      cpus = 1,
      zoneDevice = true,
      persistent = true,
      faults = {},
    } = init
    this.emitter = emitter
    this.ids = ids
    this.rules = rules
    this.table = nvdimmRules[rules]
    this.iomem = init.iomem ?? new ResourceTree(emitter, ids, { name: 'iomem', start: 0n, end: 2n ** 64n - 1n, rules })
    this.rcu = rcu
    this.cpus = cpus
    this.zoneDevice = zoneDevice
    this.persistent = persistent
    this.faults = faults
    this.series = init.series ?? 17
    const { schedule } = init
    this.registry = new PagemapRegistry(emitter, ids, {
      rules,
      rcu,
      cpus,
      zoneDevice,
      iomem: this.iomem,
      faults,
      ...(schedule === undefined ? {} : { schedule }),
    })
    const allocate = (): boolean => faults.allocate?.() ?? true
    this.core = new DriverCore({ events: emitter, ids, rules, queueWork: (work) => this.#begin(work), allocate })
    this.background = new Background(emitter)
    rcu.others = () => this.background.step()
  }

  /** `dax_pmem`, the driver of dax devices. */
  readonly #daxDriver: Driver = { name: 'dax_pmem', probe: (live) => this.#busProbe(this.#of(live)) }
  /** `nd_pmem`, the driver of all other devices below a region. */
  readonly #driver: Driver = {
    name: 'nd_pmem',
    probe: (live) => this.#busProbe(this.#of(live)),
    remove: (live) => drivers[this.rules].remove(this.#of(live)),
  }

  get regions(): readonly NdRegion[] {
    return this.#regions
  }

  /**
   * Adds a region and probes it: there are its namespace and its seeds, none of them bound but what can be.
   * @throws RangeError, and nothing is added, unless its start and its size are whole pages, from 0 and 1 on, its end at most 64 TiB, and its
   * medium as large as it is.
   */
  addRegion(spec: RegionSpec): NdRegion {
    const region = new NdRegion(this, spec.index ?? this.#regions.length, spec)
    if (this.#regions.some(({ index }) => index === region.index)) throw new Error(`there is a region${region.index} already`)
    const { start, end } = region.range
    this.iomem.requestResource(new Resource(start, end, 'Persistent Memory', ioresource.MEM))
    this.#regions.push(region)
    region.probe()
    this.settle()
    return region
  }

  /** A device below a region by its name, while it is on the bus. */
  device(name: string): NdDevice | undefined {
    return this.#regions.flatMap((region) => region.devices).find((device) => device.name === name)
  }

  /** Writes a device's name to `bind` of nd_pmem, or of dax_pmem for a dax device: 0, or what probing it gave; -ENXIO also where a superblock was found, whose device is bound then. */
  bind(device: NdDevice): number {
    const error = this.#probe(device)
    this.settle()
    return error
  }

  /** Writes a device's name to `unbind`: 0, or -ENODEV when it is not bound. @throws NeverEnds when it waits for what never comes. */
  unbind(device: NdDevice): number {
    const was = device.live.unbind()
    this.settle()
    return was ? 0 : errno.ENODEV
  }

  #begin(work: () => void): void {
    if (this.later === null) this.#work.push(work)
    else this.later(KWORKER, once(work))
  }

  /** `async_schedule`: a task of its own, beside whoever begins it. */
  async(steps: Steps<void>): void {
    if (this.later === null) this.background.spawn(KWORKER, steps)
    else this.later(KWORKER, steps)
  }

  /** Does what was queued meanwhile. */
  settle(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    try {
      for (let work = this.#work.shift(); work !== undefined; work = this.#work.shift()) this.emitter.as(KWORKER, work)
    } finally {
      this.#isSettling = false
    }
  }

  // What follows is for the devices of the bus.

  registerDevice(device: NdDevice): LiveDevice {
    const live = new LiveDevice(this.core, { name: device.name, bus: 'nd', kind: `nd-${device.kind}` })
    this.#devices.set(live.id, device)
    return live
  }

  unregisterDevice(device: NdDevice): void {
    this.#begin(() => {
      device.live.del()
      device.live.put()
      this.#devices.delete(device.id)
    })
  }

  /** nd_async_device_register. */
  bindLater(device: NdDevice): void {
    this.#begin(() => void this.#probe(device))
  }

  #probe(device: NdDevice): number {
    return device.live.probe(device.kind === 'dax' ? this.#daxDriver : this.#driver)
  }

  /** nvdimm_bus_probe. */
  #busProbe(device: NdDevice): number {
    this.bindPins(device.live)
    const error = drivers[this.rules].probe(device)
    if (error === 0 || (error === errno.EOPNOTSUPP && this.table.advancesUnsupported)) device.region.advance(device)
    return error
  }

  /** pinctrl_bind_pins, which finds that there are none. */
  bindPins({ resources }: LiveDevice): void {
    if (!this.table.bindsPins) return
    const memory = resources.kmalloc(40)
    if (memory === null) return
    resources.add(devm_pinctrl_release, null, 8)
    resources.destroy(devm_pinctrl_release)
    resources.kfree(memory)
  }

  #of(live: LiveDevice): NdDevice {
    const device = this.#devices.get(live.id)
    if (device === undefined) throw new Error(`${live.name} is no device of the nvdimm bus`)
    return device
  }

  /** The pagemap that has a counter for its reference. */
  pagemapOf(ref: PercpuRef): PagemapId | null {
    return this.registry.pagemaps.find((pagemap) => pagemap.ref === ref)?.id ?? null
  }

  mayAllocateQueue(): boolean {
    return this.faults.queue?.() ?? true
  }

  /** A uuid that this machine gave to nobody else. */
  newUuid(): string {
    return `00000000-0000-4000-8000-${(++this.#uuids).toString(16).padStart(12, '0')}`
  }

  /** The lowest minor that no disk has. */
  takeMinor(): number {
    let minor = 0
    while (this.#minors.has(minor)) minor++
    this.#minors.add(minor)
    return minor
  }

  freeMinor(minor: number): void {
    this.#minors.delete(minor)
  }

  say<T extends Type>(type: T, data: DataOf<T>, device: DeviceId | null): number {
    return this.emitter.on ? this.emitter.emit<NvdimmPmemPayload>(type, data, { device }) : 0
  }

  /** Says what the kernel prints; `once`: only the first time. */
  warn(device: DeviceId | null, by: string, message: string, once = false): void {
    const key = `${by}: ${message}`
    if (once && this.#warned.has(key)) return
    if (once) this.#warned.add(key)
    this.say('nvdimm-pmem/warned', { device, by, message }, device)
  }
}

function devm_pinctrl_release(): void {}

function* once(work: () => void): Steps<void> {
  yield null
  work()
}
