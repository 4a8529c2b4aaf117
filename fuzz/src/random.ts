/** Random numbers from a seed (SplitMix32): a run is its seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A whole number from 0 to n − 1; n at most 2^32. */
  below(n: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return Math.floor((((z ^ (z >>> 15)) >>> 0) / 2 ** 32) * n)
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** True once in n times. */
  once(n: number): boolean {
    return this.below(n) === 0
  }
}
