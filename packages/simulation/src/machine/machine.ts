/** A machine with NVDIMMs whose tasks take turns: the nvdimm bus with all below it, and the files that lie on it. */
import { Emitter, errno, ManualClock, type AnyEvent } from '@devtrail/events'
import { DaxFile, type PagemapRegistry, type RulesName } from '@devtrail/memremap'
import { NvdimmMachine, type Gendisk, type NdDevice, type SeriesPatch } from '@devtrail/nvdimm-pmem'
import type { FaultSpec, FileSpec } from '../scenario/scenario.ts'
import { daxOf } from './dax.ts'
import { Faults } from './faults.ts'
import { Scheduler } from './scheduler.ts'
import { WaitingRcu } from './waiting-rcu.ts'

export interface MachineInit {
  readonly rules: RulesName
  /** 17 unless given. */
  readonly series?: SeriesPatch
  readonly sink: (event: AnyEvent) => void
  readonly faults?: readonly FaultSpec[]
}

export class SimulatedMachine {
  readonly rules: RulesName
  readonly clock = new ManualClock()
  readonly emitter: Emitter
  readonly scheduler: Scheduler
  /** Regions, namespaces and their driver; its own lists and rules are for those who need more than names. */
  readonly nvdimm: NvdimmMachine
  readonly #faults: Faults
  readonly #files = new Map<string, DaxFile>()
  readonly #onCharacterDevices = new Set<string>()

  constructor({ rules, series = 17, sink, faults = [] }: MachineInit) {
    this.rules = rules
    const emitter = new Emitter(this.clock, sink)
    this.emitter = emitter
    const rcu = new WaitingRcu()
    this.#faults = new Faults(faults)
    const schedule = (task: () => void): void => this.scheduler.schedule(task)
    this.nvdimm = new NvdimmMachine({ emitter, rules, series, rcu, schedule, faults: this.#faults.ofNvdimm })
    this.scheduler = new Scheduler({ clock: this.clock, emitter, rcu })
  }

  /** From now on there are tasks: what the bus does by itself is one of them, and faults are counted. */
  start(): void {
    this.nvdimm.rcu.drain()
    this.nvdimm.later = (actor, steps) => this.scheduler.spawn(actor, steps)
    this.#faults.areArmed = true
  }

  /** The pagemaps, and the references to their pages. */
  get registry(): PagemapRegistry {
    return this.nvdimm.registry
  }

  /** A device of the nvdimm bus by its name. */
  device(name: string): NdDevice | undefined {
    return this.nvdimm.device(name)
  }

  /** 0 when bound, or an errno: -ENODEV where there is no such device, -ENXIO where another device comes back for it. */
  bind(name: string): number {
    const device = this.device(name)
    return device === undefined ? errno.ENODEV : this.nvdimm.bind(device)
  }

  /** 0 when unbound, or -ENODEV where no such device is bound. */
  unbind(name: string): number {
    const device = this.device(name)
    return device === undefined ? errno.ENODEV : this.nvdimm.unbind(device)
  }

  /** Writes to an attribute of a device: 0, or an errno: -ENODEV where there is no such device. */
  store(name: string, attribute: string, value: string): number {
    return this.device(name)?.store(attribute, value) ?? errno.ENODEV
  }

  /** A device that holds a namespace gives it up, and is gone unless it is a seed: 0, -EBUSY while it is bound, -ENODEV where there is none. */
  detach(name: string): number {
    return this.store(name, 'namespace', '')
  }

  /** The disk of a name while there is one. */
  disk(name: string): Gendisk | null {
    const devices = this.nvdimm.regions.flatMap((region) => region.devices)
    return devices.find(({ disk }) => disk?.name === name)?.disk ?? null
  }

  addFile({ name, disk, block = 0, pages }: FileSpec): void {
    const blocks = Array.from({ length: pages }, (_, n) => block + n)
    if (disk.startsWith('dax')) this.#onCharacterDevices.add(name)
    this.#files.set(name, new DaxFile(this.#files.size + 1, daxOf(this.nvdimm, disk), blocks))
  }

  /** Whether a file is a part of a character device. */
  isCharacterDevice(name: string): boolean {
    return this.#onCharacterDevices.has(name)
  }

  /** @throws Error where there is none. */
  file(name: string): DaxFile {
    const file = this.#files.get(name)
    if (file === undefined) throw new Error(`there is no file ${name}`)
    return file
  }
}
