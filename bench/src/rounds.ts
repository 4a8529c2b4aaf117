/**
 * Works measured side by side: in each round every one of them, each first in turn, in one process. What the machine
 * does meanwhile then hits all alike, and a ratio taken within a round holds where times do not.
 */

/** Something to be timed. */
export interface Work {
  /** Makes ready what the next run uses up; not timed. */
  readonly before?: () => void | Promise<void>
  /** Does the work once. Returns how many units it was: events, calls. */
  readonly run: () => number | Promise<number>
  /** Lets go of what it holds, after the last round. */
  readonly close?: () => void | Promise<void>
}

export interface RoundsOptions {
  readonly rounds: number
  /** Rounds before those that count. */
  readonly warmups: number
  /** A work runs again and again in its turn until its runs took so long together. */
  readonly millisMin: number
  /** Nanoseconds from anywhere. */
  readonly clock: () => bigint
}

/** One comparison over rounds. */
export interface Compared {
  /** Medians, nanoseconds per unit. */
  readonly ours: number
  readonly peer: number
  /** How many times less time ours took: the median of the rounds' ratios, the smallest, and between what their middle half lies. */
  readonly ratio: number
  readonly ratioMin: number
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly rounds: number
}

/** The value that a part of the values is below, between two of them if need be. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = part * (sorted.length - 1)
  const below = sorted[Math.floor(place)]!
  return below + (sorted[Math.ceil(place)]! - below) * (place % 1)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

async function timed(work: Work, millisMin: number, clock: () => bigint): Promise<number> {
  let units = 0
  let ns = 0
  do {
    await work.before?.()
    const start = clock()
    const done = await work.run()
    ns += Number(clock() - start)
    if (!(done > 0)) return Number.NaN
    units += done
  } while (ns < millisMin * 1e6)
  return ns / units
}

/**
 * The nanoseconds that a unit of each work took, for each round.
 * @throws Error when a run did nothing, or as a work does.
 */
export async function interleaved(
  works: readonly Work[],
  { rounds, warmups, millisMin, clock }: RoundsOptions,
): Promise<readonly (readonly number[])[]> {
  const times: number[][] = works.map(() => [])
  for (let round = -warmups; round < rounds; round++) {
    for (let turn = 0; turn < works.length; turn++) {
      const w = (turn + Math.max(0, round)) % works.length
      const ns = await timed(works[w]!, millisMin, clock)
      if (Number.isNaN(ns)) throw new Error(`a run of work ${w + 1} of ${works.length} did nothing`)
      if (round >= 0) times[w]!.push(ns)
    }
  }
  return times
}

/** Compares the times of two works, as `interleaved` gives them. */
export function compared(ours: readonly number[], peer: readonly number[]): Compared {
  const ratios = peer.map((ns, round) => ns / ours[round]!)
  return {
    ours: median(ours),
    peer: median(peer),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioLow: quantile(ratios, 0.25),
    ratioHigh: quantile(ratios, 0.75),
    rounds: ratios.length,
  }
}
