import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import type { LogReader } from './contract.ts'
import { createFileLog, openFileLog } from './file.ts'
import { filesInMemory, openLogFiles, type LogFiles } from './read.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from './samples.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** The files below a folder, read as they are now. */
async function filesOf(folder: string): Promise<LogFiles> {
  const files = new Map<string, Uint8Array>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path.slice(folder.length + 1), new Uint8Array(await readFile(path)))
  }
  return filesInMemory(files)
}

async function eventsOf(reader: LogReader): Promise<AnyEvent[]> {
  const events: AnyEvent[] = []
  for await (const event of reader.read()) events.push(event)
  return events
}

async function made(compress: boolean): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'devtrail-read-')), 'log')
  folders.push(join(folder, '..'))
  await using writer = await createFileLog(folder, sampleMeta(), sampleVocabulary, { compress })
  await writer.append(sampleEvents(5000))
  await writer.keyframe('fold', { since: null, parts: [['a', new TextEncoder().encode('part '.repeat(9000))]] })
  await writer.attach('notes.txt', new TextEncoder().encode('a note'))
  await writer.close()
  return folder
}

test.each([false, true])('a log whose files somebody hands out reads as one in a folder (compressed: %s)', async (compress) => {
  const folder = await made(compress)
  await using there = await openFileLog(folder, sampleVocabulary)
  await using here = await openLogFiles(await filesOf(folder), sampleVocabulary)
  expect(here.meta).toEqual(there.meta)
  expect(await eventsOf(here)).toEqual(await eventsOf(there))
  expect(await here.summaries()).toEqual(await there.summaries())
  expect(await here.keyframe('fold', here.lastSeq)).toEqual(await there.keyframe('fold', there.lastSeq))
  expect(new TextDecoder().decode(await here.attachment('notes.txt'))).toBe('a note')
})

test('what is not there is told as of a folder', async () => {
  const none: LogFiles = { open: async () => null, list: async () => null }
  await expect(openLogFiles(none, sampleVocabulary)).rejects.toThrow('it is not a log')
})
