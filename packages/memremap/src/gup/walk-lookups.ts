import type { Pfn } from '@devtrail/events'
import type { PagemapRules } from '../rules.ts'

/** `get_dev_pagemap` and `put_dev_pagemap`, as walks use them. */
export interface PagemapLookup<P> {
  getDevPagemap(pfn: Pfn, cached: P | null): P | null
  putDevPagemap(pagemap: P | null): void
}

/** The pagemap that a walk knows, and the account of the references that its lookups took. */
export class WalkLookups<P> {
  cached: P | null = null
  /** Taken and not yet given back; below zero, given back without being had. */
  owed = 0
  readonly #lookup: PagemapLookup<P>
  readonly #rules: PagemapRules

  constructor(lookup: PagemapLookup<P>, rules: PagemapRules) {
    this.#lookup = lookup
    this.#rules = rules
  }

  /** Looks up the pagemap of a page; false when it has none that lives. */
  find(pfn: Pfn): boolean {
    const before = this.cached
    const after = this.#lookup.getDevPagemap(pfn, before)
    const same = after === before
    if (after !== null && (!same || this.#rules.cachedLookupGets)) this.owed++
    if (before !== null && !same && this.#rules.otherCachedPut) this.owed--
    this.cached = after
    return after !== null
  }

  /** Puts the known one, which stays known: the series goes on with it. */
  put(): void {
    if (this.cached === null) return
    this.#lookup.putDevPagemap(this.cached)
    this.owed--
  }

  /** Puts the known one and knows none any more. */
  end(): void {
    this.put()
    this.cached = null
  }

  /** Knows none any more, and puts nothing. */
  forget(): void {
    this.cached = null
  }
}
