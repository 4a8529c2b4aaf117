import type { AnyEvent, BlockSummary, EventBlock } from '@devtrail/events'

/** A block of events that are kept as objects; `event` and `view` hand out these. */
export class PlainBlock implements EventBlock {
  readonly events: readonly AnyEvent[]
  readonly types: readonly { readonly name: string; readonly version: number }[]
  readonly #places = new Map<string, number>()
  #type: Float64Array | null = null
  #time: Float64Array | null = null
  #device: Float64Array | null = null
  #cpu: Float64Array | null = null
  #entry: Float64Array | null = null
  #host: Float64Array | null | undefined

  constructor(events: readonly AnyEvent[]) {
    this.events = events
    for (const { type } of events) if (!this.#places.has(type)) this.#places.set(type, this.#places.size)
    this.types = Array.from(this.#places.keys(), (name) => ({ name, version: 0 }))
  }

  get count(): number {
    return this.events.length
  }

  get lastSeq(): number {
    return this.events.at(-1)!.seq
  }

  get type(): Float64Array {
    return (this.#type ??= Float64Array.from(this.events, ({ type }) => this.#places.get(type)!))
  }

  get time(): Float64Array {
    return (this.#time ??= Float64Array.from(this.events, ({ time }) => time))
  }

  get device(): Float64Array {
    return (this.#device ??= Float64Array.from(this.events, ({ device }) => device ?? Number.NaN))
  }

  get cpu(): Float64Array {
    return (this.#cpu ??= Float64Array.from(this.events, ({ cpu }) => cpu ?? Number.NaN))
  }

  get entry(): Float64Array {
    return (this.#entry ??= Float64Array.from(this.events, ({ entry }) => entry ?? Number.NaN))
  }

  get host(): Float64Array | null {
    if (this.#host === undefined) {
      const hosts = this.events.some(({ host }) => host !== undefined)
      this.#host = hosts ? Float64Array.from(this.events, ({ host }) => host ?? 0) : null
    }
    return this.#host
  }

  seq(place: number): number {
    return this.events[place]!.seq
  }

  event(place: number): AnyEvent {
    return this.events[place]!
  }

  view(place: number): AnyEvent {
    return this.events[place]!
  }

  summary(): BlockSummary {
    let [minTime, maxTime, first, last] = [Infinity, -Infinity, Infinity, -Infinity]
    for (const { time, entry } of this.events) {
      minTime = Math.min(minTime, time)
      maxTime = Math.max(maxTime, time)
      first = Math.min(first, entry ?? Infinity)
      last = Math.max(last, entry ?? -Infinity)
    }
    const entries = first <= last ? { first, last } : null
    return { count: this.count, firstSeq: this.seq(0), lastSeq: this.lastSeq, minTime, maxTime, entries }
  }
}
