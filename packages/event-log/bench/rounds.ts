/** Alternatives measured in interleaved rounds; what counts is the median of the ratios taken inside each round. */

export interface Alternative {
  readonly name: string
  /** Does the work once and returns how many events it was. */
  readonly run: () => number | Promise<number>
}

export interface Result {
  readonly name: string
  /** Median over the rounds. */
  readonly nsPerEvent: number
  /** How many times faster the first alternative is: median of the rounds' ratios, and the smallest. */
  readonly ratio: number
  readonly ratioMin: number
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

export async function interleaved(alternatives: readonly Alternative[], rounds: number, millisMin = 60): Promise<Result[]> {
  const times: number[][] = alternatives.map(() => [])
  for (let round = -2; round < rounds; round++) {
    for (let k = 0; k < alternatives.length; k++) {
      const i = (k + Math.max(0, round)) % alternatives.length
      const start = process.hrtime.bigint()
      let events = 0
      let ns = 0
      do {
        events += await alternatives[i]!.run()
        ns = Number(process.hrtime.bigint() - start)
      } while (ns < millisMin * 1e6)
      if (round >= 0) times[i]!.push(ns / events)
    }
  }
  return alternatives.map(({ name }, i) => {
    const ratios = times[i]!.map((t, round) => t / times[0]![round]!)
    return { name, nsPerEvent: median(times[i]!), ratio: median(ratios), ratioMin: Math.min(...ratios) }
  })
}

export function report(title: string, results: readonly Result[], json: boolean): void {
  if (json) console.log(JSON.stringify({ title, results }))
  else {
    console.log(`\n${title}`)
    for (const { name, nsPerEvent, ratio, ratioMin } of results) {
      console.log(
        `  ${name.padEnd(44)} ${nsPerEvent.toFixed(1).padStart(8)} ns/event  ${ratio.toFixed(2).padStart(7)}x (min ${ratioMin.toFixed(2)})`,
      )
    }
  }
}
