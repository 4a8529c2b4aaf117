import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_SCHEMA_VERSION, type LogMeta } from '@devtrail/event-log'
import { createFileLog, openFileLog } from '@devtrail/event-log/file'
import { models, vocabulary } from '@devtrail/survey'
import { History, Machine } from '@devtrail/time-travel'
import { afterEach, expect, test } from 'vitest'
import { knownFrom } from './known-from.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A log that begins with event 8, without keyframes. */
async function withoutHead(source: LogMeta['source']): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'devtrail-known-from-'))
  folders.push(folder)
  const meta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source, notes: [] } as const
  const writer = await createFileLog(folder, meta, vocabulary, { gone: { events: 7, seq: 7 } })
  const envelope = { seq: 8, entry: null, time: 0, device: null, cpu: null, actor: null, cause: [] }
  await writer.append([{ ...envelope, type: 'log/gap', data: { reason: 'lost', lost: 3, cpu: null, model: null } }])
  await writer.close()
  return folder
}

test('a log without its head and without a keyframe begins in doubt; one of several hosts with each of them', async () => {
  const notes: string[] = []
  const session = { note: (text: string) => void notes.push(text) }
  await using of1 = await openFileLog(await withoutHead({ kind: 'recording' }), vocabulary)
  expect((await knownFrom('of1.log', of1, session)).start).toMatchObject({ seq: 7, parts: null })
  expect(notes).toEqual(['of1.log: its first 7 events are gone, and no keyframe says what was then: what they told is not known'])
  await using of2 = await openFileLog(await withoutHead({ kind: 'merged', hosts: ['web', 'db'], reference: 'web' }), vocabulary)
  const source = await knownFrom('of2.log', of2, session)
  expect(source.start!.hosts).toStrictEqual([
    { name: 'web', isReference: true },
    { name: 'db', isReference: false },
  ])
  const history = new History(source, models)
  const { machine } = await history.at({ kind: 'end' })
  expect(machine.hosts().map((host) => machine.hostName(host))).toStrictEqual(['web', 'db'])
  // Nothing is said of either, and neither is as if it had just begun.
  for (const host of machine.hosts()) expect(machine.host(host)).not.toEqual(new Machine(models).host(host))
  const clocks = await history.clocks()
  expect([clocks.at(1, 8)?.uncertainty, clocks.at(2, 8)?.uncertainty, clocks.mostUncertain]).toStrictEqual([0, null, Infinity])
})
