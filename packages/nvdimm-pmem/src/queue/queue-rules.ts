import { errno } from '@devtrail/events'
import type { RulesName } from '@devtrail/memremap'

/** Where request queues of the two eras differ. */
export interface QueueRules {
  /** What entering a frozen queue gives who must not wait. */
  readonly wouldWait: number
  /** A bio is refused with -ENODEV by a dead disk also where it must not wait (bio_queue_enter, since 5.11). */
  readonly bioKnowsDead: boolean
  /** A signal ends the wait to be let in (until 4.5). */
  readonly waitIsKillable: boolean
  /** Unfreezing brings the counter back whether it has drained or not (since 4.20). */
  readonly resurrects: boolean
}

export const queueRules: Readonly<Record<RulesName, QueueRules>> = {
  seed: { wouldWait: errno.EBUSY, bioKnowsDead: false, waitIsKillable: true, resurrects: false },
  'linux-6.1': { wouldWait: errno.EAGAIN, bioKnowsDead: true, waitIsKillable: false, resurrects: true },
}
