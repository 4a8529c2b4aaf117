import { BIAS } from './flags.ts'

/** The shared counter and one counter per CPU: unsigned 64-bit words that wrap by themselves. */
export class Counters {
  readonly #words: BigUint64Array

  constructor(cpus: number) {
    this.#words = new BigUint64Array(cpus + 1)
  }

  get shared(): bigint {
    return this.#words[0]!
  }

  set shared(count: bigint) {
    this.#words[0] = count
  }

  addShared(n: bigint): void {
    this.#words[0]! += n
  }

  /** @throws RangeError when there is no such CPU. */
  addOn(cpu: number, n: bigint): void {
    if (cpu < 0 || cpu + 1 >= this.#words.length) throw new RangeError(`there is no CPU ${cpu}: the machine has ${this.#words.length - 1}`)
    this.#words[cpu + 1]! += n
  }

  /** What the per-CPU counters hold together, mod 2^64. */
  sum(): bigint {
    let sum = 0n
    for (let i = 1; i < this.#words.length; i++) sum += this.#words[i]!
    return BigInt.asUintN(64, sum)
  }

  /** Adds the sum and takes the bias out in one step; the per-CPU counters keep their leftovers. */
  gather(sum: bigint): void {
    this.addShared(sum - BIAS)
  }

  /** Puts the bias in and zeroes the per-CPU counters. */
  spread(): void {
    this.addShared(BIAS)
    this.#words.fill(0n, 1)
  }

  perCpu(): bigint[] {
    return [...this.#words.subarray(1)]
  }
}
