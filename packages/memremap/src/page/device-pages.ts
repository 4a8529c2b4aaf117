/**
 * The struct pages of one range of a pagemap: whose they are, and their counts (`page._refcount`). The counts are one flat
 * array in which 0 stands for a page as it was initialised, made when one of them is first referenced. Fresh memory of the
 * operating system is zero and costs nothing until it is written: a range is mapped in the same time however large it is, and a
 * page costs its four bytes from when it is first referenced. Pages are numbers here, never objects.
 */
import type { Pfn } from '@devtrail/events'

/** Pages of a range: 16 TiB. */
export const RANGE_PAGES_MAX = 2 ** 32

/** Words that were ever written are noted by blocks of so many pages. */
export const BLOCK_PAGES = 2 ** 16

const UNTOUCHED = new Int32Array(0)
const NO_BLOCK = new Uint8Array(0)

/** A count as it is stored: as it is if it is above 0, and one less if it is not, so that no count is 0. */
const wordOf = (count: number): number => (count > 0 ? count : count - 1)
const countOf = (word: number): number => (word > 0 ? word : word + 1)

export interface DevicePagesLayout {
  /** Order of its compound pages (`vmemmap_shift`): only the first page of each has a count of its own. */
  readonly order?: number
  /** What the count of a head is when it is initialised: 1 unless given, 0 where pages are handed out one by one. */
  readonly idle?: 0 | 1
}

/** `P`: what stands for the pagemap. */
export class DevicePages<P> {
  /** The first page. */
  readonly first: Pfn = 0
  /** How many words there are: 0 until a page was referenced, then one a page. */
  size = 0
  /**
   * By pfn - first: 0 for a page as it was initialised, else its count as `wordOf` has it. To be read and, where it is above 0
   * and stays so, written by who counts one reference after the other; where it was 0, {@link touch} comes first.
   */
  words: Int32Array<ArrayBuffer> = UNTOUCHED
  readonly pagemap: P
  /** Inclusive; first - 1 where the altmap leaves no page. */
  readonly last: Pfn
  readonly order: number
  readonly idle: 0 | 1
  /** Which blocks may have a word that is not 0: 1, so that nobody has to look through the others. */
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

  /** The word of a page is about to be written; makes all of them before the first. */
  touch(pfn: Pfn): void {
    if (this.size === 0) {
      const pages = this.last + 1 - this.first
      this.words = new Int32Array(pages)
      this.#blocks = new Uint8Array(Math.ceil(pages / BLOCK_PAGES))
      this.size = pages
    }
    this.#blocks[Math.floor((pfn - this.first) / BLOCK_PAGES)] = 1
  }

  /** `get_page` of an idle page, by pfn - first, that was never written; of a range whose pages are idle at 1, and where there are words. */
  getFirst(at: number): void {
    this.#blocks[Math.floor(at / BLOCK_PAGES)] = 1
    this.words[at] = 2
  }

  /** How many blocks have a page that was ever referenced. */
  get touchedBlocks(): number {
    return this.#blocks.reduce((sum, touched) => sum + touched, 0)
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
    const word = this.size === 0 ? 0 : this.words[pfn - this.first]!
    return word === 0 ? this.idleCount(pfn) : countOf(word)
  }

  setCount(pfn: Pfn, count: number): void {
    this.touch(pfn)
    this.words[pfn - this.first] = wordOf(count)
  }

  /** Adds to the count of a page that carries one; returns how far that is above its idle count. */
  add(pfn: Pfn, n: number): number {
    const count = this.count(pfn) + n
    this.setCount(pfn, count)
    return count - this.idleCount(pfn)
  }

  /** Pages whose count is not the idle one, with their counts. Takes the longer the more blocks were touched, not the larger the range. */
  referenced(): Map<Pfn, number> {
    const counts = new Map<Pfn, number>()
    for (const [block, touched] of this.#blocks.entries()) {
      const end = touched === 0 ? 0 : Math.min(this.size, (block + 1) * BLOCK_PAGES)
      for (let at = block * BLOCK_PAGES; at < end; at++) {
        const word = this.words[at]!
        const pfn = this.first + at
        if (word !== 0 && countOf(word) !== this.idleCount(pfn)) counts.set(pfn, countOf(word))
      }
    }
    return counts
  }

  /** Takes over the pages that are in another range too, with their counts. */
  takeOver(other: DevicePages<P>): void {
    const from = Math.max(this.first, other.first)
    const to = Math.min(this.last, other.last) + 1
    if (from >= to || other.size === 0) return
    const theirs = other.words.subarray(from - other.first, to - other.first)
    for (let pfn = from; pfn < to; pfn += BLOCK_PAGES) this.touch(pfn)
    this.touch(to - 1)
    this.words.set(theirs, from - this.first)
    theirs.fill(0)
  }
}
