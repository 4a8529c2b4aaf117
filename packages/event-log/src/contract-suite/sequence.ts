import { sampleEvent, sampleEvents, sampleMeta } from '../samples.ts'
import { storedIn, refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

export function sequenceTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  const cases: readonly (readonly [string, number[], number[], string, string])[] = [
    ['a log that does not start with 0 or 1', [], [2], 'seq 0 (baseline) or 1', 'seq 2'],
    ['a hole', [1, 2], [4], 'seq 3', 'seq 4'],
    ['a hole within a batch', [1], [2, 3, 5], 'seq 4', 'seq 5'],
    ['a repeated number', [1, 2], [2], 'seq 3', 'seq 2'],
    ['a baseline after the first event', [0, 1], [0], 'seq 2', 'seq 0'],
    ['a number that is none', [1], [Number.NaN], 'seq 2', 'seq NaN'],
  ]
  for (const [name, before, refused, expected, found] of cases) {
    test(`${name} is refused, naming both numbers, and nothing of the batch is kept`, async () => {
      const store = await fresh()
      const events = before.map((seq) => sampleEvent(seq))
      await using writer = await store.create(sampleMeta())
      await writer.append(events)
      const error = await refusal(() => writer.append(refused.map((seq) => ({ ...sampleEvent(1), seq }))), 'bad-sequence')
      expectEqual([error.message.includes(expected), error.message.includes(found)], [true, true])
      expectEqual(writer.lastSeq, before.at(-1) ?? 0)
      await writer.flush('written')
      expectEqual(await storedIn(store), events)
    })
  }

  test('one event where a list is wanted is refused, saying so', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const error: unknown = await writer.append(sampleEvent(1) as never).catch((thrown: unknown) => thrown)
    expectEqual(error instanceof TypeError && error.message.includes('append takes a list of events, found an object'), true)
    expectEqual(writer.lastSeq, 0)
  })

  test('a writer that continues a log goes on with its next number', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(4, { baseline: 2 }))
    await using writer = await store.append()
    expectEqual([writer.lastSeq, writer.cutTail, writer.meta], [4, null, sampleMeta()])
    await refusal(() => writer.append([sampleEvent(0)]), 'bad-sequence')
    await refusal(() => writer.append([sampleEvent(4)]), 'bad-sequence')
    await writer.append([sampleEvent(5)])
    await writer.flush('written')
    expectEqual(await storedIn(store), sampleEvents(5, { baseline: 2 }))
  })
}
