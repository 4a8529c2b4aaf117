/**
 * What incarnations of devices show while a log is read: what their lanes are since when, and how many events fall into which bin.
 * All in columns, a line for each life, and lines for what changes that lead from one to the next: a log may have a million devices.
 */
import { Column } from './column.ts'
import { LANES } from './looks.ts'

/** No such line. */
const NONE = -1

/** Lines that lead from one to the next: for each life the first and the last. */
class Chains {
  readonly #heads = Column.ofIntegers()
  readonly #tails = Column.ofIntegers()
  readonly #next = Column.ofIntegers()

  add(): void {
    this.#heads.push(NONE)
    this.#tails.push(NONE)
  }

  /** The last line of a chain; −1: it has none. */
  last(chain: number): number {
    return this.#tails.get(chain)
  }

  /** Says that another line, the newest of all, is the chain's last. */
  append(chain: number): void {
    const line = this.#next.push(NONE)
    const last = this.#tails.get(chain)
    if (last === NONE) this.#heads.set(chain, line)
    else this.#next.set(last, line)
    this.#tails.set(chain, line)
  }

  *lines(chain: number): Generator<number> {
    for (let line = this.#heads.get(chain); line !== NONE; line = this.#next.get(line)) yield line
  }
}

/** What a lane shows since an event. */
export interface Change {
  readonly seq: number
  readonly time: number
  readonly look: number
}

export class Lives {
  readonly #first = Column.ofDoubles()
  readonly #last = Column.ofDoubles()
  readonly #events = Column.ofDoubles()
  /** Since when one is looked at; not a number: it is not. */
  readonly #sinceSeq = Column.ofDoubles()
  readonly #sinceTime = Column.ofDoubles()
  /** A chain for each lane of each life. */
  readonly #lanes = new Chains()
  readonly #changes = { seqs: Column.ofDoubles(), times: Column.ofDoubles(), looks: Column.ofIntegers() }
  readonly #bins = new Chains()
  readonly #counts = { bins: Column.ofIntegers(), counts: Column.ofIntegers() }

  get count(): number {
    return this.#first.length
  }

  /** One more life. @returns its number. */
  add(): number {
    this.#last.push(0)
    this.#events.push(0)
    this.#sinceSeq.push(NaN)
    this.#sinceTime.push(NaN)
    for (const _ of LANES) this.#lanes.add()
    this.#bins.add()
    return this.#first.push(Infinity)
  }

  event(life: number, seq: number, bin: number): void {
    this.#first.set(life, Math.min(this.#first.get(life), seq))
    this.#last.set(life, seq)
    this.#events.set(life, this.#events.get(life) + 1)
    if (seq === 0) return
    const { bins, counts } = this.#counts
    const last = this.#bins.last(life)
    if (last !== NONE && bins.get(last) === bin) return counts.set(last, counts.get(last) + 1)
    this.#bins.append(life)
    bins.push(bin)
    counts.push(1)
  }

  /** What lanes show since an event; null: as before. */
  say(life: number, seq: number, time: number, looks: readonly (number | null)[]): void {
    if (Number.isNaN(this.#sinceSeq.get(life))) {
      this.#sinceSeq.set(life, seq)
      this.#sinceTime.set(life, time)
    }
    for (let n = 0; n < LANES.length; n++) {
      const look = looks[n] ?? null
      if (look !== null) this.#sayLane(life * LANES.length + n, seq, time, look)
    }
  }

  #sayLane(lane: number, seq: number, time: number, look: number): void {
    const { seqs, times, looks } = this.#changes
    const last = this.#lanes.last(lane)
    if ((last === NONE ? -1 : looks.get(last)) === look) return
    if (last !== NONE && seqs.get(last) === seq) return looks.set(last, look)
    this.#lanes.append(lane)
    seqs.push(seq)
    times.push(time)
    looks.push(look)
  }

  /** The first event; Infinity: there is none. */
  first(life: number): number {
    return this.#first.get(life)
  }

  last(life: number): number {
    return this.#last.get(life)
  }

  events(life: number): number {
    return this.#events.get(life)
  }

  /** Since when it is looked at; null: it is not. */
  since(life: number): { readonly seq: number; readonly time: number } | null {
    const seq = this.#sinceSeq.get(life)
    return Number.isNaN(seq) ? null : { seq, time: this.#sinceTime.get(life) }
  }

  /** Whether a lane ever showed anything. */
  hasLane(life: number, n: number): boolean {
    return this.#lanes.last(life * LANES.length + n) !== NONE
  }

  *lane(life: number, n: number): Generator<Change> {
    const { seqs, times, looks } = this.#changes
    for (const line of this.#lanes.lines(life * LANES.length + n))
      yield { seq: seqs.get(line), time: times.get(line), look: looks.get(line) }
  }

  /** The bins that have events of it, ascending, and how many. */
  *bins(life: number): Generator<readonly [bin: number, count: number]> {
    const { bins, counts } = this.#counts
    for (const line of this.#bins.lines(life)) yield [bins.get(line), counts.get(line)]
  }
}
