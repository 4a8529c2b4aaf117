import { figureName, type Bench, type Peer } from './bench.ts'

/** A bench, and the peers it is to be measured beside. */
export interface Selected {
  readonly bench: Bench
  readonly peers: readonly Peer[]
}

export class NoSuchBenchError extends Error {
  override readonly name = 'NoSuchBenchError'
}

/**
 * The benches, and of each the peers, whose figures' names contain one of `names`; all when there are none.
 * @throws NoSuchBenchError for a name that no figure's name contains.
 */
export function selected(benches: readonly Bench[], names: readonly string[]): readonly Selected[] {
  const all = benches.flatMap((bench) => bench.peers.map((peer) => figureName(bench, peer)))
  for (const name of names) {
    if (all.some((figure) => figure.includes(name))) continue
    throw new NoSuchBenchError(
      `no bench has ${JSON.stringify(name)} in its name; there are\n${all.map((figure) => `  ${figure}`).join('\n')}`,
    )
  }
  if (names.length === 0) return benches.filter(({ peers }) => peers.length > 0).map((bench) => ({ bench, peers: bench.peers }))
  return benches
    .map((bench) => ({ bench, peers: bench.peers.filter((peer) => names.some((name) => figureName(bench, peer).includes(name))) }))
    .filter(({ peers }) => peers.length > 0)
}
