/**
 * The struct pages of one range of a pagemap: whose they are, and their counts (`page._refcount`). The counts are one flat
 * array in which 0 stands for what a page is initialised with, made when one of them is first referenced. Fresh memory of the
 * operating system is zero and costs nothing until it is written: a range is mapped in the same time however large it is, and a
 * page costs its four bytes from when it is first referenced. Pages are numbers here, never objects.
 */
import type { Pfn } from '@devtrail/events'

/** Pages of a range: 16 TiB. */
export const RANGE_PAGES_MAX = 2 ** 32

/** Counts that were ever other than untouched are noted by blocks of so many pages, as a power of two. */
export const TOUCHED_SHIFT = 16

const UNTOUCHED = new Int32Array(0)
const NO_BLOCK = new Uint8Array(0)

export interface DevicePagesLayout {
  /** Order of its compound pages (`vmemmap_shift`): only the first page of each has a count of its own. */
  readonly order?: number
  /** What the count of a head is when it is initialised: 1 unless given, 0 where pages are handed out one by one. */
  readonly idle?: 0 | 1
}

/** `P`: what stands for the pagemap. */
export class DevicePages<P> {
  readonly pagemap: P
  readonly first: Pfn
  /** Inclusive; first - 1 where the altmap leaves no page. */
  readonly last: Pfn
  readonly order: number
  readonly idle: 0 | 1
  /** Made when a page is first referenced. */
  #above: Int32Array<ArrayBuffer> = UNTOUCHED
  /** Which blocks may have a count that is not the idle one: 1, so that nobody has to look through the others. */
  #blocks: Uint8Array<ArrayBuffer> = NO_BLOCK

  /** @throws RangeError when there are more than RANGE_PAGES_MAX. */
  constructor(pagemap: P, first: Pfn, last: Pfn, { order = 0, idle = 1 }: DevicePagesLayout = {}) {
    const pages = last + 1 - first
    if (!Number.isInteger(pages) || pages < 0 || pages > RANGE_PAGES_MAX)
      throw new RangeError(`a range has up to ${RANGE_PAGES_MAX} struct pages, found ${pages}; map it in several ranges`)
    this.pagemap = pagemap
    this.first = first
    this.last = last
    this.order = order
    this.idle = idle
  }

  /** How far the count of a page is above what it was initialised with. */
  #at(pfn: Pfn): number {
    return this.#above === UNTOUCHED ? 0 : this.#above[pfn - this.first]!
  }

  /** The flat array itself, by pfn - first; empty until a page was referenced. */
  get flat(): Int32Array<ArrayBuffer> {
    return this.#above
  }

  /** Whoever writes into `flat` sets these to 1, by `(pfn - first) >>> TOUCHED_SHIFT`. */
  get touchedBlocks(): Uint8Array<ArrayBuffer> {
    return this.#blocks
  }

  /** The counts, of which that of a page is about to be written. */
  #touched(pfn: Pfn): Int32Array<ArrayBuffer> {
    if (this.#above === UNTOUCHED) {
      const pages = this.last + 1 - this.first
      this.#above = new Int32Array(pages)
      this.#blocks = new Uint8Array(Math.ceil(pages / 2 ** TOUCHED_SHIFT))
    }
    this.#blocks[(pfn - this.first) >>> TOUCHED_SHIFT] = 1
    return this.#above
  }

  covers(pfn: Pfn): boolean {
    return pfn >= this.first && pfn <= this.last
  }

  /** `compound_head`: the page that carries a page's count. */
  headOf(pfn: Pfn): Pfn {
    if (this.order === 0) return pfn
    const size = 2 ** this.order
    return this.first + Math.floor((pfn - this.first) / size) * size
  }

  /** How many pages carry a count (`pfn_len`). */
  get heads(): number {
    return Math.floor((this.last + 1 - this.first) / 2 ** this.order)
  }

  /** What a page's count is while nobody references it: 0 for tails. */
  idleCount(pfn: Pfn): number {
    return this.order === 0 || this.headOf(pfn) === pfn ? this.idle : 0
  }

  /** `page_ref_count` of a page, head or tail. */
  count(pfn: Pfn): number {
    return this.#at(pfn) + this.idleCount(pfn)
  }

  setCount(pfn: Pfn, count: number): void {
    this.#touched(pfn)[pfn - this.first] = count - this.idleCount(pfn)
  }

  /** Adds to the count of a page that carries one; returns how far that is above its idle count. */
  add(pfn: Pfn, n: number): number {
    return (this.#touched(pfn)[pfn - this.first]! += n)
  }

  /** Pages whose count is not the idle one, with their counts. Takes the longer the more blocks were touched, not the larger the range. */
  referenced(): Map<Pfn, number> {
    const counts = new Map<Pfn, number>()
    for (const [block, touched] of this.#blocks.entries()) {
      const end = touched === 0 ? 0 : Math.min(this.#above.length, (block + 1) * 2 ** TOUCHED_SHIFT)
      for (let at = block * 2 ** TOUCHED_SHIFT; at < end; at++) {
        const above = this.#above[at]!
        if (above !== 0) counts.set(this.first + at, above + this.idleCount(this.first + at))
      }
    }
    return counts
  }

  /** Takes over the pages that are in another range too, with their counts. */
  takeOver(other: DevicePages<P>): void {
    const from = Math.max(this.first, other.first)
    const to = Math.min(this.last, other.last) + 1
    if (from >= to || other.#above === UNTOUCHED) return
    const theirs = other.#above.subarray(from - other.first, to - other.first)
    for (let pfn = from; pfn < to; pfn += 2 ** TOUCHED_SHIFT) this.#touched(pfn)
    this.#touched(to - 1).set(theirs, from - this.first)
    theirs.fill(0)
  }
}
