/** Which of several goes on: the only thing that differs between two runs of a scenario. */
export interface Choices {
  /** One of 0 … n-1. */
  among(n: number): number
}

/** The first, always: tasks go on in the order in which they stand, each until it waits. */
export const inOrder: Choices = { among: () => 0 }

/** Any, the same each time for the same seed (mulberry32). @throws RangeError for a seed that is no number from 0 below 2^32. */
export class SeededChoices implements Choices {
  #state: number

  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) throw new RangeError(`a seed is from 0 to 4294967295, found ${seed}`)
    this.#state = seed
  }

  among(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
}
