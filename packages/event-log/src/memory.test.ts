import { describe, expect, test } from 'vitest'
import { logStoreContract } from './contract-suite.ts'
import { memoryStore, sampleEvents, sampleMeta, sampleVocabulary } from './index.ts'

const expectEqual = (actual: unknown, expected: unknown): void => expect(actual).toStrictEqual(expected)

logStoreContract({ describe, test, expectEqual }, { name: 'memory', strongest: 'buffered', fresh: async (v) => memoryStore(v) })

test('events read from memory cannot be changed', async () => {
  const store = memoryStore(sampleVocabulary)
  const writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(1))
  const reader = await store.open()
  for await (const event of reader.read()) {
    expect(() => Object.assign(event, { seq: 2 })).toThrow(TypeError)
    expect(() => Object.assign(event.data, { n: 2 })).toThrow(TypeError)
  }
})
