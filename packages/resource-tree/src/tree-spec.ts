import type { Reservations } from './allocate.ts'
import type { MuxedQueue } from './muxed-queue.ts'
import type { ResourceTreeRules, Rules } from './rules.ts'

/** The function for whose node memory is wanted. */
export type NodeAllocation = 'request_region' | 'release_mem_region_adjustable'

/** What a tree is made of. */
export interface RootSpec {
  /** `iomem` or `ioport`. */
  readonly name: string
  readonly start: bigint
  /** Inclusive. */
  readonly end: bigint
  /** Default: MEM. */
  readonly flags?: bigint
  /** Default: Linux 6.1 (6.1.160 and later). */
  readonly rules?: Rules | ResourceTreeRules
  /** Who waits for MUXED regions; several trees may share one. Default: one of its own. */
  readonly muxed?: MuxedQueue
  /**
   * What a task does that has to sleep in `requestRegion`, until it is worth looking again: run others, one of whom releases the region. Without it
   * only `waitForRegion` can wait.
   */
  readonly sleep?: () => void
  /** Asked before the kernel allocates a node; false: there is no memory. Default: there is. */
  readonly mayAllocate?: (by: NodeAllocation) => boolean
  /** Space that the architecture keeps out of allocate_resource. Default: none. */
  readonly reservations?: Reservations
  /** `iomem=strict`. Default: true. */
  readonly strict?: boolean
  /** CONFIG_IO_STRICT_DEVMEM; not for the seed's rules. Default: true. */
  readonly ioStrict?: boolean
}
