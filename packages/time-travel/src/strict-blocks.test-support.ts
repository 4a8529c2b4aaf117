/** Blocks whose glances can only be looked at until the next one: whoever keeps one is caught. */
import type { AnyEvent, BlockSummary } from '@devtrail/events'
import { PlainBlock } from './plain-block.ts'
import type { BlockRange, EventSource } from './source.ts'

/** An object that reads as `target` while `isValid` says so. */
function guarded<T extends object>(target: T, isValid: () => boolean): T {
  return new Proxy(target, {
    get(of, name, receiver) {
      if (!isValid()) throw new Error(`an event was looked at after the next one: ${String(name)}`)
      const value: unknown = Reflect.get(of, name, receiver)
      return name === 'data' ? guarded(value as object, isValid) : value
    },
  })
}

class StrictBlock extends PlainBlock {
  readonly #turn: { now: number }

  constructor(events: readonly AnyEvent[], turn: { now: number }) {
    super(events)
    this.#turn = turn
  }

  override view(place: number): AnyEvent {
    const turn = ++this.#turn.now
    return guarded(this.events[place]!, () => this.#turn.now === turn)
  }
}

/** A source that keeps events in such blocks, `size` in each. */
export class StrictSource implements EventSource {
  readonly #blocks: StrictBlock[] = []
  readonly #events: readonly AnyEvent[]

  constructor(events: readonly AnyEvent[], size: number) {
    const turn = { now: 0 }
    this.#events = events
    for (let at = 0; at < events.length; at += size) this.#blocks.push(new StrictBlock(events.slice(at, at + size), turn))
  }

  read(): readonly AnyEvent[] {
    return this.#events
  }

  async *blocks({ from = 0, to = Infinity }: BlockRange): AsyncGenerator<StrictBlock> {
    for (const block of this.#blocks) if (block.seq(0) <= to && block.lastSeq >= from) yield block
  }

  async summaries(): Promise<readonly BlockSummary[]> {
    return this.#blocks.map((block) => block.summary())
  }
}
