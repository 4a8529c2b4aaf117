/**
 * What a recording can show at all. A probe that was not installed is silent, and silence must not be read as "it did
 * not happen": what depends on it is unknown.
 */
import type { ProbeDefinition } from './probes.ts'
import type { ProbeHit } from './probe-hit.ts'

type Edge = 'enter' | 'return'

/** What a model's state cannot do without; of functions that kernels call differently, one is enough. */
const NEEDED: Readonly<Record<string, readonly (readonly [symbols: string, edge: Edge])[]>> = {
  'resource-tree': [
    ['__request_region', 'enter'],
    ['__request_region', 'return'],
    ['__release_region', 'enter'],
  ],
  devres: [
    ['really_probe', 'enter'],
    ['really_probe', 'return'],
    ['device_unbind_cleanup|__device_release_driver', 'enter'],
    ['devres_release_all', 'enter'],
    ['devres_release_all', 'return'],
  ],
  memremap: [
    ['memremap_pages', 'enter'],
    ['memremap_pages', 'return'],
    ['memunmap_pages', 'enter'],
    ['arch_remove_memory', 'enter'],
  ],
  'nvdimm-pmem': [
    ['device_add_disk|add_disk_fwnode', 'enter'],
    ['del_gendisk', 'enter'],
  ],
}

/**
 * How references to FS_DAX pages are given back, by kernel: 6.1, 5.10, 6.12. What goes another way shows as samples; from
 * 6.15 on such pages are counted like any others, and nothing shows all of it.
 */
const PUTS: readonly (readonly string[])[] = [
  ['__put_devmap_managed_page_refs', '__bio_release_pages'],
  ['put_devmap_managed_page'],
  ['__put_devmap_managed_folio_refs'],
]

/** Functions whose probes show that page references are given back. */
const SHOWS_PUTS: ReadonlySet<string> = new Set([...PUTS.flat(), 'page_cache_pipe_buf_release', 'unpin_user_page', 'gup_put_folio'])

const RESOURCES = ['__request_region', '__release_region', 'release_resource', 'remove_resource'].concat(
  ['request', 'insert'].flatMap((verb) => [`${verb}_resource`, `${verb}_resource_conflict`]),
)

const DRIVERS = ['really_probe', 'device_unbind_cleanup', '__device_release_driver', 'devres_release_all']
const PMEM_DRIVERS = ['nd_pmem_probe', 'nd_pmem_remove', 'nd_pmem_shutdown', 'nd_pfn_probe', 'nd_btt_probe', 'nd_dax_probe'].concat([
  'pmem_attach_disk',
  'nvdimm_setup_pfn',
  'nvdimm_namespace_attach_btt',
  'nvdimm_namespace_detach_btt',
])

const DISKS = ['device_add_disk', 'add_disk_fwnode', 'del_gendisk', 'kill_dax', 'blk_freeze_queue_start', 'blk_mq_freeze_queue_wait']

/**
 * Functions whose every hit a model's state rests on: where one was missed, that model holds for the moment only. Of memremap
 * these are all that have a meaning and are not named here.
 */
const RESTS_ON: Readonly<Record<string, ReadonlySet<string>>> = {
  // Whose a region is, is told by what drivers do meanwhile.
  'resource-tree': new Set([...RESOURCES, ...DRIVERS]),
  devres: new Set([...DRIVERS, ...PMEM_DRIVERS]),
  'nvdimm-pmem': new Set([...DRIVERS, ...PMEM_DRIVERS, ...DISKS]),
}

/** Functions that only make something surer: the counter of a queue is unknown until it is seen to be zero. */
const ONLY_ADDS: readonly string[] = ['blk_queue_usage_counter_release']

/** Functions that say nothing of pages, nor of who waits for them. */
const APART_FROM_PAGES: ReadonlySet<string> = new Set([...ONLY_ADDS, ...Object.values(RESTS_ON).flatMap((symbols) => [...symbols])])

const restsOn = (model: string, symbol: string): boolean => RESTS_ON[model]?.has(symbol) ?? !APART_FROM_PAGES.has(symbol)

/** A probe that was not run every time, and how often it was not. */
export interface MissedHits {
  readonly event: string
  readonly hits: number
}

/** Probes of which `kprobe_profile` (name, hits, misses) says that they missed some. */
function missedIn(profile: string): MissedHits[] {
  return profile.split(/\r?\n/).flatMap((line) => {
    const m = /^\s*(\S+)\s+\d+\s+([1-9]\d*)\s*$/.exec(line)
    return m === null ? [] : [{ event: m[1]!, hits: Number(m[2]) }]
  })
}

export class Coverage {
  readonly #installed = new Set<string>()
  /** Asked at every grab. */
  #grabsReturnErrno = false
  /** Whether it is known which probes there were; else only those that were seen are. */
  readonly known: boolean
  readonly missedHits: readonly MissedHits[]
  /** Whether probes that show page references given back missed some of their hits. */
  readonly putsMissed: boolean
  /** Whether references to pages are known to be given back without a word of it. */
  readonly putsGoUnseen: boolean
  /** Whether probes missed hits that may have shown a page or who waits for it at the end. */
  readonly endMissed: boolean
  /** Functions whose return probes missed hits, with how many. */
  readonly missedReturns: ReadonlyMap<string, number>
  /** Models of which the recording does not show all: probes were not installed, or missed hits. */
  readonly partial: readonly string[]

  constructor(definitions: ReadonlyMap<string, ProbeDefinition>, profile: string) {
    this.known = definitions.size > 0
    for (const { symbol, returns } of definitions.values()) this.#installed.add(`${symbol} ${returns ? 'return' : 'enter'}`)
    this.#seeInstalled()
    this.missedHits = missedIn(profile)
    const missed = this.missedHits.map(({ event }) => definitions.get(event)?.symbol ?? '')
    this.putsMissed = missed.some((symbol) => SHOWS_PUTS.has(symbol))
    this.putsGoUnseen = this.known && (this.putsMissed || !this.puts)
    this.endMissed = missed.some((symbol) => !APART_FROM_PAGES.has(symbol))
    this.missedReturns = new Map(
      this.missedHits.flatMap(({ event, hits }) => {
        const probe = definitions.get(event)
        return probe?.returns === true ? [[probe.symbol, hits]] : []
      }),
    )
    const missing = this.missing()
    this.partial = Object.keys(NEEDED).filter((model) => missing.has(model) || missed.some((symbol) => restsOn(model, symbol)))
  }

  /** Takes note that a probe is there. */
  see(hit: ProbeHit): void {
    if (this.known) return
    this.#installed.add(`${hit.symbol} ${hit.edge}`)
    this.#seeInstalled()
  }

  #seeInstalled(): void {
    this.#grabsReturnErrno = this.shows('try_grab_folio_fast', 'enter')
  }

  /** Whether try_grab_folio returns an errno, as it does in kernels that have its fast sibling (6.11 on). */
  get grabsReturnErrno(): boolean {
    return this.#grabsReturnErrno
  }

  /** Whether the recording shows this; false also when that is not known. */
  shows(symbol: string, edge: Edge): boolean {
    return this.#installed.has(`${symbol} ${edge}`)
  }

  /** Whether every way in which page references are given back is recorded. */
  get puts(): boolean {
    return PUTS.some((symbols) => symbols.every((symbol) => this.shows(symbol, 'enter')))
  }

  /** Models whose events are not all recorded, with what is missing. Empty when it is not known which probes there were. */
  missing(): Map<string, string[]> {
    const models = new Map<string, string[]>()
    if (!this.known) return models
    for (const [model, needed] of Object.entries(NEEDED)) {
      const absent = needed.filter(([symbols, edge]) => !symbols.split('|').some((symbol) => this.shows(symbol, edge)))
      if (absent.length > 0)
        models.set(
          model,
          absent.map(([symbols, edge]) => {
            const [symbol] = symbols.split('|') as [string]
            return edge === 'return' ? `${symbol} (return)` : symbol
          }),
        )
    }
    return models
  }
}
