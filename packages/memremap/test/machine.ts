/** A machine whose events are folded and judged as they are said, for the tests beside the sources. */
import { DeviceResources, DriverCore } from '@devtrail/devres'
import { Ids, type Actor } from '@devtrail/events'
import { INIT_ATOMIC, type PercpuRef } from '@devtrail/percpu-ref'
import { Resource, ResourceTree, ioresource } from '@devtrail/resource-tree'
import { driverRef } from './driver.ts'
import { Judged } from './judged.ts'
import { memoryType } from '../src/pagemap/memory-type.ts'
import type { DevPagemap, PhysRange } from '../src/pagemap/dev-pagemap.ts'
import type { VmemAltmap } from '../src/altmap/altmap.ts'
import { PagemapRegistry, type RegistryOptions } from '../src/pagemap-registry.ts'
import type { MapOptions } from '../src/pagemap/pagemap-table.ts'
import { Rcu } from '../src/rcu.ts'

export const GIB = 1n << 30n
export const MIB = 1n << 20n
export const rangeOf = (start: bigint, size: bigint): PhysRange => ({ start, end: start + size - 1n })

export interface MachineOptions extends RegistryOptions {
  /** Which allocation of a managed resource fails, from 1. */
  readonly failsAt?: number
  /** Ranges of System RAM and of other memory; none unless given. */
  readonly ram?: readonly PhysRange[]
  readonly other?: readonly PhysRange[]
}

export class Machine extends Judged {
  readonly ids = new Ids()
  readonly rcu: Rcu
  readonly registry: PagemapRegistry
  readonly core: DriverCore
  readonly #allocations = { count: 0 }

  constructor({ failsAt = 0, ram, other, ...options }: MachineOptions = {}) {
    super()
    this.rcu = options.rcu ?? new Rcu()
    const typed = options.rules !== 'seed' && (options.rules === undefined || typeof options.rules === 'string' || options.rules.typed)
    const rules = typed ? 'linux-6.1' : 'seed'
    const iomem = ram === undefined && other === undefined ? null : this.#tree(rules, ram ?? [], other ?? [])
    this.registry = new PagemapRegistry(this.emitter, this.ids, { iomem, rcu: this.rcu, ...options })
    const allocate = (): boolean => ++this.#allocations.count !== failsAt
    this.core = new DriverCore({ events: this.emitter, ids: this.ids, rules, queueWork: (work) => work(), allocate })
    this.events.length = 0
  }

  #tree(rules: 'seed' | 'linux-6.1', ram: readonly PhysRange[], other: readonly PhysRange[]): ResourceTree {
    const tree = new ResourceTree(this.emitter, this.ids, { name: 'iomem', start: 0n, end: 2n ** 64n - 1n, rules })
    const flags = rules === 'seed' ? ioresource.MEM | ioresource.BUSY : ioresource.SYSTEM_RAM | ioresource.BUSY
    for (const { start, end } of ram) tree.requestResource(new Resource(start, end, 'System RAM', flags))
    for (const { start, end } of other) tree.requestResource(new Resource(start, end, 'Persistent Memory', ioresource.MEM))
    return tree
  }

  device(id = 1): { id: number; resources: DeviceResources } {
    return { id, resources: new DeviceResources(this.core, id) }
  }

  /** A live reference as a driver of the seed has one: the usage counter of a queue, atomic. */
  driverRef(flags = INIT_ATOMIC): PercpuRef {
    return driverRef(this.emitter, this.ids, this.rcu, flags)
  }

  /** memremap_pages of FS_DAX memory, or whatever `type` says. */
  map(start: bigint, size: bigint, options: MapOptions = {}, type: number = memoryType.FS_DAX): DevPagemap | number {
    return this.registry.memremapPages(1, rangeOf(start, size), type, options)
  }

  mapped(start: bigint, size: bigint, options: MapOptions = {}, type: number = memoryType.FS_DAX): DevPagemap {
    const p = this.map(start, size, options, type)
    if (typeof p === 'number') throw new Error(`refused with ${p}`)
    return p
  }

  /** devm_memremap_pages of the seed. */
  seedMapped(start: bigint, size: bigint, ref = this.driverRef(), altmap: VmemAltmap | null = null, device = this.device()): DevPagemap {
    const mapped = this.registry.devmMemremapPages(device, rangeOf(start, size), ref, altmap)
    if (typeof mapped === 'number' || mapped.pagemap === null) throw new Error(`no pagemap: ${typeof mapped === 'number' ? mapped : 'RAM'}`)
    return mapped.pagemap
  }

  /** The pagemap that a lookup of a page finds; the reference is put again. */
  finds(pfn: number): number | null {
    const p = this.registry.getDevPagemap(pfn)
    this.registry.putDevPagemap(p)
    return p?.id ?? null
  }

  as<T>(actor: Actor, what: () => T): T {
    const before = this.emitter.actor
    this.clock.advance(1_000_000)
    this.emitter.actor = actor
    try {
      return what()
    } finally {
      this.emitter.actor = before
    }
  }

  /** Names of the memremap events so far, from the given one on; lookups left out unless wanted. */
  said(from = 0, lookups = false): string[] {
    const names = this.events.slice(from).flatMap((e) => (e.type.startsWith('memremap/') ? [e.type.slice('memremap/'.length)] : []))
    return lookups ? names : names.filter((name) => name !== 'lookup-started' && name !== 'looked-up')
  }

  warnings(): string[] {
    return this.events.filter((e) => e.type === 'memremap/warned').map((e) => `${e.data['by'] as string}: ${e.data['message'] as string}`)
  }

  /** The rules that were broken, each once. */
  broken(): string[] {
    return [...new Set(this.violations.map((v) => `${v.certainty} ${v.rule}`))]
  }
}
