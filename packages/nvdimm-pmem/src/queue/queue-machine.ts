import type { Emitter, Ids, PagemapId } from '@devtrail/events'
import type { Rcu, RulesName } from '@devtrail/memremap'
import type { PercpuRef } from '@devtrail/percpu-ref'

/** What request queues need of the machine that they are in. */
export interface QueueMachine {
  readonly emitter: Emitter
  readonly ids: Ids
  readonly rcu: Rcu
  readonly rules: RulesName
  /** 1 unless given. */
  readonly cpus?: number
  /** Whether there is memory for a queue; left out, there is. */
  readonly mayAllocateQueue?: () => boolean
  /** Up to which patch of the series its kernel goes (seed); 17 unless given. */
  readonly series?: 17 | 20
  /** The pagemap that has a counter for its reference. */
  readonly pagemapOf?: (ref: PercpuRef) => PagemapId | null
}
