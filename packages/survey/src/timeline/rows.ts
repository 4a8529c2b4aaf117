/** Rows out of lives: incarnations that share a key follow one another in one row. */
import type { DeviceInfo } from '@devtrail/events'
import { LaneLife, type Life } from './life.ts'
import { LANES } from './looks.ts'
import type { Lane, Row } from './timeline.ts'

/** The incarnations of a key, oldest first. */
export interface Lives {
  readonly key: string
  info: Pick<DeviceInfo, 'kind' | 'bookkeeping'>
  readonly lives: Life[]
}

const MEMORY = LANES.indexOf('memory')

const rankOf = ({ info, lives }: Lives): number => (info.bookkeeping ? 2 : lives.some(({ lanes }) => lanes[MEMORY] !== undefined) ? 0 : 1)

/** Devices with memory first, those that are there for bookkeeping last; else as they came. */
export function inOrder(all: Iterable<Lives>): Lives[] {
  const ranks: Lives[][] = [[], [], []]
  for (const one of all) ranks[rankOf(one)]!.push(one)
  return ranks.flat()
}

/** One lane of lives that followed one another: each ends where the next is there. */
function laneOf(lives: readonly Life[], n: number): LaneLife {
  if (lives.length === 1) return lives[0]!.lanes[n]!
  const all = new LaneLife()
  for (const [i, { lanes, since }] of lives.entries()) {
    if (since === null) continue
    const end = lives.slice(i + 1).find((life) => life.since !== null)?.since?.seq ?? Infinity
    const lane = lanes[n]
    if (lane === undefined || lane.seq(0) !== since.seq) all.say(since.seq, since.time, -1)
    if (lane === undefined) continue
    for (let at = 0; at < lane.length && lane.seq(at) < end; at++) all.say(lane.seq(at), lane.time(at), lane.look(at))
  }
  return all
}

function lanesOf(lives: readonly Life[]): Lane[] {
  return LANES.flatMap((name, n): Lane[] => {
    if (!lives.some((life) => life.lanes[n] !== undefined)) return []
    const lane = laneOf(lives, n)
    const [seqs, times, looks] = [new Float64Array(lane.length), new Float64Array(lane.length), new Int32Array(lane.length)]
    for (let i = 0; i < lane.length; i++) {
      seqs[i] = lane.seq(i)
      times[i] = lane.time(i)
      looks[i] = lane.look(i)
    }
    return [{ name, seqs, times, looks }]
  })
}

function apart(pairs: readonly number[]): Pick<Row, 'bins' | 'counts'> {
  const [bins, counts] = [new Int32Array(pairs.length / 2), new Int32Array(pairs.length / 2)]
  for (let i = 0; i < bins.length; i++) {
    bins[i] = pairs[2 * i]!
    counts[i] = pairs[2 * i + 1]!
  }
  return { bins, counts }
}

/** The bins of lives together, and how many events of any are in each. */
function binsOf(lives: readonly Life[]): Pick<Row, 'bins' | 'counts'> {
  if (lives.length === 1) return apart(lives[0]!.bins)
  const sums = new Map<number, number>()
  for (const { bins } of lives) for (let i = 0; i < bins.length; i += 2) sums.set(bins[i]!, (sums.get(bins[i]!) ?? 0) + bins[i + 1]!)
  return apart([...sums].toSorted(([a], [b]) => a - b).flat())
}

export function rowOf({ key, info: { kind, bookkeeping }, lives }: Lives): Row {
  const first = Math.min(...lives.map((life) => life.first))
  return {
    key,
    kind,
    bookkeeping,
    first: Number.isFinite(first) ? first : 0,
    last: Math.max(...lives.map(({ last }) => last)),
    events: lives.reduce((sum, { events }) => sum + events, 0),
    lanes: lanesOf(lives),
    ...binsOf(lives),
  }
}
