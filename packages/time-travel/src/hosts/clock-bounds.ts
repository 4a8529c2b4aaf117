/**
 * What is known of how far clocks are apart. Each clock n has an offset θₙ: what its readings lack to the time of the reference,
 * whose own is 0. That one reading came before another bounds the difference of two offsets from above; offsets change by no more
 * than clocks drift apart. Bounds that hold along a way from clock to clock add up, so the best bound is the shortest way.
 */
import { Envelope, type Bounding } from './envelope.ts'

/** A moment as one clock read it. */
export interface Reading {
  readonly clock: number
  /** Nanoseconds. */
  readonly time: number
}

/** `early` came before `late`, or after it by `slack` nanoseconds at most. */
export interface Before<Why> {
  readonly early: Reading
  readonly late: Reading
  readonly slack: number
  /** What says so, for whoever is told of a contradiction. */
  readonly why: Why
}

/** Somebody said what a clock's offset is, at all times. */
export interface Given<Why> {
  readonly clock: number
  readonly offset: number
  readonly uncertainty: number
  readonly why: Why
}

export interface Bounds {
  readonly low: number
  readonly high: number
}

/** What cannot all be true. */
export class ContradictionError<Why> extends Error {
  override readonly name = 'ContradictionError'
  readonly whys: readonly Why[]
  /** By how much, in nanoseconds, at least. */
  readonly by: number

  constructor(whys: readonly Why[], by: number) {
    super(`what is said of the clocks contradicts itself by ${by} ns`)
    this.whys = whys
    this.by = by
  }
}

/** Places at which ways over several clocks are held against each other. */
const PLACES_LOOKED_AT = 2000

/** θ of one clock less θ of another is at most this. */
interface Edge<Why> {
  readonly from: number
  readonly to: number
  readonly above: Envelope<Why>
}

interface Way<Why> {
  length: number
  by: Edge<Why> | null
}

/** Bounds of the offsets of clocks 0 (the reference) to `clocks` − 1. `drift`: seconds by which two of them part in a second at most. */
export class ClockBounds<Why> {
  readonly #clocks: number
  readonly #edges: readonly Edge<Why>[]
  /** What brings readings of a clock near the reference's, as a place to look at bounds. */
  readonly #rough: readonly number[]

  constructor(clocks: number, befores: readonly Before<Why>[], givens: readonly Given<Why>[], drift: number) {
    this.#clocks = clocks
    this.#rough = roughOffsets(clocks, befores, givens)
    const edges = new Map<string, { from: number; to: number; boundings: Bounding<Why>[] }>()
    // θ of `to` less θ of `from` is at most `above`.
    const add = (from: number, to: number, bounding: Bounding<Why>): void => {
      const key = `${from} ${to}`
      const edge = edges.get(key)
      if (edge === undefined) edges.set(key, { from, to, boundings: [bounding] })
      else edge.boundings.push(bounding)
    }
    for (const { early, late, slack, why } of befores) {
      const [a, b] = [this.placeOf(early), this.placeOf(late)]
      // Neither place is quite right: from wherever one looks, it is as far as to the farther one.
      add(late.clock, early.clock, { at: (a + b) / 2, above: late.time - early.time + slack + (drift * Math.abs(a - b)) / 2, why })
    }
    for (const { clock, offset, uncertainty, why } of givens) {
      add(0, clock, { at: null, above: offset + uncertainty, why })
      add(clock, 0, { at: null, above: uncertainty - offset, why })
    }
    this.#edges = [...edges.values()].map(({ from, to, boundings }) => ({ from, to, above: new Envelope(boundings, drift) }))
  }

  /** Where a reading lies, to look at bounds there; near the reference's time. */
  placeOf({ clock, time }: Reading): number {
    return time + this.#rough[clock]!
  }

  /** Whether anything was said at a place, and not of all times. */
  get hasPlaces(): boolean {
    return this.#edges.some(({ above }) => above.places.length > 0)
  }

  /**
   * Looks for what cannot be true: of two clocks wherever something was said of them, of longer ways at some thousand places.
   * @throws ContradictionError
   */
  mustAgree(): void {
    const byEnds = new Map(this.#edges.map((edge) => [`${edge.from} ${edge.to}`, edge]))
    for (const edge of this.#edges) {
      const back = byEnds.get(`${edge.to} ${edge.from}`)
      if (back === undefined) continue
      for (const place of edge.above.places) {
        const sum = edge.above.at(place) + back.above.at(place)
        if (sum < -0.5) throw new ContradictionError([...new Set([edge.above.whyAt(place), back.above.whyAt(place)])], -sum)
      }
    }
    const places = this.#edges.flatMap(({ above }) => above.places).toSorted((a, b) => a - b)
    const every = Math.ceil(places.length / PLACES_LOOKED_AT)
    for (let i = 0; i < places.length; i += every) this.at(0, places[i]!)
    if (places.length === 0) this.always(0)
  }

  /** The offset of a clock at a place; infinite where nothing bounds it. @throws ContradictionError */
  at(clock: number, place: number): Bounds {
    return this.#between(clock, place)
  }

  /** The offset of a clock wherever one looks. @throws ContradictionError */
  always(clock: number): Bounds {
    return this.#between(clock, null)
  }

  #between(clock: number, place: number | null): Bounds {
    const weights = this.#edges.map(({ above }) => (place === null ? above.always : above.at(place)))
    const high = this.#shortest(weights, place, false)[clock]!.length
    const low = -this.#shortest(weights, place, true)[clock]!.length
    return { low, high }
  }

  /** The shortest way from the reference to each clock (backwards: from each to it), by Bellman and Ford. @throws ContradictionError */
  #shortest(weights: readonly number[], place: number | null, backwards: boolean): Way<Why>[] {
    const ways: Way<Why>[] = Array.from({ length: this.#clocks }, (_, n) => ({ length: n === 0 ? 0 : Infinity, by: null }))
    const edges = this.#edges
    for (let round = 0; ; round++) {
      let shorter: Edge<Why> | null = null
      for (let i = 0; i < edges.length; i++) {
        const edge = edges[i]!
        const to = ways[backwards ? edge.from : edge.to]!
        const length = ways[backwards ? edge.to : edge.from]!.length + weights[i]!
        // Sums of differing order differ by less than that.
        if (!(length < to.length - 0.5)) continue
        to.length = length
        to.by = edge
        shorter = edge
      }
      if (shorter === null) return ways
      if (round > this.#clocks) throw this.#contradiction(ways, backwards ? shorter.from : shorter.to, place ?? 0, backwards)
    }
  }

  /** The round trip that is shorter than nothing. */
  #contradiction(ways: readonly Way<Why>[], clock: number, place: number, backwards: boolean): ContradictionError<Why> {
    const back = (n: number): number => {
      const { from, to } = ways[n]!.by!
      return backwards ? to : from
    }
    let at = clock
    // After as many steps back as there are clocks one is on the round trip.
    for (let i = 0; i < this.#clocks; i++) at = back(at)
    const edges: Edge<Why>[] = []
    let n = at
    do {
      edges.push(ways[n]!.by!)
      n = back(n)
    } while (n !== at)
    const by = -edges.reduce((sum, { above }) => sum + above.at(place), 0)
    return new ContradictionError([...new Set(edges.map(({ above }) => above.whyAt(place)))], by)
  }
}

/** Offsets that a first look gives: as good as the messages were quick. */
function roughOffsets(clocks: number, befores: readonly Before<unknown>[], givens: readonly Given<unknown>[]): number[] {
  const rough: (number | undefined)[] = Array.from({ length: clocks })
  rough[0] = 0
  for (const { clock, offset } of givens) rough[clock] ??= offset
  for (let found = true; found;) {
    found = false
    for (const { early, late } of befores) {
      const [a, b] = [rough[early.clock], rough[late.clock]]
      if ((a === undefined) === (b === undefined)) continue
      found = true
      if (a === undefined) rough[early.clock] = b! + late.time - early.time
      else rough[late.clock] = a + early.time - late.time
    }
  }
  return rough.map((offset) => offset ?? 0)
}
