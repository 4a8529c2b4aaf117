import type { LogWriter } from '../contract.ts'
import { sampleEvent, sampleEvents, sampleMeta } from '../samples.ts'
import { eventsOf, storedIn, refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

export function lifeTests({ test, expectEqual }: TestApi, fresh: Fresh): void {
  test('where no log was created there is nothing to read or continue', async () => {
    const store = await fresh()
    await refusal(() => store.open(), 'not-found')
    await refusal(() => store.append(), 'not-found')
  })

  test('a log is not created twice, and the first one stays', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(3))
    await refusal(() => store.create(sampleMeta()), 'exists')
    expectEqual(await storedIn(store), sampleEvents(3))
  })

  test('there is one writer at a time; closing it lets the next one in', async () => {
    const store = await fresh()
    const first = await store.create(sampleMeta())
    await refusal(() => store.append(), 'locked')
    await first.append(sampleEvents(2))
    await first.close()
    const second = await store.append()
    await refusal(() => store.append(), 'locked')
    await first.close()
    await refusal(() => store.append(), 'locked')
    await second.append([sampleEvent(3)])
    await second.close()
    expectEqual(await storedIn(store), sampleEvents(3))
  })

  test('disposing of a writer closes it', async () => {
    const store = await fresh()
    {
      await using writer = await store.create(sampleMeta())
      await writer.append(sampleEvents(2))
    }
    await using next = await store.append()
    expectEqual(next.lastSeq, 2)
  })

  test('a closed writer or reader refuses everything but closing again', async () => {
    const store = await fresh()
    const writer: LogWriter = await store.create(sampleMeta())
    await writer.append(sampleEvents(2))
    await writer.close()
    await writer.close()
    await refusal(() => writer.append([sampleEvent(3)]), 'closed')
    await refusal(() => writer.flush('written'), 'closed')
    await refusal(() => writer.attach('a', new Uint8Array()), 'closed')
    await refusal(() => writer.keyframe('a', { since: null, parts: [] }), 'closed')
    const reader = await store.open()
    await reader.close()
    await reader.close()
    await refusal(() => eventsOf(reader), 'closed')
    await refusal(() => reader.attachments(), 'closed')
    await refusal(() => reader.keyframes('a'), 'closed')
    await refusal(() => reader.keyframe('a', 2), 'closed')
    expectEqual(await storedIn(store), sampleEvents(2))
  })
}
