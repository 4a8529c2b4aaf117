import { Facts } from '@devtrail/events'
import { History, Machine } from '@devtrail/time-travel'
import { describe, expect, test } from 'vitest'
import { models, vocabulary } from '@devtrail/survey'
import { KeptSource, logOf } from './kept-source.test-support.ts'
import { imported, names } from './recorded.test-support.ts'

/** Positions looked at in each recording. */
const POSITIONS = 40

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
