import type { Pfn } from '@devtrail/events'
import type { MemremapPayload } from '../events.ts'
import { addressOf, type AddressSpace } from '../fault/address-space.ts'
import type { DaxFaults } from '../fault/dax-fault.ts'
import { foll } from '../page/foll.ts'
import type { FreeingOwner } from '../page/page-references.ts'
import type { Steps } from '../tasks.ts'
import { walkFast } from './gup-fast.ts'
import { walkSlow } from './gup-slow.ts'
import { Walk, type WalkParts } from './walk.ts'

export interface GupParts<P extends FreeingOwner> extends WalkParts<P> {
  readonly faults: DaxFaults
}

export interface GupResult {
  /** Pages referenced, in order of their addresses. */
  readonly pfns: readonly Pfn[]
  /** Why there are none; 0 when there are some. */
  readonly errno: number
}

export interface GupOptions {
  /** The slow walk alone (`get_user_pages`). */
  readonly slowOnly?: boolean
  /** `fatal_signal_pending`: whether the task was killed meanwhile. */
  readonly killed?: () => boolean
}

/** `get_user_pages_fast` and `get_user_pages` of DAX memory. */
export class GetUserPages<P extends FreeingOwner> {
  readonly #parts: GupParts<P>

  constructor(parts: GupParts<P>) {
    this.#parts = parts
  }

  /**
   * References on `count` pages from `page` on. `flags`: FOLL_ flags; FOLL_GET is added where there is no FOLL_PIN, as by
   * `get_user_pages_fast`. The slow walk alone takes references only as told: without either flag it is one that has no room for
   * pages (`pages` is NULL). @throws RangeError for a range that is none; Error for both kinds at once, and for a pin under rules
   * that know none; before anything was done.
   */
  *pages(space: AddressSpace, page: number, count: number, wanted: number, options: GupOptions = {}): Steps<GupResult> {
    const { emitter, rules, faults, references } = this.#parts
    if (!Number.isSafeInteger(page) || !Number.isSafeInteger(count) || page < 0 || count < 0)
      throw new RangeError(`get_user_pages wants a number of pages from a page on, found ${count} from ${page} on`)
    const flags = options.slowOnly === true || (wanted & foll.PIN) !== 0 ? wanted : wanted | foll.GET
    references.checkKinds(flags)
    const walk = new Walk(this.#parts, space, flags)
    if (emitter.on) emitter.emit<MemremapPayload>('memremap/gup-started', { mm: space.pid, address: addressOf(page), pages: count, flags })
    if (options.slowOnly !== true) yield* walkFast(walk, rules, page, count)
    const got = walk.pfns.length
    let why = 0
    if (got < count && !walk.has(foll.FAST_ONLY)) {
      why = yield* walkSlow(walk, rules, { faults, killed: options.killed ?? (() => false) }, page + got, count - got)
    }
    if (walk.pfns.length > 0) why = 0
    if (emitter.on)
      emitter.emit<MemremapPayload>('memremap/gup-ended', {
        mm: space.pid,
        pages: walk.pfns.length,
        errno: why,
        lookups: walk.lookupsOwed,
      })
    return { pfns: walk.pfns, errno: why }
  }
}
