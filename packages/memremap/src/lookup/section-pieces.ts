import type { Pfn } from '@devtrail/events'

/** Pages of a sub-section: 2 MiB (SUBSECTION_SHIFT 21). */
const SUBSECTION_PAGES = 512
const SUBSECTION_SHIFT = 9
const SUBSECTIONS = 64
const IN_SECTION = SUBSECTIONS * SUBSECTION_PAGES - 1

/**
 * What covers parts of one section: pieces that do not overlap, in ascending order. A sub-section that one of them covers whole
 * is answered by its entry, the rest by binary search.
 */
export class SectionPieces<T extends object> {
  readonly #whole = Array<T | null>(SUBSECTIONS).fill(null)
  /** Whether a piece covers a part of a sub-section. */
  #finer = false
  #firsts = new Float64Array(4)
  #lasts = new Float64Array(4)
  readonly #values: T[] = []

  get size(): number {
    return this.#values.length
  }

  /** The index of the first piece that ends at or behind a pfn. */
  #from(pfn: Pfn): number {
    let lo = 0
    let hi = this.#values.length
    while (lo < hi) {
      const middle = (lo + hi) >>> 1
      if (this.#lasts[middle]! < pfn) lo = middle + 1
      else hi = middle
    }
    return lo
  }

  get(pfn: Pfn): T | null {
    return this.#whole[(pfn & IN_SECTION) >> SUBSECTION_SHIFT] ?? (this.#finer ? this.#search(pfn) : null)
  }

  #search(pfn: Pfn): T | null {
    const at = this.#from(pfn)
    return at < this.#values.length && this.#firsts[at]! <= pfn ? this.#values[at]! : null
  }

  /** Takes a range out of whatever pieces it touches. */
  clear(first: Pfn, last: Pfn): void {
    this.#cut(first, last)
    this.#noteWhole()
  }

  #cut(first: Pfn, last: Pfn): void {
    let at = this.#from(first)
    while (at < this.#values.length && this.#firsts[at]! <= last) {
      const from = this.#firsts[at]!
      const to = this.#lasts[at]!
      const value = this.#values[at]!
      this.#remove(at)
      if (from < first) this.#insert(at++, from, first - 1, value)
      if (to > last) this.#insert(at++, last + 1, to, value)
    }
  }

  set(first: Pfn, last: Pfn, value: T): void {
    this.#cut(first, last)
    this.#insert(this.#from(first), first, last, value)
    this.#noteWhole()
  }

  #noteWhole(): void {
    this.#whole.fill(null)
    this.#finer = false
    for (const [at, value] of this.#values.entries()) {
      const [first, end] = [this.#firsts[at]!, this.#lasts[at]! + 1]
      const [from, to] = [Math.ceil(first / SUBSECTION_PAGES), Math.floor(end / SUBSECTION_PAGES)]
      for (let n = from; n < to; n++) this.#whole[n % SUBSECTIONS] = value
      if (from * SUBSECTION_PAGES !== first || to * SUBSECTION_PAGES !== end) this.#finer = true
    }
  }

  #remove(at: number): void {
    this.#firsts.copyWithin(at, at + 1)
    this.#lasts.copyWithin(at, at + 1)
    this.#values.splice(at, 1)
  }

  #insert(at: number, first: Pfn, last: Pfn, value: T): void {
    if (this.#values.length === this.#firsts.length) {
      this.#firsts = grown(this.#firsts)
      this.#lasts = grown(this.#lasts)
    }
    this.#firsts.copyWithin(at + 1, at)
    this.#lasts.copyWithin(at + 1, at)
    this.#firsts[at] = first
    this.#lasts[at] = last
    this.#values.splice(at, 0, value)
  }
}

function grown(old: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(old.length * 2)
  larger.set(old)
  return larger
}
