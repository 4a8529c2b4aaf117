/// <reference lib="esnext.disposable" />
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogUsageError } from '../errors.ts'
import { appendFileLog, createFileLog } from '../file.ts'
import { sampleMeta, sampleVocabulary } from '../samples.ts'
import { LOCK_FOLDER } from './layout.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-lock-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** A log, and the name that a writer of this process would lock it with. */
async function unlocked(name: string): Promise<{ folder: string; own: string }> {
  const folder = join(root, name)
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  const [own] = await readdir(join(folder, LOCK_FOLDER))
  await writer.close()
  expect(await readdir(join(folder, LOCK_FOLDER))).toStrictEqual([])
  return { folder, own: own! }
}

const leave = (folder: string, name: string): Promise<void> => writeFile(join(folder, LOCK_FOLDER, name), '')
const dead = spawnSync(process.execPath, ['--version']).pid

test.each([
  ['a process that is gone', (own: string) => own.replace(/pid=\d+/, `pid=${dead}`)],
  ['an earlier process with the same number', (own: string) => own.replace(/start=\d+/, 'start=1')],
  ['a process of before the machine was restarted', (own: string) => own.replace(/boot=\w+/, 'boot=0123456789abcdef')],
])('a lock left by %s is taken over', async (what, change) => {
  const { folder, own } = await unlocked(what)
  await leave(folder, change(own))
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect(writer.lastSeq).toBe(0)
  expect(await readdir(join(folder, LOCK_FOLDER))).toHaveLength(1)
})

test.each([
  ['a living process', (own: string) => own.replace(/n=\d+$/, 'n=999999')],
  ['another host', (own: string) => own.replace(/host=[^,]*/, 'host=elsewhere').replace(/pid=\d+/, `pid=${dead}`)],
  ['another container', (own: string) => own.replace(/ns=\d*/, 'ns=1').replace(/pid=\d+/, `pid=${dead}`)],
  ['somebody unknown', () => 'mine'],
])('a lock of %s is respected, and the error says which file it is', async (what, change) => {
  const { folder, own } = await unlocked(what)
  const name = change(own)
  await leave(folder, name)
  await expect(appendFileLog(folder, sampleVocabulary)).rejects.toThrow(join(folder, LOCK_FOLDER, name))
  expect(await readdir(join(folder, LOCK_FOLDER))).toStrictEqual([name])
})

test('of many that come at once at most one writes', async () => {
  const { folder } = await unlocked('crowd')
  for (let round = 0; round < 20; round++) {
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => appendFileLog(folder, sampleVocabulary)))
    const won = tries.filter((t) => t.status === 'fulfilled').map((t) => t.value)
    expect(won.length).toBeLessThanOrEqual(1)
    const codes = tries.filter((t) => t.status === 'rejected').map((t) => (t.reason as LogUsageError).code)
    expect(codes).toStrictEqual(codes.map(() => 'locked'))
    for (const writer of won) await writer.close()
  }
  await using last = await appendFileLog(folder, sampleVocabulary)
  expect(last.lastSeq).toBe(0)
})
