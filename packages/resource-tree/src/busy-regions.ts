/** `__request_region` and `__release_region`: busy ranges that look for their place themselves. */
import type { Emitter } from '@devtrail/events'
import { hasFlags, ioresDesc, ioresource, typeBits, typeOf } from './flags.ts'
import { MuxedQueue } from './muxed-queue.ts'
import { childAround, placeUnder } from './place.ts'
import { u64, type AddressRange } from './ranges.ts'
import { Resource } from './resource.ts'
import type { ResourceTreeRules } from './rules.ts'
import type { TreeLinks } from './tree-links.ts'
import type { RootSpec } from './tree-spec.ts'

/** `__release_region` frees a node, or warns. */
export type ReleaseRegionResult = { readonly freed: Resource } | { readonly warning: string }

/** What `__release_region` prints when no busy node has exactly this range (form of 6.1.160 and later; before, without 0x). */
export const releaseWarning = (start: bigint, end: bigint, prefix: '0x' | '' = '0x'): string =>
  `Trying to free nonexistent resource <${[start, end].map((v) => prefix + u64(v).toString(16).padStart(16, '0')).join('-')}>`

/** What is asked for. */
export interface RegionRequest {
  readonly start: bigint
  readonly end: bigint
  readonly name: string | null
  readonly flags: bigint
  readonly parent: Resource
}

/** Where a search for a region's place ended. */
interface Stopped {
  readonly above: Resource
  readonly conflict: Resource
}

export class BusyRegions {
  readonly muxed: MuxedQueue
  readonly #links: TreeLinks
  readonly #rules: ResourceTreeRules
  readonly #spec: RootSpec

  constructor(links: TreeLinks, rules: ResourceTreeRules, spec: RootSpec) {
    this.muxed = spec.muxed ?? new MuxedQueue()
    this.#links = links
    this.#rules = rules
    this.#spec = spec
  }

  request(asked: RegionRequest): Resource | null {
    const { events } = this.#links
    const region = this.#newRegion(asked)
    if (region === null) return null
    for (let above = asked.parent; ;) {
      const stopped = this.#descend(region, above, asked.flags)
      if (stopped === null) return region
      if (!this.#waits(region, stopped, asked.flags)) return null
      const sleep = this.#spec.sleep
      if (sleep === undefined)
        throw this.#links.bug(region, 'has to wait for a MUXED region: call waitForRegion, or make the tree with a sleep')
      events.waitStarted(region, stopped.conflict)
      sleep()
      events.waitEnded(region)
      above = stopped.above
    }
  }

  async wait(asked: RegionRequest): Promise<Resource | null> {
    const { events } = this.#links
    const asThisTask = inTaskOf(events.emitter)
    const region = this.#newRegion(asked)
    if (region === null) return null
    for (let above = asked.parent, waited = false; ; waited = true) {
      const stopped = asThisTask(() => {
        if (waited) events.waitEnded(region)
        const found = this.#descend(region, above, asked.flags)
        const waits = found !== null && this.#waits(region, found, asked.flags)
        if (waits) events.waitStarted(region, found.conflict)
        return found === null ? 'granted' : waits ? found : 'refused'
      })
      if (typeof stopped === 'string') return stopped === 'granted' ? region : null
      await this.muxed.wait()
      above = stopped.above
    }
  }

  #newRegion({ start, end, name, flags, parent }: RegionRequest): Resource | null {
    const { events } = this.#links
    const region = new Resource(start, end, name, flags)
    this.#takeType(region, parent, flags)
    if (this.#spec.mayAllocate?.('request_region') ?? true) return region
    events.allocationFailed(region, 'request_region')
    events.refused(region, 'request_region', null)
    return null
  }

  #takeType(region: Resource, parent: Resource, flags: bigint): void {
    region.flags = (this.#rules.hasDesc ? typeBits(parent.flags) : typeOf(parent.flags)) | ioresource.BUSY | flags
    if (this.#rules.hasDesc) region.desc = parent.desc
  }

  /** Grants a region under the innermost node that is not busy, from `above` on; or what stopped it. */
  #descend(region: Resource, above: Resource, flags: bigint): Stopped | null {
    for (;;) {
      if (this.#rules.typeOfEachParent) this.#takeType(region, above, flags)
      const place = placeUnder(above, region)
      if (typeof place === 'number') {
        this.#links.grant(region, { above, place, covered: [] }, 'request_region', flags)
        return null
      }
      if (this.#rules.warnsOfDeviceMemory && place.desc === ioresDesc.DEVICE_PRIVATE_MEMORY)
        this.#links.events.warned('__request_region', region, `Unaddressable device ${place.name} conflicts with the region`)
      if (place === above || hasFlags(place.flags, ioresource.BUSY)) return { above, conflict: place }
      above = place
    }
  }

  /** Whether a stopped request has to wait; says so if it is refused instead. */
  #waits(region: Resource, { conflict }: Stopped, flags: bigint): boolean {
    if (hasFlags(conflict.flags & flags, ioresource.MUXED)) return true
    this.#links.events.refused(region, 'request_region', null)
    return false
  }

  release(range: AddressRange, parent: Resource): ReleaseRegionResult {
    let node = childAround(parent, range)
    while (node !== null && !hasFlags(node.flags, ioresource.BUSY)) node = childAround(node, range)
    if (node !== null && node.sameRange(range)) {
      this.#links.free(node, 'release_region')
      if (hasFlags(node.flags, ioresource.MUXED)) this.muxed.wake()
      return { freed: node }
    }
    const warning = releaseWarning(range.start, range.end, this.#rules.warningPrefix)
    this.#links.events.warned('__release_region', range, warning)
    return { warning }
  }
}

/** Later, others may be at work: what is run here is said by the task and on the CPU of now. */
function inTaskOf(emitter: Emitter): <T>(work: () => T) => T {
  const { actor, cpu } = emitter
  return (work) => {
    const others = { actor: emitter.actor, cpu: emitter.cpu }
    Object.assign(emitter, { actor, cpu })
    try {
      return work()
    } finally {
      Object.assign(emitter, others)
    }
  }
}
