/**
 * What every log store must do, as tests. It imports no test runner: hand in yours.
 *
 *     import { describe, expect, test } from 'vitest'
 *     const api = { describe, test, expectEqual: (a, b) => expect(a).toStrictEqual(b) }
 *     logStoreContract(api, { name: 'mine', strongest: 'durable', fresh: async (vocabulary) => myStore(vocabulary) })
 */
import { attachmentTests } from './contract-suite/attachments.ts'
import { eventTests } from './contract-suite/events.ts'
import { followTests } from './contract-suite/follow.ts'
import { keyframeTests } from './contract-suite/keyframes.ts'
import { levelTests, wrongLevelTests } from './contract-suite/levels.ts'
import { lifeTests } from './contract-suite/life.ts'
import { metaTests } from './contract-suite/meta.ts'
import { readingTests } from './contract-suite/reading.ts'
import { sequenceTests } from './contract-suite/sequence.ts'
import type { Fresh, StoreUnderTest, TestApi } from './contract-suite/suite-api.ts'
import { sampleVocabulary } from './samples.ts'

export { eventsOf } from './contract-suite/suite-api.ts'
export type { StoreUnderTest, TestApi } from './contract-suite/suite-api.ts'

/** Declares the suite's tests for one store. */
export function logStoreContract(api: TestApi, under: StoreUnderTest): void {
  const fresh: Fresh = () => under.fresh(sampleVocabulary)
  api.describe(`the log contract on ${under.name}`, () => {
    readingTests(api, fresh)
    sequenceTests(api, fresh)
    eventTests(api, fresh)
    followTests(api, fresh)
    levelTests(api, fresh, under)
    wrongLevelTests(api, fresh)
    lifeTests(api, fresh)
    metaTests(api, fresh)
    attachmentTests(api, fresh)
    keyframeTests(api, fresh, under.strongest)
  })
}
