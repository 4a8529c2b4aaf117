import type { AnyEvent, EventBlock } from '@devtrail/events'
import { LogBlocks, placeAfter, type EventSource } from '@devtrail/time-travel'

/** How many events of which types a log has. */
export interface Census {
  /** Those of the baseline included. */
  readonly types: ReadonlyMap<string, number>
  /** Without those of the baseline. */
  readonly events: number
  /** The first event that an entry of the recording gave; of a log that was not recorded, the first that tells of more than the log. */
  readonly first: AnyEvent | null
}

class Counting {
  readonly types = new Map<string, number>()
  events = 0
  readonly #begin: number
  /** The first that an entry gave. */
  recorded: AnyEvent | null = null
  /** The first that tells of more than the log. */
  earliest: AnyEvent | null = null

  constructor({ start }: EventSource) {
    this.#begin = start?.seq ?? -1
  }

  see(block: EventBlock): void {
    const { count, types, type, entry } = block
    const counts = types.map(() => 0)
    for (let place = placeAfter(block, this.#begin); place < count; place++) {
      const t = type[place]!
      counts[t]!++
      if (this.recorded !== null || block.seq(place) === 0) continue
      // That entries are missing is told with the number of the one behind, and where nothing came before without a time.
      if (types[t]!.name.startsWith('log/')) continue
      this.earliest ??= block.event(place)
      if (!Number.isNaN(entry[place]!)) this.recorded = block.event(place)
    }
    for (const [t, { name }] of types.entries()) this.types.set(name, (this.types.get(name) ?? 0) + counts[t]!)
    this.events += Math.min(count, block.lastSeq - Math.max(0, this.#begin))
  }
}

/** Counts the events of a log, reading all of it. */
export async function censusOf(source: EventSource): Promise<Census> {
  const counting = new Counting(source)
  for await (const block of new LogBlocks(source).blocks()) counting.see(block)
  const { types, events, recorded, earliest } = counting
  return { types, events, first: recorded ?? earliest }
}
