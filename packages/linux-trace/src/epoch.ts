/**
 * Times are numbers that are exact up to 2^53 ns, 104 days. The times of a clock that has come near that, on a machine that is up
 * for long or as the clock `tai`, are counted from a later moment than its own beginning.
 */

/** From here on a clock is near the end: 100 days. */
export const NEAR_SECONDS = 8_640_000
/** What is counted from is whole in this, so that times are easily added up. */
const STEP = 1_000_000
/** What comes first in a trace need not be the earliest of it. */
const EARLIER = 1000
const BILLION = 10n ** 9n

/** What times are counted from, in seconds (of a clock that counts: billions of ticks), when the first is this. */
export const epochFor = (seconds: number): number => (seconds < NEAR_SECONDS ? 0 : Math.floor((seconds - EARLIER) / STEP) * STEP)

/** Whether a clock can have come to this: 73 years, or the year 2043. */
export const canBe = (nanoseconds: bigint): boolean => nanoseconds <= 1n << 61n

/** A 64-bit time counted from an epoch. */
export const sinceEpoch = (time: bigint, epoch: number): number => Number(time - BigInt(epoch) * BILLION)

export function epochNotes(epoch: number | null, ticks: boolean): string[] {
  if (epoch === null || epoch === 0) return []
  return ticks
    ? [`the clock is past what can be told exactly: ticks are counted from ${epoch}000000000 of it on, which is 0 here`]
    : [`the clock is past what can be told exactly: times are counted from ${epoch} s of it on, which is 0 here`]
}
