import { hex, type Pfn, type Pointer } from '@devtrail/events'
import type { DaxDevice } from './dax-device.ts'

/** Where a process maps the file: virtual pages `first` to `last`, which show it from its page `pgoff` on. */
interface Mapping {
  readonly space: { zap(first: number, last: number): void }
  readonly first: number
  readonly last: number
  readonly pgoff: number
}

/** A file on a DAX file system: which pages of its device it has, which of them were faulted in, and who maps it. */
export class DaxFile {
  /** Its `address_space`. */
  readonly mapping: Pointer
  readonly device: DaxDevice
  /** The page of the device behind each page of the file. */
  readonly blocks: number[]
  /** What faults found, by page of the file (`i_pages`); only these pages can be busy. */
  readonly entries = new Map<number, Pfn>()
  /** Its pages are idle and about to be given up: faults wait (`invalidate_lock`). */
  truncating = false
  /** Somebody truncates it (`i_rwsem`). */
  locked = false
  readonly #vmas = new Set<Mapping>()

  constructor(inode: number, device: DaxDevice, blocks: readonly number[]) {
    this.mapping = hex(0xffff_8882_0000_0000n + BigInt(inode) * 0x400n)
    this.device = device
    this.blocks = [...blocks]
  }

  mapped(vma: Mapping): void {
    this.#vmas.add(vma)
  }

  unmapped(vma: Mapping): void {
    this.#vmas.delete(vma)
  }

  /** `unmap_mapping_range`: nobody maps these pages of the file any more. */
  unmapMapping(first: number, last: number): void {
    for (const { space, first: begin, last: end, pgoff } of this.#vmas) {
      const from = Math.max(begin, begin + first - pgoff)
      const to = Math.min(end, begin + last - pgoff)
      if (from <= to) space.zap(from, to)
    }
  }

  /** Faulted pages of the file from one on, ascending. */
  faultedFrom(first: number): Pfn[] {
    return [...this.entries]
      .filter(([page]) => page >= first)
      .toSorted(([a], [b]) => a - b)
      .map(([, pfn]) => pfn)
  }
}
