/** What the pagemaps of one machine share. */
import type { DeviceId, Emitter, Ids, Pfn } from '@devtrail/events'
import { PercpuArea } from '@devtrail/percpu-ref'
import type { ResourceTree } from '@devtrail/resource-tree'
import type { MemremapPayload } from './events.ts'
import { MemorySections } from './hotplug/memory-sections.ts'
import { StructPages } from './page/struct-pages.ts'
import type { DevPagemap } from './pagemap/dev-pagemap.ts'
import { newPagemapIndex, type PagemapIndex } from './pagemap/pagemap-index.ts'
import { Rcu } from './rcu.ts'
import { memremapRules, type MemremapRules, type RulesName } from './rules.ts'

/** Where something fails; each is asked once for what it stands for. For tests of the ways out. */
export interface MemremapFaults {
  /** percpu_ref_init: 0 or an errno. */
  readonly refInit?: () => number
  /** Storing a range in the registry: 0 or an errno. */
  readonly storeRange?: (start: bigint) => number
  /** ioremap: whether there is room for a mapping. */
  readonly ioremap?: (offset: bigint, size: bigint) => boolean
  /** track_pfn_remap: 0 or an errno. */
  readonly trackMemtype?: (start: bigint) => number
  /** mhp_range_allowed. */
  readonly rangeAllowed?: (start: bigint, size: bigint) => boolean
  /** kasan_add_zero_shadow: 0 or an errno. */
  readonly zeroShadow?: (start: bigint) => number
  /** Adding the section that has a page: an errno, or null for none. What was added before it stays. */
  readonly addMemory?: (first: Pfn, last: Pfn) => { readonly pfn: Pfn; readonly errno: number } | null
}

/** What a machine is made with; all parts may be left out. */
export interface MemremapOptions {
  /** Linux 6.1 unless given. */
  readonly rules?: RulesName | MemremapRules
  /** Where grace periods and waits come from. */
  readonly rcu?: Rcu
  /** How many CPUs there are; 1 unless given. */
  readonly cpus?: number
  /** Where System RAM is looked for; without it nothing is System RAM. Its rules must be of the same era. */
  readonly iomem?: ResourceTree | null
  /** CONFIG_ZONE_DEVICE; true unless given. */
  readonly zoneDevice?: boolean
  /** CONFIG_DEVICE_PRIVATE; true unless given. Without it there is no PRIVATE memory. */
  readonly devicePrivate?: boolean
  /** CONFIG_FS_DAX_LIMITED; false unless given. With it there is no FS_DAX memory. */
  readonly fsDaxLimited?: boolean
  /** NUMA node of the CPU that things happen on (`numa_mem_id`); 0 unless given. */
  readonly localNode?: number
  readonly faults?: MemremapFaults
}

type Type = MemremapPayload['type']

/** @throws RangeError for a name that is none. */
function rulesOf(name: RulesName): MemremapRules {
  if (!Object.hasOwn(memremapRules, name))
    throw new RangeError(`there are no rules '${name}'; known are ${Object.keys(memremapRules).join(', ')}, or a table of one's own`)
  return memremapRules[name]
}

/** The registry, the hot-added memory and the struct pages of one machine; {@link PagemapTable} is how it is used. */
export class MemremapMachine {
  readonly events: Emitter
  readonly ids: Ids
  readonly rules: MemremapRules
  /** What a percpu_ref of this machine is made with. */
  readonly percpuRules: RulesName
  readonly rcu: Rcu
  readonly cpus: number
  /** Where the references of its pagemaps are counted. */
  readonly area: PercpuArea
  readonly iomem: ResourceTree | null
  readonly zoneDevice: boolean
  readonly devicePrivate: boolean
  readonly fsDaxLimited: boolean
  readonly localNode: number
  readonly faults: MemremapFaults
  readonly pages: StructPages<DevPagemap>
  readonly index: PagemapIndex
  readonly sections = new MemorySections()
  /** Pagemaps that were mapped and are not gone, newest first. */
  readonly pagemaps: DevPagemap[] = []
  /** Structs that were mapped once. */
  readonly mappedStructs = new Set<string>()
  /** Whether memory is being hot-added or removed (mem_hotplug_begin). */
  hotplugBusy = false
  readonly #warned = new Set<string>()
  /** Nobody listens. */
  #quiet: boolean

  constructor(events: Emitter, ids: Ids, options: MemremapOptions = {}) {
    const { rules = 'linux-6.1', rcu = new Rcu(), cpus = 1, iomem = null, zoneDevice = true, faults = {} } = options
    const { devicePrivate = true, fsDaxLimited = false, localNode = 0 } = options
    this.events = events
    this.ids = ids
    this.rules = typeof rules === 'string' ? rulesOf(rules) : rules
    this.percpuRules = this.rules.typed ? 'linux-6.1' : 'seed'
    this.rcu = rcu
    this.cpus = cpus
    this.area = new PercpuArea(cpus)
    this.iomem = iomem
    this.zoneDevice = zoneDevice
    this.devicePrivate = devicePrivate
    this.fsDaxLimited = fsDaxLimited
    this.localNode = localNode
    this.faults = faults
    this.pages = new StructPages(events, this.rules)
    this.index = newPagemapIndex(this.rules)
    this.#quiet = !events.on
    events.whenHeard((on) => {
      this.#quiet = !on
      for (const p of this.pagemaps) this.#settle(p)
    })
  }

  /** A pagemap was mapped. */
  mapped(p: DevPagemap): void {
    this.pagemaps.unshift(p)
    this.#settle(p)
  }

  /** A pagemap is gone. */
  gone(p: DevPagemap): void {
    const at = this.pagemaps.indexOf(p)
    if (at >= 0) this.pagemaps.splice(at, 1)
    p.answersAtOnce = false
  }

  /** The node that memory of a node's device is put on: the local one for none (NUMA_NO_NODE, -1). */
  nodeFor(nid: number): number {
    return nid < 0 ? this.localNode : nid
  }

  /** Takes or drops a reference of a pagemap where that takes no look at it: its own, live, in percpu mode, and nobody listens. Else false. */
  countRef(p: DevPagemap, n: 1 | -1): boolean {
    return this.#quiet && this.area.count(p.refWordsAt, this.events.cpu ?? 0, n)
  }

  #settle(p: DevPagemap): void {
    p.answersAtOnce = this.#quiet && !this.rules.cachedLookupGets
  }

  /** Says an event, caused by `cause` if that is not 0; returns its number. */
  say<T extends Type>(type: T, data: Extract<MemremapPayload, { type: T }>['data'], device: DeviceId | null, cause = 0): number {
    if (!this.events.on) return 0
    return this.events.emit<MemremapPayload>(type, data, cause === 0 ? { device } : { device, cause: [cause] })
  }

  /** Says what the kernel prints; `once`: only the first time (WARN_ONCE). */
  warn(p: DevPagemap | null, by: string, message: string, once = false, cause = 0): void {
    const key = `${by}: ${message}`
    if (once && this.#warned.has(key)) return
    if (once) this.#warned.add(key)
    this.say('memremap/warned', { pagemap: p?.id ?? null, by, message }, p?.device ?? null, cause)
  }
}
