/** Which events of other hosts may have happened before or after one, for all that is known of the clocks. */
import type { AnyEvent, EventBlock } from '@devtrail/events'
import type { LogBlocks } from '../log-blocks.ts'
import type { HostClocks } from './clocks.ts'

export interface Concurrent {
  readonly count: number
  /** The first and last such event. */
  readonly first: number
  readonly last: number
}

/** Null: none; or the log is of one host. */
export async function concurrentWith(blocks: LogBlocks, clocks: HostClocks, event: AnyEvent): Promise<Concurrent | null> {
  const { host, time, seq } = event
  if (host === undefined || seq === 0) return null
  const own = clocks.at(host, seq)?.uncertainty ?? Infinity
  const reach = own + clocks.mostUncertain
  let [count, first, last] = [0, 0, 0]
  const look = (block: EventBlock): void => {
    const hosts = block.host
    if (hosts === null) return
    for (let place = 0; place < block.count; place++) {
      const [other, at] = [hosts[place]!, block.seq(place)]
      if (other === 0 || other === host || at === 0) continue
      const apart = Math.abs(block.time[place]! - time)
      if (apart > reach || apart > own + (clocks.at(other, at)?.uncertainty ?? Infinity)) continue
      count++
      if (first === 0) first = at
      last = at
    }
  }
  for (const { firstSeq, lastSeq, minTime, maxTime } of await blocks.summaries()) {
    if (lastSeq === 0 || minTime > time + reach || maxTime < time - reach) continue
    for await (const block of blocks.blocks({ from: Math.max(1, firstSeq), to: lastSeq })) look(block)
  }
  return count === 0 ? null : { count, first, last }
}
