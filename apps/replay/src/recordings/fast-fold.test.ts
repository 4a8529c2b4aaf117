import { memoryStore, sampleMeta, type LogReader } from '@devtrail/event-log'
import { Facts, type AnyEvent } from '@devtrail/events'
import { History, KeyframeRecorder, Machine, type BlockRange, type EventSource, type StoredKeyframe } from '@devtrail/time-travel'
import { describe, expect, test } from 'vitest'
import { models, vocabulary } from '../models.ts'
import { imported, names } from './recorded.test-support.ts'

/** Positions looked at in each recording. */
const POSITIONS = 40

/** A log in memory, by blocks, with a keyframe at each of the given events. */
class KeptSource implements EventSource {
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

async function logOf(events: readonly AnyEvent[]): Promise<LogReader> {
  const store = memoryStore(vocabulary)
  const writer = await store.create(sampleMeta())
  await writer.append(events)
  return store.open()
}

describe.each(names)('%s', (name) => {
  test(
    'the fast fold gives what the slow one gives, with and without keyframes, forwards and backwards',
    { timeout: 120_000 },
    async () => {
      const { events } = await imported(name)
      const reader = await logOf(events)
      const last = reader.lastSeq
      const positions = new Set(Array.from({ length: POSITIONS }, (_, i) => Math.round((i * last) / (POSITIONS - 1))))
      const cuts = new Set([...positions].filter((seq, i) => seq > 0 && i % 7 === 3))
      const facts = new Facts(vocabulary)
      for (const event of events) facts.learn(event)
      const slow = new Machine(models, facts)
      const expected = new Map<number, unknown>()
      for (const [i, event] of events.entries()) {
        slow.step(event)
        const { seq } = event
        if (positions.has(seq) && events[i + 1]?.seq !== seq)
          expected.set(seq, structuredClone([slow.content, [...slow.spans], slow.devices()]))
      }
      const plain = new History(reader, models)
      const kept = new History(new KeptSource(reader, events, cuts), models, { fold: 'x' })
      // Folding a long log from its start again and again shows nothing new.
      for (const [history, order] of [
        [kept, [...expected.keys()]],
        [kept, [...expected.keys()].toReversed()],
        [plain, last > 10_000 ? [last] : [...expected.keys()]],
      ] as const) {
        for (const seq of order) {
          const { machine } = await history.at({ kind: 'seq', seq })
          expect([machine.content, [...machine.spans], machine.devices()]).toEqual(expected.get(seq))
        }
      }
    },
  )
})
