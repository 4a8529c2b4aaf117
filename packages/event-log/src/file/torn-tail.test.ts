/// <reference lib="esnext.disposable" />
import { readFileSync } from 'node:fs'
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, createFileLog, openFileLog } from '../file.ts'
import { EVENT_BYTES_MAX } from '../limits.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-torn-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function sampleLog(name: string, last: number): Promise<{ folder: string; path: string; bytes: Buffer }> {
  const folder = join(root, name)
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(last))
  await writer.close()
  const path = join(folder, 'events.ndjson')
  return { folder, path, bytes: readFileSync(path) }
}

async function eventsIn(folder: string): Promise<AnyEvent[]> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  return await eventsOf(reader)
}

test('a tail torn at any byte of the last two lines is reported, and cut by the next writer, which says so', async () => {
  const { folder, path, bytes } = await sampleLog('every-byte', 6)
  const lineEnds = [...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1)
  for (let size = lineEnds[3]!; size <= bytes.length; size++) {
    await writeFile(path, bytes.subarray(0, size))
    const afterSeq = lineEnds.filter((end) => end <= size).length
    const tail = size - lineEnds[afterSeq - 1]!
    const expected = tail === 0 ? null : { bytes: tail, afterSeq }
    {
      await using reader = await openFileLog(folder, sampleVocabulary)
      expect([reader.tornTail, reader.lastSeq]).toStrictEqual([expected, afterSeq])
    }
    expect(await eventsIn(folder)).toStrictEqual(sampleEvents(afterSeq))
    expect(readFileSync(path), 'a reader changes nothing').toHaveLength(size)
    {
      await using writer = await appendFileLog(folder, sampleVocabulary)
      expect(writer.cutTail).toStrictEqual(expected)
      expect(readFileSync(path)).toHaveLength(size - tail)
      await writer.append([sampleEvent(afterSeq + 1)])
    }
    expect(await eventsIn(folder)).toStrictEqual(sampleEvents(afterSeq + 1))
  }
})

test('a log torn in its very first line has no event and can go on', async () => {
  const { folder, path, bytes } = await sampleLog('first-line', 1)
  await writeFile(path, bytes.subarray(0, 20))
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect(writer.cutTail).toStrictEqual({ bytes: 20, afterSeq: 0 })
  await writer.append([sampleEvent(1)])
})

test('zeros after the last line, as a power failure may leave them, are a torn tail', async () => {
  const { folder, path, bytes } = await sampleLog('zeros', 3)
  await truncate(path, bytes.length + 70_000)
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(reader.tornTail).toStrictEqual({ bytes: 70_000, afterSeq: 3 })
  expect(await eventsIn(folder)).toStrictEqual(sampleEvents(3))
})

test('a line longer than an event may be is damage: at the limit it is a torn tail, one byte more is not', async () => {
  const { folder, path, bytes } = await sampleLog('too-long', 3)
  await truncate(path, bytes.length + EVENT_BYTES_MAX)
  expect(await eventsIn(folder)).toStrictEqual(sampleEvents(3))
  await truncate(path, bytes.length + EVENT_BYTES_MAX + 1)
  await expect(openFileLog(folder, sampleVocabulary)).rejects.toThrow(/events\.ndjson: .*expected a newline within 67108864 bytes/)
  // In the middle of the file it is found when reading gets there, and stepped over.
  await appendFile(path, '\n')
  await appendFile(path, bytes.subarray(0, bytes.indexOf(0x0a) + 1))
  await using reader = await openFileLog(folder, sampleVocabulary)
  await expect(eventsOf(reader)).rejects.toThrow(/line 4, byte \d+: expected at most 67108864 bytes to the newline, found 67108865/)
})
