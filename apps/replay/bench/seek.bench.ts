/** A seek to a random position of a log of ten million events. */
import { figureName, median, workFolder, type Bench, type Figure, type Peer } from '@devtrail/bench'
import { openFileLog } from '@devtrail/event-log/file'
import { BlockFold, History, Machine } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { FOLD, writeSimulated } from './simulated-log.ts'

/** `BENCH_EVENTS`: fewer, to try it out. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 10_000_000)
const EVENT_BYTES = 20
const SEEKS_PER_ROUND = 40
const WARMUPS = 40

const PARTS: Peer = {
  name: 'one keyframe load + half an interval folded',
  goal: 0.5,
  goalText: 'at the 95th percentile at most twice',
}

const about = {
  name: 'replay/seek',
  about: `the state at a random position of a log of ${EVENTS.toLocaleString('en').replaceAll(',', ' ')} events of all models, at the 95th percentile`,
}

async function millis(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e6
}

async function measure(_: readonly Peer[], { rounds }: { readonly rounds: number }): Promise<readonly Figure[]> {
  const folder = workFolder(EVENTS * EVENT_BYTES)
  await using reader = await openFileLog(await writeSimulated(folder, EVENTS), vocabulary)
  const history = new History(reader, models, { fold: FOLD })
  const keyframes = await reader.keyframes(FOLD)
  const interval = keyframes[1]! - keyframes[0]!
  let state = 1
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return Math.floor(((state >>> 0) / 2 ** 32) * n)
  }
  const seek = (): Promise<number> => {
    const seq = keyframes[0]! + random(reader.lastSeq - keyframes[0]!)
    return millis(() => history.at({ kind: 'seq', seq }))
  }
  // Exactly at a keyframe: its load, and the search for the position.
  const load = (): Promise<number> => {
    const seq = keyframes[random(keyframes.length)]!
    return millis(() => history.at({ kind: 'seq', seq }))
  }
  const fold = new BlockFold(new Machine(models, await history.facts()))
  let folded = 0
  const foldSome = async (): Promise<void> => {
    const first = 1 + random(reader.lastSeq - interval)
    for await (const block of reader.blocks({ from: first, to: first + interval })) {
      fold.step(block)
      folded += block.count
    }
  }
  for (let i = 0; i < WARMUPS; i++) await seek()
  const seeks: number[] = []
  const loads: number[] = []
  const folds: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < SEEKS_PER_ROUND; i++) {
      seeks.push(await seek())
      loads.push(await load())
    }
    folded = 0
    const took = await millis(foldSome)
    folds.push((took / folded) * interval)
  }
  const ours = seeks.toSorted((a, b) => a - b)[Math.floor(seeks.length * 0.95)]!
  const peer = median(loads) + median(folds) / 2
  const note = `${keyframes.length} keyframes, one in ${interval} events; the median seek takes ${median(seeks).toFixed(1)} ms, the load of a keyframe ${median(loads).toFixed(1)} ms`
  return [{ ...PARTS, name: figureName(about, PARTS), ours, peer, unit: 'ms', ratio: peer / ours, note }]
}

export const benches: readonly Bench[] = [{ ...about, peers: [PARTS], measure }]
