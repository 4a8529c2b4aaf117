/** A bound on the difference of two clocks' offsets, told at some place. */
export interface Bounding<Why> {
  /** Null: it holds everywhere. */
  readonly at: number | null
  readonly above: number
  readonly why: Why
}

interface Point<Why> {
  readonly at: number
  /** The least that holds here of what was told here or before; or here or behind. */
  readonly before: Bounding<Why>
  behind: Bounding<Why>
}

/** What many bounds say together: at each place the least of them, each grown by how far clocks can have drifted since. */
export class Envelope<Why> {
  readonly #points: readonly Point<Why>[]
  readonly #everywhere: Bounding<Why> | null
  readonly #drift: number

  constructor(boundings: readonly Bounding<Why>[], drift: number) {
    this.#drift = drift
    let everywhere: Bounding<Why> | null = null
    const sorted: (Bounding<Why> & { readonly at: number })[] = []
    for (const bounding of boundings) {
      const { at } = bounding
      if (at !== null) sorted.push(bounding as Bounding<Why> & { readonly at: number })
      else if (everywhere === null || bounding.above < everywhere.above) everywhere = bounding
    }
    this.#everywhere = everywhere
    sorted.sort((a, b) => a.at - b.at)
    const points: Point<Why>[] = []
    for (const bounding of sorted) {
      const last = points.at(-1)
      const before = last !== undefined && this.#grown(last.before, bounding.at) < bounding.above ? last.before : bounding
      points.push({ at: bounding.at, before, behind: bounding })
    }
    for (let i = points.length - 2; i >= 0; i--) {
      const [point, next] = [points[i]!, points[i + 1]!]
      if (this.#grown(next.behind, point.at) < point.behind.above) point.behind = next.behind
    }
    this.#points = points
  }

  get places(): number[] {
    return this.#points.map(({ at }) => at)
  }

  #grown({ at, above }: Bounding<Why>, place: number): number {
    return at === null ? above : above + this.#drift * Math.abs(place - at)
  }

  #lesser(a: Bounding<Why> | null, b: Bounding<Why> | null, place: number): Bounding<Why> | null {
    if (a === null || b === null) return a ?? b
    return this.#grown(b, place) < this.#grown(a, place) ? b : a
  }

  /** The bound that is least at a place. */
  #best(place: number): Bounding<Why> {
    const points = this.#points
    let [low, high] = [0, points.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (points[middle]!.at <= place) low = middle + 1
      else high = middle
    }
    const before = low > 0 ? points[low - 1]!.before : null
    const behind = low < points.length ? points[low]!.behind : null
    return this.#lesser(this.#lesser(before, behind, place), this.#everywhere, place)!
  }

  /** What holds at every place. */
  get always(): number {
    return this.#everywhere?.above ?? Infinity
  }

  at(place: number): number {
    return this.#grown(this.#best(place), place)
  }

  whyAt(place: number): Why {
    return this.#best(place).why
  }
}
