/** A clock's offset, piece by piece: constant in each, so that within one no distance of two events changes. */
import type { Bounds, ClockBounds } from './clock-bounds.ts'

export interface ClockSegment {
  /** The reading of the clock from which on it holds. */
  readonly from: number
  /** Whole nanoseconds. */
  readonly offset: number
  /** How far the offset may be off anywhere in the piece, either way; null: nothing is known. */
  readonly uncertainty: number | null
}

/** Pieces of one clock at most. */
export const SEGMENTS_MAX = 10_000

/** A piece is so long that clocks cannot drift by more than this part of the uncertainty. */
const PART = 1 / 4
/** Nor by more than this is never asked for. */
const LEAST_NS = 1000

const middleOf = ({ low, high }: Bounds): number => {
  if (low === -Infinity) return high === Infinity ? 0 : high
  return high === Infinity ? low : low + (high - low) / 2
}

/**
 * The pieces of a clock between two of its readings. An offset drifts by `drift` at most, so what bounds it in the middle of a
 * piece bounds it, so much farther apart, in all of it.
 * @throws ContradictionError
 */
export function segmentsOf<Why>(bounds: ClockBounds<Why>, clock: number, from: number, to: number, drift: number): ClockSegment[] {
  const at = (time: number): Bounds => bounds.at(clock, bounds.placeOf({ clock, time }))
  const always = bounds.always(clock)
  if (drift === 0 || !bounds.hasPlaces) return [segment(from, at(from), 0, always)]
  const shortest = (to - from) / SEGMENTS_MAX
  const segments: ClockSegment[] = []
  let { low, high } = at(from)
  for (let start = from; start <= to;) {
    if (high - low === Infinity) {
      segments.push(segment(start, { low, high }, 0, always))
      break
    }
    const length = Math.max(1, shortest, Math.max(LEAST_NS, ((high - low) / 2) * PART) / drift)
    // Of the middle of one piece about as much is known as of the start of the next.
    ;({ low, high } = at(start + length / 2))
    segments.push(segment(start, { low, high }, (drift * length) / 2, always))
    start += length
  }
  return merged(segments)
}

/** `drifted`: how far from its bounds in the middle the offset may be elsewhere; never past those that hold always. */
function segment(from: number, { low, high }: Bounds, drifted: number, always: Bounds): ClockSegment {
  const bounds = { low: Math.max(low - drifted, always.low), high: Math.min(high + drifted, always.high) }
  const offset = Math.round(middleOf(bounds))
  const uncertainty = Math.max(bounds.high - offset, offset - bounds.low)
  return { from: Math.floor(from), offset, uncertainty: uncertainty === Infinity ? null : Math.ceil(uncertainty) }
}

/** Neighbours that say the same are one. */
function merged(segments: readonly ClockSegment[]): ClockSegment[] {
  return segments.filter((s, i) => {
    const before = segments[i - 1]
    return before === undefined || before.offset !== s.offset || before.uncertainty !== s.uncertainty
  })
}
