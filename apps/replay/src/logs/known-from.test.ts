import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_SCHEMA_VERSION } from '@devtrail/event-log'
import { createFileLog, openFileLog } from '@devtrail/event-log/file'
import { vocabulary } from '@devtrail/survey'
import { afterEach, expect, test } from 'vitest'
import { knownFrom } from './known-from.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A log that begins with event 8, without keyframes. */
async function withoutHead(kind: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'devtrail-known-from-'))
  folders.push(folder)
  const meta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind }, notes: [] } as const
  const writer = await createFileLog(folder, meta, vocabulary, { gone: { events: 7, seq: 7 } })
  const envelope = { seq: 8, entry: null, time: 0, device: null, cpu: null, actor: null, cause: [] }
  await writer.append([{ ...envelope, type: 'log/gap', data: { reason: 'lost', lost: 3, cpu: null, model: null } }])
  await writer.close()
  return folder
}

test('a log without its head and without a keyframe begins in doubt; one of several hosts is refused', async () => {
  const notes: string[] = []
  const session = { note: (text: string) => void notes.push(text) }
  await using of1 = await openFileLog(await withoutHead('recording'), vocabulary)
  expect((await knownFrom('of1.log', of1, session)).start).toMatchObject({ seq: 7, parts: null })
  expect(notes).toEqual(['of1.log: its first 7 events are gone, and no keyframe says what was then: what they told is not known'])
  await using of2 = await openFileLog(await withoutHead('merged'), vocabulary)
  await expect(knownFrom('of2.log', of2, session)).rejects.toThrow(/of2.log: its first 7 events are gone, .*; merge the hosts' logs anew/)
})
