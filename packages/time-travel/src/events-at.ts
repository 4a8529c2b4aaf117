import type { AnyEvent, BlockSummary } from '@devtrail/events'
import type { LogBlocks } from './log-blocks.ts'

/** The wanted numbers that lie in a block. */
function within(seqs: readonly number[], { firstSeq, lastSeq }: BlockSummary): number[] {
  return seqs.filter((seq) => seq >= firstSeq && seq <= lastSeq)
}

/** The events with these sequence numbers; reads only the blocks that hold them. Those of the baseline have none of their own. */
export async function eventsAt(blocks: LogBlocks, seqs: Iterable<number>): Promise<Map<number, AnyEvent>> {
  const wanted = [...new Set(seqs)].filter((seq) => seq > 0)
  const found = new Map<number, AnyEvent>()
  if (wanted.length === 0) return found
  for (const summary of await blocks.summaries()) {
    const here = within(wanted, summary)
    if (here.length === 0) continue
    for await (const block of blocks.blocks({ from: Math.min(...here), to: Math.max(...here) })) {
      const places = here.map((seq) => block.count - 1 - (block.lastSeq - seq))
      for (const [i, place] of places.entries()) if (place >= 0 && place < block.count) found.set(here[i]!, block.event(place))
    }
  }
  return found
}
