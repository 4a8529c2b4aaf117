/** Whose behaviour a ref has: the 2015 series' kernel (lib/percpu-refcount.c as of 4.1 to 4.8) or Linux 6.1. */
export type Rules = 'seed' | 'linux-6.1'

/** What percpu_ref_init allocates: the per-CPU counters and, in 6.1, the part of the struct that fast paths do not touch. */
export type RefAllocation = 'counters' | 'data'

/** Where the two eras differ. */
export interface PercpuRefRules {
  /** Every change of mode first waits until no switch is pending (percpu_ref_switch_lock, since 4.9). */
  readonly modeChangesWait: boolean
  /** A confirm callback for a ref that is atomic already is called at once; before 4.9 after another grace period. */
  readonly confirmsAtOnce: boolean
  /** Without ALLOW_REINIT the first completed switch frees the per-CPU counters and leaves the ref dead (since 5.3). */
  readonly freesCounters: boolean
  /** percpu_ref_resurrect is there (since 4.20). */
  readonly canResurrect: boolean
  /** percpu_ref_tryget_many is there (since 5.6). */
  readonly canTryMany: boolean
  /** percpu_ref_tryget_live_rcu is there (since 5.16). */
  readonly canTryLiveRcu: boolean
  /** percpu_ref_switch_to_atomic_sync is there (since 4.13). */
  readonly canSwitchSync: boolean
  /** percpu_ref_exit warns of a switch that is pending. */
  readonly exitWarns: boolean
  /** What percpu_ref_init allocates, in order. */
  readonly allocations: readonly RefAllocation[]
}

/** By the name of the era; `seed` is lib/percpu-refcount.c as of 4.1 to 4.8. */
export const percpuRefRules: Readonly<Record<Rules, PercpuRefRules>> = {
  seed: {
    modeChangesWait: false,
    confirmsAtOnce: false,
    freesCounters: false,
    canResurrect: false,
    canTryMany: false,
    canTryLiveRcu: false,
    canSwitchSync: false,
    exitWarns: false,
    allocations: ['counters'],
  },
  'linux-6.1': {
    modeChangesWait: true,
    confirmsAtOnce: true,
    freesCounters: true,
    canResurrect: true,
    canTryMany: true,
    canTryLiveRcu: true,
    canSwitchSync: true,
    exitWarns: true,
    allocations: ['counters', 'data'],
  },
}

/** @throws RangeError for rules that nobody knows. */
export function rulesOf(rules: Rules): PercpuRefRules {
  if (Object.hasOwn(percpuRefRules, rules)) return percpuRefRules[rules]
  throw new RangeError(`the rules are one of ${Object.keys(percpuRefRules).join(', ')}; found ${rules}`)
}
