import { errno } from '@devtrail/events'
import type { MemremapFaults } from '@devtrail/memremap'
import type { FaultSpec } from '../scenario/scenario.ts'

/** What fails, the n-th time that it is asked for. */
export class Faults {
  readonly #faults: readonly FaultSpec[]
  readonly #asked = new Map<FaultSpec['at'], number>()

  constructor(faults: readonly FaultSpec[]) {
    this.#faults = faults
  }

  /** Counts one more time that it is asked for. */
  isDue(at: FaultSpec['at']): boolean {
    const times = (this.#asked.get(at) ?? 0) + 1
    this.#asked.set(at, times)
    return this.#faults.some((fault) => fault.at === at && fault.nth === times)
  }

  get ofMemremap(): MemremapFaults {
    return {
      storeRange: () => (this.isDue('store-range') ? errno.ENOMEM : 0),
      addMemory: (first) => (this.isDue('add-memory') ? { pfn: first, errno: errno.ENOMEM } : null),
    }
  }
}
