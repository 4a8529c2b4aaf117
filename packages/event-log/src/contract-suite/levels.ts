import { ACK_LEVELS, type AckLevel } from '../contract.ts'
import { sampleEvent, sampleEvents, sampleMeta } from '../samples.ts'
import { storedIn, refusal, type TestApi, type Fresh, type StoreUnderTest } from './suite-api.ts'

const rank = (level: AckLevel): number => ACK_LEVELS.indexOf(level)

export function levelTests(
  { test, expectEqual }: TestApi,
  fresh: Fresh,
  { strongest, refusesDurable = false }: Pick<StoreUnderTest, 'strongest' | 'refusesDurable'>,
): void {
  test('no acknowledgement is stronger than the store, and flush gives what was asked for as far as it can', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    expectEqual(writer.strongest, strongest)
    expectEqual(rank(await writer.append(sampleEvents(3))) <= rank(strongest), true)
    for (const level of ACK_LEVELS) {
      if (level === 'durable' && refusesDurable) continue
      expectEqual(await writer.flush(level), ACK_LEVELS[Math.min(rank(level), rank(strongest))])
    }
    expectEqual(await writer.flush(writer.strongest), strongest)
    expectEqual(rank(await writer.attach('a', new Uint8Array(1))) <= rank(strongest), true)
    expectEqual(await writer.close(), strongest)
  })

  if (refusesDurable) {
    test('"durable" is refused by a store that cannot promise it, with the reason and what it gives; the writer goes on', async () => {
      const store = await fresh()
      await using writer = await store.create(sampleMeta())
      await writer.append(sampleEvents(3))
      const { message } = await refusal(() => writer.flush('durable'), 'not-durable')
      expectEqual([message.includes('durable'), message.includes(strongest)], [true, true])
      await writer.append([sampleEvent(4)])
      expectEqual(await writer.flush(strongest), strongest)
      expectEqual(await storedIn(store), sampleEvents(4))
    })
  }

  test('a reader opened after flush("written") sees all that was appended', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    for (let seq = 1; seq <= 20; seq++) {
      await writer.append([sampleEvent(seq)])
      await writer.flush('written')
      await using reader = await store.open()
      expectEqual(reader.lastSeq, seq)
    }
    expectEqual(await storedIn(store), sampleEvents(20))
  })

  test('calls that are not awaited take effect in call order', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const calls: Promise<unknown>[] = [
      writer.append(sampleEvents(2)),
      writer.flush(writer.strongest),
      writer.append([sampleEvent(3)]),
      writer.close(),
    ]
    await Promise.all(calls)
    expectEqual(await storedIn(store), sampleEvents(3))
  })
}

export function wrongLevelTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('what is no level is not acknowledged', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(3))
    for (const level of ['nonsense', 'Durable', undefined, null]) await refusal(() => writer.flush(level as AckLevel), 'bad-range')
    expectEqual(await writer.flush('buffered'), 'buffered')
  })
}
