/** Numbers in a row that grows, as they lie in memory: of what there may be millions, an object for each is too much. */
type Numbers = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>

const FIRST = 64

export class Column<T extends Numbers> {
  readonly #make: (length: number) => T
  #values: T
  #length = 0

  private constructor(make: (length: number) => T) {
    this.#make = make
    this.#values = make(FIRST)
  }

  static ofDoubles(): Column<Float64Array<ArrayBuffer>> {
    return new Column((length) => new Float64Array(length))
  }

  static ofIntegers(): Column<Int32Array<ArrayBuffer>> {
    return new Column((length) => new Int32Array(length))
  }

  get length(): number {
    return this.#length
  }

  /** @returns its place. */
  push(value: number): number {
    if (this.#length === this.#values.length) {
      const more = this.#make(2 * this.#length)
      more.set(this.#values)
      this.#values = more
    }
    this.#values[this.#length] = value
    return this.#length++
  }

  get(place: number): number {
    return this.#values[place]!
  }

  set(place: number, value: number): void {
    this.#values[place] = value
  }
}
