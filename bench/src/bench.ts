/** What a bench is: something of ours, measured beside its peers. A package has them in `bench/*.bench.ts`. */
import { compared, interleaved, type Work } from './rounds.ts'

/** Something to be compared with, and how much better than it ours should be. */
export interface Peer {
  readonly name: string
  /** The least ratio that is good; absent where the figure only stands beside. */
  readonly goal?: number
  /** The goal in words, where the ratio says little: "at most 1.1 times". */
  readonly goalText?: string
}

/** One comparison. */
export interface Figure extends Peer {
  /** Of the bench and the peer: `event-log/encode vs avsc`. */
  readonly name: string
  /** In `unit`, of which less is better. */
  readonly ours: number
  readonly peer: number
  readonly unit: string
  /** How many times better ours is; below 1 the peer is better. */
  readonly ratio: number
  /** Of what was measured in rounds: see `Compared`. */
  readonly ratioMin?: number
  readonly ratioLow?: number
  readonly ratioHigh?: number
  readonly rounds?: number
  /** What else was seen. */
  readonly note?: string
}

export interface BenchOptions {
  /** Rounds that count. */
  readonly rounds: number
}

export interface Bench {
  /** The package and what is measured: `event-log/encode`. */
  readonly name: string
  /** What ours does, for whoever reads the figures. */
  readonly about: string
  readonly peers: readonly Peer[]
  /** Measures beside some of the peers; one figure each, or more. */
  readonly measure: (peers: readonly Peer[], options: BenchOptions) => Promise<readonly Figure[]>
}

/** The name of a bench's figure. */
export function figureName(bench: Pick<Bench, 'name'>, peer: Peer): string {
  return `${bench.name} vs ${peer.name}`
}

/** A bench that is timed in rounds. `S` is what both sides work on. */
export interface TimedBench<S> extends Omit<Bench, 'measure' | 'peers'> {
  /** What a unit of work is: `event`. */
  readonly unit: string
  readonly setUp: () => S | Promise<S>
  readonly ours: (shared: S) => Work | Promise<Work>
  readonly peers: readonly (Peer & { readonly work: (shared: S) => Work | Promise<Work> })[]
  /** See `RoundsOptions`; default 10. */
  readonly millisMin?: number
  /** Rounds for each one that is asked for, default 6: of many short ones a slow moment of the machine spoils few. */
  readonly finer?: number
}

const WARMUPS = 2

function aboutPeer({ name, goal, goalText }: Peer): Peer {
  return { name, ...(goal !== undefined && { goal }), ...(goalText !== undefined && { goalText }) }
}

export function timedBench<S>({ name, about, unit, setUp, ours, peers, millisMin = 10, finer = 6 }: TimedBench<S>): Bench {
  const measure = async (wanted: readonly Peer[], { rounds }: BenchOptions): Promise<readonly Figure[]> => {
    const shared = await setUp()
    const rivals = peers.filter((peer) => wanted.some((w) => w.name === peer.name))
    const works: Work[] = []
    try {
      works.push(await ours(shared))
      for (const { work } of rivals) works.push(await work(shared))
      const times = await interleaved(works, {
        rounds: rounds * finer,
        warmups: WARMUPS * finer,
        millisMin,
        clock: () => process.hrtime.bigint(),
      })
      return rivals.map((peer, i) => ({
        ...aboutPeer(peer),
        ...compared(times[0]!, times[i + 1]!),
        name: figureName({ name }, peer),
        unit: `ns/${unit}`,
      }))
    } finally {
      for (const work of works) await work.close?.()
    }
  }
  return { name, about, peers: peers.map(aboutPeer), measure }
}

/** A bench that counts, such as bytes: the same at each run. */
export interface CountedBench extends Omit<Bench, 'measure'> {
  readonly unit: string
  /** For each peer, by its name: its count, and that of ours to be compared with it. */
  readonly count: () => Counts | Promise<Counts>
}

export interface Counts {
  readonly [peer: string]: { readonly ours: number; readonly peer: number }
}

export function countedBench({ name, about, unit, peers, count }: CountedBench): Bench {
  const measure = async (wanted: readonly Peer[]): Promise<readonly Figure[]> => {
    const counts = await count()
    return wanted.map((peer) => {
      const both = counts[peer.name]
      if (both === undefined) throw new Error(`${name} did not count beside ${peer.name}`)
      return { ...peer, ...both, name: figureName({ name }, peer), unit, ratio: both.peer / both.ours }
    })
  }
  return { name, about, peers, measure }
}
