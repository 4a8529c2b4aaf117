/** Rows out of lives: incarnations that share a key follow one another in one row. */
import type { Lives } from './lives.ts'
import { LANES } from './looks.ts'
import type { Lane, Row } from './timeline.ts'

/** The incarnations of a key, oldest first. */
export interface Incarnations {
  readonly key: string
  readonly host: string | null
  readonly kind: string | null
  readonly bookkeeping: boolean
  readonly lives: readonly number[]
}

/** The changes of a lane, told one by one. */
class LaneMaker {
  readonly #seqs: number[] = []
  readonly #times: number[] = []
  readonly #looks: number[] = []

  say(seq: number, time: number, look: number): void {
    const last = this.#looks.length - 1
    if ((this.#looks[last] ?? -1) === look) return
    if (this.#seqs[last] === seq) {
      this.#looks[last] = look
      return
    }
    this.#seqs.push(seq)
    this.#times.push(time)
    this.#looks.push(look)
  }

  made(name: Lane['name']): Lane {
    return { name, seqs: Float64Array.from(this.#seqs), times: Float64Array.from(this.#times), looks: Int32Array.from(this.#looks) }
  }
}

/** One lane of lives that followed one another: each ends where the next is there. */
function laneOf(all: Lives, lives: readonly number[], n: number): Lane {
  const maker = new LaneMaker()
  const looked = lives.flatMap((life) => {
    const since = all.since(life)
    return since === null ? [] : [{ life, since }]
  })
  for (const [i, { life, since }] of looked.entries()) {
    const end = looked[i + 1]?.since.seq ?? Infinity
    const changes = [...all.lane(life, n)]
    if (lives.length > 1 && changes[0]?.seq !== since.seq) maker.say(since.seq, since.time, -1)
    for (const { seq, time, look } of changes) {
      if (seq >= end) break
      maker.say(seq, time, look)
    }
  }
  return maker.made(LANES[n]!)
}

/** The bins of lives together, and how many events of any are in each. */
function binsOf(all: Lives, lives: readonly number[]): Pick<Row, 'bins' | 'counts'> {
  const sums = new Map<number, number>()
  for (const life of lives) for (const [bin, count] of all.bins(life)) sums.set(bin, (sums.get(bin) ?? 0) + count)
  const bins = Int32Array.from(sums.keys()).toSorted()
  return { bins, counts: bins.map((bin) => sums.get(bin)!) }
}

export function rowOf(all: Lives, { key, host, kind, bookkeeping, lives }: Incarnations): Row {
  const first = lives.reduce((least, life) => Math.min(least, all.first(life)), Infinity)
  return {
    key,
    host,
    kind,
    bookkeeping,
    first: Number.isFinite(first) ? first : 0,
    last: lives.reduce((most, life) => Math.max(most, all.last(life)), 0),
    events: lives.reduce((sum, life) => sum + all.events(life), 0),
    lanes: LANES.flatMap((_, n) => (lives.some((life) => all.hasLane(life, n)) ? [laneOf(all, lives, n)] : [])),
    ...binsOf(all, lives),
  }
}
