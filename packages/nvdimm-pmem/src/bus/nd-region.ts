/** A region of persistent memory and what is below it (drivers/nvdimm/region_devs.c, namespace_devs.c). */
import { errno } from '@devtrail/events'
import type { PhysRange } from '@devtrail/memremap'
import type { Medium } from '../media/medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { ZeroMedium } from '../media/zero-medium.ts'
import { NdBtt } from './nd-btt.ts'
import { NdClaimant } from './nd-claimant.ts'
import type { NdDevice, NdKind } from './nd-device.ts'
import { NdNamespace } from './nd-namespace.ts'
import { NdPfn } from './nd-pfn.ts'
import type { NvdimmMachine } from './nvdimm-machine.ts'

export interface RegionSpec {
  /** The number in its name; the next one unless given. */
  readonly index?: number
  /** Physical address: a whole page's. Where struct pages are wanted, 6.1 wants a multiple of 2 MiB, and probes say so. */
  readonly start: bigint
  /** Bytes: whole pages of 4096, and not past 64 TiB. */
  readonly size: number
  /** Its bytes; zeros unless given. */
  readonly medium?: Medium
  /** ND_REGION_PAGEMAP: raw namespaces get struct pages. True unless given, as of e820 regions; NFIT does not set it. */
  readonly pagemap?: boolean
  /** Namespaces are made and named by labels; else there is one, of all of it. False unless given. */
  readonly labels?: boolean
  /** What labels there are say of namespaces, in the order of their numbers. */
  readonly found?: readonly FoundNamespace[]
  /** Bytes that cannot be read, as the bus knows them (`badrange`). */
  readonly badRanges?: readonly { readonly at: number; readonly length: number }[]
  readonly readOnly?: boolean
  /** What clearing poison takes: bytes of its unit, 0 for a bus that has no such command. Left out: a bus that asks nobody (e820). */
  readonly clearUnit?: number
}

/** A namespace by its label. */
export interface FoundNamespace {
  /** Byte of the region at which it begins. */
  readonly at: number
  /** Bytes. */
  readonly size: number
  readonly uuid: string
  /** Its bytes; those of the region unless given. */
  readonly medium?: Medium
  /** What it is for (`holder_class`); nothing unless given. */
  readonly claimClass?: string
}

/** Namespaces made by labels are of whole multiples of this, bytes. */
const NAMESPACE_ALIGN = 16 << 20

export interface NamespaceSpec {
  /** Bytes; all that is left unless given. */
  readonly size?: number
  readonly uuid?: string
}

const REGION_END_MAX = 1n << 46n
const PAGE = 4096

/** @throws RangeError for a region that no machine can have. */
function assertPlace(index: number, start: bigint, size: number): void {
  if (start < 0n || start % BigInt(PAGE) !== 0n)
    throw new RangeError(`region${index}: start: expected a multiple of ${PAGE} from 0 on, found ${start}`)
  if (!(Number.isSafeInteger(size) && size > 0 && size % PAGE === 0))
    throw new RangeError(`region${index}: size: expected bytes of whole pages of ${PAGE}, found ${size}`)
  if (start + BigInt(size) > REGION_END_MAX)
    throw new RangeError(`region${index}: expected a range below 64 TiB, found ${size} bytes from ${start} on`)
}

type Seeds = { [K in NdKind]: K extends 'namespace' ? NdNamespace : K extends 'btt' ? NdBtt : NdPfn }

export class NdRegion {
  readonly machine: NvdimmMachine
  readonly index: number
  readonly start: bigint
  readonly size: number
  readonly medium: Medium
  readonly pagemap: boolean
  readonly labels: boolean
  readonly readOnly: boolean
  readonly clearUnit: number | null
  readonly #found: readonly FoundNamespace[]
  readonly #badRanges: NonNullable<RegionSpec['badRanges']>
  readonly #devices = new Set<NdDevice>()
  readonly #seeds: Partial<Seeds> = {}

  constructor(machine: NvdimmMachine, index: number, spec: RegionSpec) {
    const { start, size, medium, pagemap = true, labels = false, readOnly = false, clearUnit, found = [], badRanges = [] } = spec
    assertPlace(index, start, size)
    this.machine = machine
    this.index = index
    this.start = start
    this.size = size
    this.medium = medium ?? new OverlayMedium(new ZeroMedium(size))
    this.pagemap = pagemap
    this.labels = labels
    this.readOnly = readOnly
    this.clearUnit = clearUnit ?? null
    this.#found = found
    this.#badRanges = badRanges
    if (this.medium.size < size) throw new RangeError(`a region of ${size} bytes has a medium of ${this.medium.size}`)
  }

  get range(): PhysRange {
    return { start: this.start, end: this.start + BigInt(this.size) - 1n }
  }

  /** `nd_region_probe`: its namespace, or the seed of one, and the seeds of what can take it. */
  probe(): void {
    if (this.labels) {
      for (const { at, size, uuid, medium, claimClass = '' } of this.#found) this.#find(at, size, uuid, medium).claimClass = claimClass
      this.#seed('namespace')
    } else this.#find(0, this.size, null)
    for (const kind of this.machine.table.kinds) this.#seed(kind)
  }

  #find(at: number, size: number, uuid: string | null, medium?: Medium): NdNamespace {
    const ns = new NdNamespace(this, this.#freeIndex('namespace'), uuid !== null)
    ns.uuid = uuid
    ns.place(at, size, medium)
    for (const bad of this.#badRanges) {
      const from = Math.max(bad.at, at)
      const to = Math.min(bad.at + bad.length, at + size)
      if (from < to) ns.badBlocks.addBytes(from - at, to - from)
    }
    this.#register(ns)
    return ns
  }

  get devices(): readonly NdDevice[] {
    return [...this.#devices]
  }

  get namespaces(): readonly NdNamespace[] {
    return this.devices.filter((d) => d instanceof NdNamespace)
  }

  /** The device of a kind that is there to be taken into use. @throws Error for a kind that this kernel or region has no seed of. */
  seed<K extends NdKind>(kind: K): Seeds[K] {
    const seed = this.#seeds[kind]
    if (seed === undefined) throw new Error(`region${this.index} has no ${kind} seed`)
    return seed
  }

  isSeed(device: NdDevice): boolean {
    return this.#seeds[device.kind] === device
  }

  /** Takes the seed of a namespace into use, as `ndctl create-namespace` does before it binds anything. @throws Error when there is no room. */
  createNamespace({ size = this.available, uuid = this.machine.newUuid() }: NamespaceSpec = {}): NdNamespace {
    const ns = this.seed('namespace')
    const error = ns.store('uuid', uuid) || ns.store('size', `${size}`)
    if (error !== 0) throw new Error(`${ns.name} cannot have ${size} bytes: ${error}; ${this.available} are available`)
    return ns
  }

  /** Bytes that no namespace has, at the end. */
  get available(): number {
    const used = Math.max(0, ...this.namespaces.map((ns) => ns.at + ns.size))
    return this.size - used
  }

  /** Gives a namespace room, or takes it (0): -EINVAL for what is no multiple of 16 MiB, -ENOSPC where there is none. */
  allocate(ns: NdNamespace, size: number): number {
    if (size % Math.min(NAMESPACE_ALIGN, this.size) !== 0) return errno.EINVAL
    const others = this.namespaces.filter((other) => other !== ns)
    const at = Math.max(0, ...others.map((other) => other.at + other.size))
    if (at + size > this.size) return errno.ENOSPC
    ns.place(at, size)
    return 0
  }

  /** `nd_region_advance_seeds`: the seed that was bound is one no more, and neither is the namespace that it holds. */
  advance(device: NdDevice): void {
    if (device instanceof NdClaimant && device.ndns !== null) this.#advance(device.ndns)
    this.#advance(device)
  }

  #advance(device: NdDevice): void {
    if (!this.isSeed(device)) return
    delete this.#seeds[device.kind]
    const next = this.#seed(device.kind)
    this.machine.say('nvdimm-pmem/seed-advanced', { device: device.id, kind: device.kind, next: next.name }, device.id)
  }

  /** A device that autodetection made: the bus binds it when it gets to it. */
  adopt(device: NdDevice): void {
    this.#register(device)
  }

  /** A new device of a kind, that nobody has registered yet. */
  make(kind: NdKind): NdDevice {
    const index = this.#freeIndex(kind)
    if (kind === 'namespace') return new NdNamespace(this, index, true)
    return kind === 'btt' ? new NdBtt(this, index) : new NdPfn(this, kind, index)
  }

  /** The name that the next device of a kind will have. */
  nextName(kind: NdKind): string {
    return `${kind}${this.index}.${this.#freeIndex(kind)}`
  }

  /** `nd_device_unregister`, of a device that is not bound. */
  unregister(device: NdDevice): void {
    this.#devices.delete(device)
    this.machine.unregisterDevice(device)
  }

  #seed(kind: NdKind): NdDevice {
    const device = this.make(kind)
    this.#seeds[kind] = device as never
    this.#register(device)
    return device
  }

  #register(device: NdDevice): void {
    this.#devices.add(device)
    this.machine.bindLater(device)
  }

  #freeIndex(kind: NdKind): number {
    const taken = new Set(this.devices.filter((d) => d.kind === kind).map((d) => d.index))
    let index = 0
    while (taken.has(index)) index++
    return index
  }
}
