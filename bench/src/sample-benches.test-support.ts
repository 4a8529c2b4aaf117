/** Benches of nothing: what a `*.bench.ts` file looks like. */
import { countedBench, timedBench, type Bench } from './bench.ts'
import type { Work } from './rounds.ts'

const spin = (spins: number, toil = 1): Work => ({
  run: () => {
    let x = 1
    for (let i = 0; i < spins * toil; i++) x = (x * 31) % 65_521
    return x >= 0 ? spins : 0
  },
})

const ill = (name: string, measure: Bench['measure']): Bench => ({ name, about: '', peers: [{ name: 'health' }], measure })

export const benches: readonly Bench[] = [
  timedBench({
    name: 'sample/timed',
    about: 'turning around',
    unit: 'spin',
    setUp: () => 10_000,
    ours: (spins) => spin(spins),
    peers: [
      { name: 'a', work: (spins) => spin(spins) },
      { name: 'b, which toils', goal: 1, work: (spins) => spin(spins, 100) },
    ],
    millisMin: 1,
    finer: 2,
  }),
  countedBench({
    name: 'sample/counted',
    about: 'counting',
    unit: 'byte',
    peers: [{ name: 'twice', goal: 2 }, { name: 'half' }],
    count: () => ({ half: { ours: 7, peer: 3.5 }, twice: { ours: 7, peer: 14 } }),
  }),
  ill('sample/throwing', async () => {
    throw new Error('there is no such lid')
  }),
  ill('sample/dying', async () => {
    process.kill(process.pid, 'SIGKILL')
    return []
  }),
]
