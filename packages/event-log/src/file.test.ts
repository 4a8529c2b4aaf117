import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logStoreContract } from './contract-suite.ts'
import { fileStore } from './file.ts'

const expectEqual = (actual: unknown, expected: unknown): void => expect(actual).toStrictEqual(expected)

let root: string
let count = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-file-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

for (const [name, options] of [
  ['files', {}],
  ['compressed files', { compress: true }],
  ['files, blocking', { blocking: true }],
] as const) {
  logStoreContract(
    { describe, test, expectEqual },
    { name, strongest: 'durable', fresh: async (vocabulary) => fileStore(join(root, `log-${++count}`), vocabulary, options) },
  )
}
