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

logStoreContract(
  { describe, test, expectEqual },
  { name: 'files', strongest: 'durable', fresh: async (v) => fileStore(join(root, `log-${++count}`), v) },
)
