/** Place of the random seek with keyframes: what a seek takes at the 95th percentile, beside one keyframe load + half an interval's fold. */
import type { Bench } from '@devtrail/bench'

export const benches: readonly Bench[] = []
