/** `SharedPercpuRef` beside one counter that all threads add to, and beside a counter that says nothing. */
import { compared, figureName, timedBench, type Bench, type BenchOptions, type Figure, type Peer, type Work } from '@devtrail/bench'
import { SharedPercpuRef } from '../src/shared.ts'
import { BareCounter } from './bare-counter.ts'
import { TwoThreads, type Slice } from './pairs.ts'
import type { Kind } from './pairs.child.ts'

/** Pairs of a run of one thread. */
const PAIRS = 2_000_000
/** How long both threads run at a time. */
const SLICE_MILLIS = 100
const WARMUPS = 2
/** A round counts when each thread had so much of a CPU; so many are tried for each that counts. */
const SHARE_MIN = 0.9
const TRIES = 4
const ONE_COUNTER = 'one Atomics.add counter'

function ours(kind: Kind): TwoThreads {
  return new TwoThreads(kind, SharedPercpuRef.create({ workers: 2 }).buffer)
}

function oneCounter(): TwoThreads {
  const counter = new SharedArrayBuffer(4)
  new Int32Array(counter)[0] = 1
  return new TwoThreads('one-counter', counter)
}

interface Round {
  readonly ours: Slice
  readonly peer: Slice
}

/** Rounds in which both had both CPUs; when the machine is too busy for that, all there were. */
async function roundsOf(both: readonly [TwoThreads, TwoThreads], rounds: number): Promise<{ good: readonly Round[]; isBusy: boolean }> {
  const all: Round[] = []
  const good: Round[] = []
  for (let round = -WARMUPS; round < rounds * TRIES && good.length < rounds; round++) {
    const turns = round % 2 === 0 ? [0, 1] : [1, 0]
    const slices: Slice[] = []
    for (const turn of turns) slices[turn] = await both[turn]!.slice(SLICE_MILLIS)
    if (round < 0) continue
    const one = { ours: slices[0]!, peer: slices[1]! }
    all.push(one)
    if (Math.min(one.ours.share, one.peer.share) >= SHARE_MIN) good.push(one)
  }
  return good.length >= rounds / 2 ? { good, isBusy: false } : { good: all, isBusy: true }
}

const BUSY = 'the machine was busy: the threads did not run at the same time all the time, which the one counter gains by'

function ofTwo(kind: Kind, about: string, goal?: number): Bench {
  const name = `percpu-ref/shared-${kind}`
  const peer: Peer = { name: ONE_COUNTER, ...(goal !== undefined && { goal }) }
  const measure = async (_: readonly Peer[], { rounds }: BenchOptions): Promise<readonly Figure[]> => {
    const both = [ours(kind), oneCounter()] as const
    try {
      const { good, isBusy } = await roundsOf(both, rounds)
      const times = compared(
        good.map(({ ours }) => ours.ns),
        good.map(({ peer }) => peer.ns),
      )
      return [{ ...peer, ...times, name: figureName({ name }, peer), unit: 'ns/pair', ...(isBusy && { note: BUSY }) }]
    } finally {
      for (const threads of both) await threads.close()
    }
  }
  return { name, about, peers: [peer], measure }
}

function silent(): Work {
  const ref = SharedPercpuRef.create({ workers: 1 })
  ref.online()
  const run = (): number => {
    for (let i = 0; i < PAIRS; i++) {
      ref.get()
      ref.put()
    }
    return ref.snapshot().perCpu![0] === 0n ? PAIRS : 0
  }
  return { run }
}

function bare(): Work {
  const counter = new BareCounter(new Int32Array(new SharedArrayBuffer(128)))
  const run = (): number => {
    for (let i = 0; i < PAIRS; i++) {
      counter.get()
      counter.put()
    }
    return counter.count === 0 ? PAIRS : 0
  }
  return { run }
}

export const benches: readonly Bench[] = [
  ofTwo('announcing', 'get and put by two threads, each announcing every 64 pairs', 10),
  ofTwo('bare', 'get and put by two threads that are online, in a loop', 30),
  ofTwo('offline', 'get and put by two threads that promise nothing'),
  timedBench({
    name: 'percpu-ref/shared-silent',
    about: 'get and put by one thread that says nothing',
    unit: 'pair',
    setUp: () => null,
    ours: silent,
    peers: [{ name: 'a counter without events', goal: 0.8, goalText: 'at most 1.25 times', work: bare }],
  }),
]
