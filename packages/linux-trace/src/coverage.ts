/**
 * What a recording can show at all. A probe that was not installed is silent, and silence must not be read as "it did
 * not happen": what depends on it is unknown.
 */
import type { ProbeDefinition, ProbeHit } from './probes.ts'

type Edge = 'enter' | 'return'

/** What a model's state cannot do without. */
const NEEDED: Readonly<Record<string, readonly (readonly [symbol: string, edge: Edge])[]>> = {
  'resource-tree': [
    ['__request_region', 'enter'],
    ['__request_region', 'return'],
    ['__release_region', 'enter'],
  ],
  devres: [
    ['really_probe', 'enter'],
    ['really_probe', 'return'],
    ['device_unbind_cleanup', 'enter'],
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
    ['device_add_disk', 'enter'],
    ['del_gendisk', 'enter'],
  ],
}

/** How references to FS_DAX pages are given back; what goes another way shows as samples. */
const PUTS = ['__put_devmap_managed_page_refs', '__bio_release_pages'] as const

/** Functions whose probes show that page references are given back. */
const SHOWS_PUTS: ReadonlySet<string> = new Set([
  '__put_devmap_managed_page_refs',
  '__bio_release_pages',
  'page_cache_pipe_buf_release',
  'unpin_user_page',
  'gup_put_folio',
])

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
  /** Whether it is known which probes there were; else only those that were seen are. */
  readonly known: boolean
  readonly missedHits: readonly MissedHits[]
  /** Whether probes that show page references given back missed some of their hits. */
  readonly putsMissed: boolean

  constructor(definitions: ReadonlyMap<string, ProbeDefinition>, profile: string) {
    this.known = definitions.size > 0
    for (const { symbol, returns } of definitions.values()) this.#installed.add(`${symbol} ${returns ? 'return' : 'enter'}`)
    this.missedHits = missedIn(profile)
    this.putsMissed = this.missedHits.some(({ event }) => SHOWS_PUTS.has(definitions.get(event)?.symbol ?? ''))
  }

  /** Takes note that a probe is there. */
  see(hit: ProbeHit): void {
    if (!this.known) this.#installed.add(`${hit.symbol} ${hit.edge}`)
  }

  /** Whether the recording shows this; false also when that is not known. */
  shows(symbol: string, edge: Edge): boolean {
    return this.#installed.has(`${symbol} ${edge}`)
  }

  /** Whether every way in which page references are given back is recorded. */
  get puts(): boolean {
    return PUTS.every((symbol) => this.shows(symbol, 'enter'))
  }

  /** Models whose events are not all recorded, with what is missing. Empty when it is not known which probes there were. */
  missing(): Map<string, string[]> {
    const models = new Map<string, string[]>()
    if (!this.known) return models
    for (const [model, needed] of Object.entries(NEEDED)) {
      const absent = needed.filter(([symbol, edge]) => !this.shows(symbol, edge))
      if (absent.length > 0)
        models.set(
          model,
          absent.map(([symbol, edge]) => (edge === 'return' ? `${symbol} (return)` : symbol)),
        )
    }
    return models
  }
}
