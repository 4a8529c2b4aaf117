import { BrokenBlockError, ByteReader } from './bytes.ts'
import { readInts, skipInts, type ReadIntsOptions } from './read-ints.ts'

/** How columns are decoded. */
export interface Decoding extends ReadIntsOptions {
  /** The error to throw where a block makes no sense, which may say where it lies. */
  readonly telling: (error: unknown) => unknown
}

/** A column that is decoded, and checked, when it is first asked for. What makes no sense fails the same way each time, at no more cost. */
export class LazyColumn {
  readonly #input: ByteReader
  readonly #at: number
  readonly #n: number
  readonly #check: (numbers: Float64Array) => void
  readonly #how: Decoding
  #numbers: Float64Array | null = null
  #failure: { readonly error: unknown } | null = null

  /** Moves `input` behind the column. `check` throws on values that make no sense. */
  constructor(input: ByteReader, n: number, how: Decoding, check: (numbers: Float64Array) => void = () => {}) {
    this.#input = input
    this.#at = input.at
    this.#n = n
    this.#check = check
    this.#how = how
    skipInts(input, n)
  }

  get numbers(): Float64Array {
    return this.#numbers ?? this.#decode()
  }

  #decode(): Float64Array {
    if (this.#failure !== null) throw this.#failure.error
    try {
      const numbers = readInts(new ByteReader(this.#input.bytes, this.#at, this.#input.end), this.#n, this.#how)
      this.#check(numbers)
      this.#numbers = numbers
      return numbers
    } catch (error) {
      this.#failure = { error: this.#how.telling(error) }
      throw this.#failure.error
    }
  }
}

/** Nulls are within all limits. @throws BrokenBlockError. */
export function mustBeWithin(numbers: Float64Array, min: number, max: number, what: string): void {
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i]!
    if (n < min || n > max) throw new BrokenBlockError(`${what} ${n}`)
  }
}
