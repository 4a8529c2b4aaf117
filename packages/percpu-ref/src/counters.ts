import { BIAS } from './flags.ts'
import type { PercpuArea } from './percpu-area.ts'

/**
 * The shared counter and one counter per CPU: unsigned 64-bit words that wrap by themselves. While it is `open`, what was
 * counted one by one lies in the area.
 */
export class Counters {
  readonly #words: BigUint64Array
  readonly #area: PercpuArea
  #at: number
  #open = false

  constructor(area: PercpuArea) {
    this.#words = new BigUint64Array(area.cpus + 1)
    this.#area = area
    this.#at = area.allocate()
  }

  /** Where in the area its words are; 0: nowhere any more. */
  get at(): number {
    return this.#at
  }

  /** Whether one reference can be counted without a look at anything else. */
  set open(open: boolean) {
    if (open === this.#open || this.#at === 0) return
    this.#open = open
    if (open) this.#area.open(this.#at)
    else {
      this.#bringOver(true)
      this.#area.close(this.#at)
    }
  }

  /** The area gets its place back; what was counted stays readable. */
  free(): void {
    if (this.#at === 0) return
    this.open = false
    this.#area.release(this.#at)
    this.#at = 0
  }

  /** Counts one up or down in the area; false where it has to be done by {@link addOn} or {@link addShared}. */
  countOne(cpu: number, n: 1 | -1): boolean {
    return this.#area.count(this.#at, cpu, n)
  }

  /** Takes what lies in the area into the 64-bit words. */
  #bringOver(open = this.#open): void {
    if (!open) return
    for (let cpu = 0; cpu < this.#area.cpus; cpu++) this.#words[cpu + 1]! += BigInt(this.#area.word(this.#at, cpu))
    this.#area.open(this.#at)
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
    if (!(Number.isInteger(cpu) && cpu >= 0 && cpu + 1 < this.#words.length))
      throw new RangeError(`there is no CPU ${cpu}: the machine has ${this.#words.length - 1}`)
    this.#bringOver()
    this.#words[cpu + 1]! += n
  }

  /** What the per-CPU counters hold together, mod 2^64. */
  sum(): bigint {
    this.#bringOver()
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
    this.#bringOver()
    return [...this.#words.subarray(1)]
  }
}
