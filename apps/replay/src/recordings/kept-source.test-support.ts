/** A log in memory, by blocks, with keyframes where a test wants them. */
import { memoryStore, sampleMeta, type LogReader } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import { KeyframeRecorder, Machine, type BlockRange, type EventSource, type StoredKeyframe } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'

/** A log in memory with these events. */
export async function logOf(events: readonly AnyEvent[]): Promise<LogReader> {
  const store = memoryStore(vocabulary)
  const writer = await store.create(sampleMeta())
  await writer.append(events)
  return store.open()
}

/** The events of a log, with a keyframe at each of the given ones. */
export class KeptSource implements EventSource {
  readonly #reader: LogReader
  readonly #keyframes: StoredKeyframe[] = []

  constructor(reader: LogReader, events: readonly AnyEvent[], cuts: ReadonlySet<number>) {
    this.#reader = reader
    const recorder = new KeyframeRecorder(new Machine(models))
    const held = new Map<string, Uint8Array>()
    for (const event of events) {
      recorder.machine.step(event)
      if (!cuts.has(event.seq)) continue
      for (const [name, bytes] of recorder.cut(event.seq).parts) {
        if (bytes === null) held.delete(name)
        else held.set(name, bytes)
      }
      this.#keyframes.push({ seq: event.seq, parts: new Map(held) })
    }
  }

  read(): AsyncIterable<AnyEvent> {
    return this.#reader.read()
  }

  blocks(range: BlockRange): ReturnType<LogReader['blocks']> {
    return this.#reader.blocks(range)
  }

  summaries(): ReturnType<LogReader['summaries']> {
    return this.#reader.summaries()
  }

  async keyframe(_fold: string, atOrBefore: number): Promise<StoredKeyframe | null> {
    return this.#keyframes.findLast(({ seq }) => seq <= atOrBefore) ?? null
  }
}
