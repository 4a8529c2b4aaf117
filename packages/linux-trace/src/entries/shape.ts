import type { ProbeHit } from '../probe-hit.ts'

/** Fields of one shape at most; entries with more are read one by one. */
export const SLOTS_MAX = 16

/** What all entries of one probe at one place, with the same fields, have in common. Plain data. */
export interface HitShape extends Omit<ProbeHit, 'fields'> {
  /** Name of the event. */
  readonly event: string
  /** The fields in the order in which they are printed: as printed, and canonical. */
  readonly printed: readonly string[]
  readonly names: readonly string[]
}
