/** Size of struct page on x86-64: how a pointer into the memmap becomes a pfn. */
const STRUCT_PAGE_BYTES = 64
/** Pfns of 52-bit physical addresses end here. */
const PFN_MAX = 2 ** 40

/** Where the kernel's memmap begins, as far as a recording shows: so a pointer to a struct page is a pfn. */
export class Memmap {
  /** Halves of the base of the kernel's memmap; 0 until it is known. */
  #baseHigh = 0
  #baseLow = 0

  /** Takes the memmap's base from a page whose pfn is known, where no probe fetches it. */
  learn(page: string, pfn: number): void {
    if (this.#baseHigh !== 0 || this.#baseLow !== 0) return
    const base = BigInt.asUintN(64, BigInt(page) - BigInt(pfn) * BigInt(STRUCT_PAGE_BYTES))
    this.see(Number(base >> 32n), Number(base & 0xffff_ffffn))
  }

  /** Takes the memmap's base that a probe fetched. */
  see(high: number, low: number): void {
    if ((high === 0 && low === 0) || (high === this.#baseHigh && low === this.#baseLow)) return
    this.#baseHigh = high
    this.#baseLow = low
  }

  /** The pfn of a struct page pointer; null when the base of the memmap is not known, or it is not one into the memmap. */
  pfnOf(page: string | null): number | null {
    if (page === null) return null
    const word = BigInt(page)
    return this.pfnAt(Number(word >> 32n), Number(word & 0xffff_ffffn))
  }

  /** The same of a pointer's halves. */
  pfnAt(high: number, low: number): number | null {
    if (this.#baseHigh === 0 && this.#baseLow === 0) return null
    // Exact wherever it matters: a larger difference is no page's.
    const offset = (high - this.#baseHigh) * 2 ** 32 + (low - this.#baseLow)
    return offset < 0 || offset >= PFN_MAX * STRUCT_PAGE_BYTES ? null : Math.floor(offset / STRUCT_PAGE_BYTES)
  }
}
