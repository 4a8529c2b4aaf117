import type { Emitter, PagemapId, Pfn } from '@devtrail/events'
import type { MemremapPayload, walkOutcomes } from '../events.ts'
import { addressOf, type AddressSpace, type PageEntry } from '../fault/address-space.ts'
import { foll } from '../page/foll.ts'
import type { PageReferences, FreeingOwner } from '../page/page-references.ts'
import type { MemremapRules } from '../rules.ts'
import { WalkLookups, type PagemapLookup } from './walk-lookups.ts'

export type WalkOutcome = (typeof walkOutcomes)[number]

/** What every walk works with. */
export interface WalkParts<P extends FreeingOwner> {
  readonly emitter: Emitter
  readonly rules: MemremapRules
  readonly references: PageReferences<P>
  readonly lookup: PagemapLookup<P>
}

/** An entry that a walk looks at. */
export interface Visit {
  readonly page: number
  readonly entry: PageEntry | null
  readonly pmd: boolean
  /** The page behind that address. */
  readonly pfn: Pfn | null
}

/** One call of get_user_pages: whose memory, what for, and what it has so far. */
export class Walk<P extends FreeingOwner> {
  readonly space: AddressSpace
  readonly flags: number
  readonly pfns: Pfn[] = []
  /** Of tables that are done. */
  lookupsOwed = 0
  readonly #parts: WalkParts<P>

  constructor(parts: WalkParts<P>, space: AddressSpace, flags: number) {
    this.#parts = parts
    this.space = space
    this.flags = flags
  }

  get write(): boolean {
    return (this.flags & foll.WRITE) !== 0
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0
  }

  lookups(): WalkLookups<P> {
    return new WalkLookups(this.#parts.lookup, this.#parts.rules)
  }

  /** `try_grab_page` on behalf of this walk. */
  grab(pfn: Pfn): boolean {
    return this.#parts.references.tryGrab(pfn, this.flags, 1, true)
  }

  /** Gives one page back. */
  put(pfn: Pfn): void {
    const kind = this.has(foll.PIN) ? 'pin' : 'get'
    this.#parts.references.put(pfn, { kind, how: 'gup' })
  }

  /** `undo_dev_pagemap`: gives back what was taken from this table, newest first. */
  undo(start: number): void {
    const from = this.pfns.length
    while (this.pfns.length > start) this.put(this.pfns.pop()!)
    if (this.#parts.emitter.on) this.#parts.emitter.emit<MemremapPayload>('memremap/gup-undone', { from, to: start })
  }

  /** Says what a walk found at an entry. Returns whether it has the page. */
  visited(
    way: 'fast' | 'slow',
    { page, entry, pmd, pfn }: Visit,
    outcome: WalkOutcome,
    pages: number,
    before: P | null,
    after: P | null,
  ): boolean {
    const idOf = (pagemap: P | null): PagemapId | null => pagemap?.id ?? null
    if (this.#parts.emitter.on)
      this.#parts.emitter.emit<MemremapPayload>('memremap/entry-walked', {
        mm: this.space.pid,
        address: addressOf(page),
        way,
        pmd,
        pfn,
        pages,
        devmap: entry?.devmap ?? false,
        writable: entry?.writable ?? false,
        write: this.write,
        cachedBefore: idOf(before),
        cachedAfter: idOf(after),
        outcome,
      })
    return outcome === 'taken'
  }
}
