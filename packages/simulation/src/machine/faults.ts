import { errno } from '@devtrail/events'
import type { NvdimmFaults } from '@devtrail/nvdimm-pmem'
import type { FaultSpec } from '../scenario/scenario.ts'

/** What fails, the n-th time that it is asked for once the tasks have begun. */
export class Faults {
  readonly #faults: readonly FaultSpec[]
  readonly #asked = new Map<FaultSpec['at'], number>()
  /** Nothing fails, and nothing is counted, before. */
  areArmed = false

  constructor(faults: readonly FaultSpec[]) {
    this.#faults = faults
  }

  /** Counts one more time that it is asked for. */
  #isDue(at: FaultSpec['at']): boolean {
    if (!this.areArmed) return false
    const times = (this.#asked.get(at) ?? 0) + 1
    this.#asked.set(at, times)
    return this.#faults.some((fault) => fault.at === at && fault.nth === times)
  }

  get ofNvdimm(): NvdimmFaults {
    return {
      storeRange: () => (this.#isDue('store-range') ? errno.ENOMEM : 0),
      addMemory: (first) => (this.#isDue('add-memory') ? { pfn: first, errno: errno.ENOMEM } : null),
      ioremap: () => !this.#isDue('ioremap'),
      queue: () => !this.#isDue('queue-allocation'),
      disk: () => !this.#isDue('disk-allocation'),
      allocate: () => !this.#isDue('managed-allocation'),
    }
  }
}
