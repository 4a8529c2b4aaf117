/** The event that the benches are about: 24 types, 8 devices, 64 owners, 16 tasks, a random pfn. */
import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'

const fields = { pfn: f.pfn('a page'), n: f.count('how many'), who: f.string('the owner') }
const names = Array.from({ length: 24 }, (_, i) => `type-${String.fromCharCode(97 + i)}`)

export const vocabulary = new Vocabulary([
  declareEvents('bench', Object.fromEntries(names.map((name) => [name, { version: 1, doc: 'Something.', fields }]))),
])

/** The full type names; the events have no others. One string each, as the literals of real emitters are. */
export const typeNames: readonly string[] = vocabulary.types()

/** Device numbers are from 1 to this. */
export const DEVICES = 8

const owners = Array.from({ length: 64 }, (_, i) => `owner-${i}`)
const actors = Array.from({ length: 16 }, (_, i) => ({ pid: 1000 + i, comm: `task-${i}` }))

/** Nanoseconds since a log's epoch of the first event; past 2^32, as in any trace of more than four seconds. */
const START = 8_000_000_000

/** A source of events: always the same ones, numbered from 1, one after the other. */
export class EventSource {
  #random = 1
  #seq = 0
  #time = START

  take(count: number): AnyEvent[] {
    return Array.from({ length: count }, () => this.#next())
  }

  /** Xorshift: a whole number from 0 to n - 1. */
  #below(n: number): number {
    let x = this.#random
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#random = x
    return (x >>> 0) % n
  }

  #next(): AnyEvent {
    return {
      seq: ++this.#seq,
      entry: null,
      time: (this.#time += 200 + this.#below(5000)),
      device: 1 + this.#below(DEVICES),
      cpu: this.#below(2),
      actor: actors[this.#below(16)]!,
      cause: [],
      type: typeNames[this.#below(24)]!,
      data: { pfn: 0x100000 + this.#below(1 << 22), n: this.#below(100), who: owners[this.#below(64)]! },
    }
  }
}
