/**
 * What a pfn belongs to: a radix tree of pfn ranges. Finding takes at most four loads however many ranges there are; storing
 * takes a slot for each whole 2 MiB, 4 GiB or 4 TiB of a range. Storing overwrites what was there, whoever's it was.
 */
import type { Pfn } from '@devtrail/events'

/** Bits of a pfn that each level looks at, from the top: 40 in all, for 52 bits of physical address. */
const BITS = [10, 10, 11, 9] as const
/** Pages that one slot of each level stands for. */
const SPAN = [2 ** 30, 2 ** 20, 2 ** 9, 1] as const
/** The first pfn that no x86-64 machine has. */
export const PFN_END = 2 ** 40

class PfnNode<T> {
  readonly below: (PfnNode<T> | null)[]
  readonly values: (T | null)[]
  constructor(level: number, value: T | null) {
    const slots = 2 ** BITS[level]!
    this.below = Array<PfnNode<T> | null>(level === BITS.length - 1 ? 0 : slots).fill(null)
    this.values = Array<T | null>(slots).fill(value)
  }
}

export class PfnTree<T extends object> {
  readonly #root = new PfnNode<T>(0, null)

  /** What was stored last for this pfn; null for nothing. */
  find(pfn: Pfn): T | null {
    const high = Math.floor(pfn / 0x100000)
    const low = pfn & 0xfffff
    let node = this.#root
    let at = high >>> 10
    let next = node.below[at]
    if (next === null || next === undefined) return node.values[at] ?? null
    node = next
    at = high & 0x3ff
    next = node.below[at]
    if (next === null || next === undefined) return node.values[at]!
    node = next
    at = low >>> 9
    next = node.below[at]
    if (next === null || next === undefined) return node.values[at]!
    return next.values[low & 0x1ff]!
  }

  /** Stores a value for `first` to `last`, inclusive; null erases. @throws RangeError outside of 0 to 2^40 - 1. */
  store(first: Pfn, last: Pfn, value: T | null): void {
    if (!(first >= 0 && last < PFN_END && Number.isInteger(first) && Number.isInteger(last)))
      throw new RangeError(`pfns are whole numbers from 0 to 2^40 - 1, found ${first} to ${last}`)
    if (first <= last) this.#fill(this.#root, 0, 0, first, last, value)
  }

  #fill(node: PfnNode<T>, level: number, base: Pfn, first: Pfn, last: Pfn, value: T | null): void {
    const span = SPAN[level]!
    const to = Math.min(2 ** BITS[level]! - 1, Math.floor((last - base) / span))
    for (let at = Math.max(0, Math.floor((first - base) / span)); at <= to; at++) {
      const start = base + at * span
      if (first <= start && last >= start + span - 1) {
        node.values[at] = value
        if (node.below.length > 0) node.below[at] = null
        continue
      }
      const below = (node.below[at] ??= new PfnNode<T>(level + 1, node.values[at]!))
      this.#fill(below, level + 1, start, first, last, value)
    }
  }
}
