import { BrokenBlockError, ByteReader } from './bytes.ts'
import { readInts, skipInts } from './int-column.ts'

/** The error to throw where a block makes no sense, which may say where it lies. */
export type Telling = (error: unknown) => unknown

/** A column that is decoded, and checked, when it is first asked for. What makes no sense fails the same way each time, at no more cost. */
export class LazyColumn {
  readonly #input: ByteReader
  readonly #at: number
  readonly #n: number
  readonly #check: (numbers: Float64Array) => void
  readonly #telling: Telling
  #numbers: Float64Array | null = null
  #failure: { readonly error: unknown } | null = null

  /** Moves `input` behind the column. `check` throws on values that make no sense. */
  constructor(input: ByteReader, n: number, telling: Telling, check: (numbers: Float64Array) => void = () => {}) {
    this.#input = input
    this.#at = input.at
    this.#n = n
    this.#check = check
    this.#telling = telling
    skipInts(input, n)
  }

  get numbers(): Float64Array {
    return this.#numbers ?? this.#decode()
  }

  #decode(): Float64Array {
    if (this.#failure !== null) throw this.#failure.error
    try {
      const numbers = readInts(new ByteReader(this.#input.bytes, this.#at, this.#input.end), this.#n)
      this.#check(numbers)
      this.#numbers = numbers
      return numbers
    } catch (error) {
      this.#failure = { error: this.#telling(error) }
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

/** @throws BrokenBlockError. */
export function mustHaveNoNulls(numbers: Float64Array, name: string): void {
  for (let i = 0; i < numbers.length; i++) if (Number.isNaN(numbers[i]!)) throw new BrokenBlockError(`no value in ${name}`)
}
