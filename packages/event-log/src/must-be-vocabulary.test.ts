import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { appendFileLog, createFileLog, openFileLog } from './file.ts'
import { memoryStore } from './memory.ts'
import { filesInMemory, openLogFiles } from './read.ts'
import { sampleMeta } from './samples.ts'

const folder = mkdtempSync(join(tmpdir(), 'devtrail-vocabulary-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([undefined, null, {}, []])('%j instead of a vocabulary is refused by all that need one, and nothing is made', async (given) => {
  const none = given as never
  for (const opening of [
    () => createFileLog(join(folder, 'log'), sampleMeta(), none),
    () => appendFileLog(join(folder, 'log'), none),
    () => openFileLog(join(folder, 'log'), none),
    () => openLogFiles(filesInMemory(new Map()), none),
    async () => memoryStore(none),
  ])
    await expect(opening()).rejects.toThrow(/^a log needs the vocabulary of its events, found .*new Vocabulary/)
  expect(readdirSync(folder)).toEqual([])
})
