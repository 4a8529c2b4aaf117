/** Rows out of lives: incarnations that share a key follow one another in one row. */
import type { DeviceInfo } from '@devtrail/events'
import { LaneLife, type Life } from './life.ts'
import { LANES } from './looks.ts'
import type { Lane, Row } from './timeline.ts'

const rankOf = ({ bookkeeping, lanes }: Row): number => (bookkeeping ? 2 : lanes.some(({ name }) => name === 'memory') ? 0 : 1)

/** Devices with memory first, those that are there for bookkeeping last; else as they came. */
export const inOrder = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => rankOf(a) - rankOf(b))

/** One lane of lives that followed one another: each ends where the next is there. */
function laneOf(lives: readonly Life[], n: number): LaneLife {
  if (lives.length === 1) return lives[0]!.lanes[n]!
  const all = new LaneLife()
  for (const [i, { lanes, since }] of lives.entries()) {
    if (since === null) continue
    const end = lives.slice(i + 1).find((life) => life.since !== null)?.since?.seq ?? Infinity
    const lane = lanes[n]
    if (lane?.seqs[0] !== since.seq) all.say(since.seq, since.time, -1)
    for (let at = 0; lane !== undefined && at < lane.seqs.length && lane.seqs[at]! < end; at++)
      all.say(lane.seqs[at]!, lane.times[at]!, lane.looks[at]!)
  }
  return all
}

function lanesOf(lives: readonly Life[]): Lane[] {
  return LANES.flatMap((name, n): Lane[] => {
    if (!lives.some((life) => life.lanes[n] !== undefined)) return []
    const { seqs, times, looks } = laneOf(lives, n)
    return [{ name, seqs: Float64Array.from(seqs), times: Float64Array.from(times), looks: Int32Array.from(looks) }]
  })
}

/** The bins of lives together, and how many events of any are in each. */
function binsOf(lives: readonly Life[]): Pick<Row, 'bins' | 'counts'> {
  const { bins, counts } = lives[0]!
  if (lives.length === 1) return { bins: Int32Array.from(bins), counts: Int32Array.from(counts) }
  const sums = new Map<number, number>()
  for (const life of lives) for (const [i, bin] of life.bins.entries()) sums.set(bin, (sums.get(bin) ?? 0) + life.counts[i]!)
  const sorted = [...sums].toSorted(([a], [b]) => a - b)
  return { bins: Int32Array.from(sorted, ([bin]) => bin), counts: Int32Array.from(sorted, ([, count]) => count) }
}

/** @param lives of the incarnations of a key, oldest first. */
export function rowOf(key: string, { kind, bookkeeping }: Pick<DeviceInfo, 'kind' | 'bookkeeping'>, lives: readonly Life[]): Row {
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
