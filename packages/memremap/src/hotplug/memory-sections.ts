/**
 * Which memory has struct pages (mem_section, mm/sparse.c): spans of whole granules, that is sections of 128 MiB or, since
 * Linux 5.3, their parts of 2 MiB. Costs memory for each span, not for each granule.
 */
import type { Pfn } from '@devtrail/events'

/** First and last pfn, inclusive. */
interface Span {
  first: Pfn
  last: Pfn
}

/** Spans of present pages; all pfns are inclusive. */
export class MemorySections {
  /** Ascending, and no two touch. */
  #spans: Span[] = []

  /** Index of the first span that ends at or behind a pfn. */
  #endingFrom(pfn: Pfn): number {
    let [low, high] = [0, this.#spans.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#spans[middle]!.last < pfn) low = middle + 1
      else high = middle
    }
    return low
  }

  /** `pfn_section_valid`: whether a page's struct page is there. */
  present(pfn: Pfn): boolean {
    return this.firstPresent(pfn, pfn) !== null
  }

  /** The first present page of a range; null when none is. */
  firstPresent(first: Pfn, last: Pfn): Pfn | null {
    const span = this.#spans[this.#endingFrom(first)]
    return span === undefined || span.first > last ? null : Math.max(first, span.first)
  }

  /** How many pages of a range are present. */
  count(first: Pfn, last: Pfn): number {
    let pages = 0
    for (let i = this.#endingFrom(first); i < this.#spans.length && this.#spans[i]!.first <= last; i++) {
      const span = this.#spans[i]!
      pages += Math.min(last, span.last) - Math.max(first, span.first) + 1
    }
    return pages
  }

  /** Makes a range present, whatever of it was. */
  add(first: Pfn, last: Pfn): void {
    const from = this.#endingFrom(first - 1)
    let to = from
    const span = { first, last }
    for (; to < this.#spans.length && this.#spans[to]!.first <= last + 1; to++) {
      span.first = Math.min(span.first, this.#spans[to]!.first)
      span.last = Math.max(span.last, this.#spans[to]!.last)
    }
    this.#spans.splice(from, to - from, span)
  }

  /** Makes a range absent, whatever of it was. */
  remove(first: Pfn, last: Pfn): void {
    const from = this.#endingFrom(first)
    let to = from
    const left: Span[] = []
    for (; to < this.#spans.length && this.#spans[to]!.first <= last; to++) {
      const span = this.#spans[to]!
      if (span.first < first) left.push({ first: span.first, last: first - 1 })
      if (span.last > last) left.push({ first: last + 1, last: span.last })
    }
    this.#spans.splice(from, to - from, ...left)
  }
}
