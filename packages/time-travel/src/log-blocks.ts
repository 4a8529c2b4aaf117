import type { AnyEvent, BlockSummary, EventBlock } from '@devtrail/events'
import { PlainBlock } from './plain-block.ts'
import type { BlockRange, EventSource } from './source.ts'
import { Turns } from './turns.ts'

/** Events of a source that keeps none in blocks, gathered into one. */
const PLAIN_EVENTS = 4096

/** A source by blocks, whether it keeps its events so or not. */
export class LogBlocks {
  readonly #source: EventSource
  readonly #size: number
  #summaries: Promise<readonly BlockSummary[]> | null = null

  /** `size`: events of a block where the source keeps none. */
  constructor(source: EventSource, size = PLAIN_EVENTS) {
    this.#source = source
    this.#size = size
  }

  async *blocks(range: BlockRange = {}): AsyncGenerator<EventBlock> {
    const turns = new Turns()
    for await (const block of this.#source.blocks?.(range) ?? this.#plain(range)) {
      yield block
      if (turns.isTime()) await turns.give()
    }
  }

  async *#plain({ from = 0, to = Infinity }: BlockRange): AsyncGenerator<EventBlock> {
    for await (const block of this.#gathered()) {
      if (block.seq(0) > to) return
      if (block.lastSeq >= from) yield block
    }
  }

  async *#gathered(): AsyncGenerator<PlainBlock> {
    let events: AnyEvent[] = []
    for await (const event of this.#source.read()) {
      events.push(event)
      if (events.length < this.#size) continue
      yield new PlainBlock(events)
      events = []
    }
    if (events.length > 0) yield new PlainBlock(events)
  }

  summaries(): Promise<readonly BlockSummary[]> {
    return (this.#summaries ??= this.#source.summaries?.() ?? this.#summarise())
  }

  async #summarise(): Promise<readonly BlockSummary[]> {
    const summaries: BlockSummary[] = []
    for await (const block of this.#gathered()) summaries.push(block.summary())
    return summaries
  }
}
