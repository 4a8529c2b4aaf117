/** Made-up clocks, of which it is known how they stand to the truth. */
import type { HostLook, Told } from './happenings.ts'

/** A small generator of numbers from 0 to 1, the same for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A clock: what it reads at a true time, in nanoseconds. Its rate wanders, but never by more than `rate` from the truth's. */
export class MadeUpClock {
  readonly #start: number
  readonly #rate: number
  readonly #period: number

  constructor(start: number, rate: number, period: number) {
    this.#start = start
    this.#rate = rate
    this.#period = period
  }

  read(truth: number): number {
    const turn = (2 * Math.PI) / this.#period
    return Math.round(this.#start + truth + (this.#rate / turn) * Math.sin(turn * truth))
  }
}

export const lookOf = (told: readonly Told[], from: number, to: number): HostLook => ({
  boots: [{ from: 1, start: from, end: to }],
  told,
  toldMore: 0,
  events: told.length,
  firstSeq: 1,
  complete: true,
  isMerged: false,
})
