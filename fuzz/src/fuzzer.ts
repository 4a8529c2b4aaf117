/**
 * The loop: take an input that once showed something new, change it, run it, keep it if it shows something new. New is a
 * branch that was never taken, or was never taken about as often.
 */
import { OverBudget, branchCount, overBudget, startMeter, taken } from './meter.ts'
import { mutated } from './mutate.ts'
import { Random } from './random.ts'
import type { Bytes, Target } from './target.ts'

/** 0, 1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128–255 times as bits. */
const bucketOf = Uint8Array.from({ length: 256 }, (_, n) =>
  n < 4 ? [0, 1, 2, 4][n]! : n < 8 ? 8 : n < 16 ? 16 : n < 32 ? 32 : n < 128 ? 64 : 128,
)

/** How one input of a run went. */
export interface Outcome {
  readonly isNew: boolean
  /** What was thrown that should not have been; null: nothing. */
  readonly failure: { readonly error: unknown } | null
}

export class Fuzzer {
  readonly target: Target
  readonly corpus: Bytes[]
  readonly #random: Random
  readonly #seen = new Uint8Array(branchCount())
  #seeds: number
  executions = 0
  /** Of all inputs in the order they were run in: two runs of one seed have the same. */
  digest = 0

  /** `more` are inputs that showed something new in an earlier run. */
  constructor(target: Target, seed: number, more: readonly Bytes[] = []) {
    this.target = target
    this.#random = new Random(seed)
    this.corpus = []
    this.#seeds = 0
    this.#starting = [...target.seeds, ...more]
  }

  readonly #starting: readonly Bytes[]

  /** Branches taken so far. */
  get branches(): number {
    return this.#seen.reduce((n, buckets) => n + (buckets === 0 ? 0 : 1), 0)
  }

  /** The next input; valid until the next call. */
  next(): Bytes {
    const seed = this.#starting[this.#seeds]
    if (seed !== undefined) {
      this.#seeds++
      return seed
    }
    const random = this.#random
    // What came last has been changed least often.
    const pick = (): Bytes => {
      const { length } = this.corpus
      return this.corpus[random.once(2) ? random.below(length) : length - 1 - random.below(Math.min(length, 32))]!
    }
    const { mutate, tokens, bytesMax } = this.target
    const [input, other] = [pick(), pick()]
    const out = mutate === undefined ? mutated(input, random, other, tokens) : mutate(input, random, other)
    return out.length > bytesMax ? out.slice(0, bytesMax) : out
  }

  async run(input: Bytes): Promise<Outcome> {
    this.executions++
    for (const byte of input) this.digest = (Math.imul(this.digest, 31) + byte) | 0
    const failure = await failureOf(this.target, input)
    let isNew = false
    const seen = this.#seen
    for (let i = 0; i < seen.length; i++) {
      const bucket = bucketOf[taken[i]!]!
      if ((bucket & ~seen[i]!) === 0) continue
      seen[i]! |= bucket
      isNew = true
    }
    if (isNew || this.executions <= this.target.seeds.length) this.corpus.push(input.slice())
    return { isNew, failure }
  }
}

/** Runs one input; what was thrown that should not have been, or null. */
export async function failureOf(target: Target, input: Bytes): Promise<{ readonly error: unknown } | null> {
  startMeter(target.budget)
  try {
    await target.run(input)
  } catch (error) {
    return { error }
  }
  // The code under test may have caught it.
  const over: OverBudget | null = overBudget()
  return over === null ? null : { error: over }
}
