import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_SCHEMA_VERSION, memoryStore, type LogMeta } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import { afterEach, expect, test, vi } from 'vitest'
import { foldVersion } from '../logs/code-version.ts'
import type { OpenLog } from '../logs/open.ts'
import { BesideEvents } from './beside-events.ts'
import { NOTHING } from './copy.ts'

const folder = mkdtempSync(join(tmpdir(), 'devtrail-beside-'))
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'test' }, notes: [] }
const envelope = { entry: null, time: 0, device: null, cpu: null, actor: null, cause: [] }
const gap = (seq: number): AnyEvent => ({
  ...envelope,
  seq,
  type: 'log/gap',
  data: { reason: 'lost', lost: seq, cpu: null, model: null },
})

const part = (text: string) => [['state', new TextEncoder().encode(text)]] as const

test('keyframes and attachments of a log that grows are copied once, and none ahead of its events', async () => {
  const fold = foldVersion()
  await using writer = await createFileLog(folder, meta, vocabulary)
  const there = memoryStore(vocabulary)
  await using copy = await there.create(meta)
  const beside = new BesideEvents({ folder } as OpenLog, { mustHold: async () => {} }, copy, NOTHING)
  await writer.append([gap(1), gap(2)])
  await writer.keyframe(fold, { since: null, parts: part('two') })
  await copy.append([gap(1)])
  await beside.copy()
  expect(beside.keyframes).toBe(0)
  await copy.append([gap(2)])
  await writer.attach('notes.txt', new Uint8Array(3))
  await writer.append([gap(3)])
  await writer.keyframe(fold, { since: 2, parts: part('three') })
  await copy.append([gap(3)])
  // Not yet due.
  await beside.copyDue()
  expect(beside.keyframes).toBe(0)
  const now = performance.now()
  vi.spyOn(performance, 'now').mockReturnValue(now + 6000)
  await beside.copyDue()
  await beside.copy()
  expect([beside.keyframes, beside.attachments]).toStrictEqual([2, 1])
  await using reader = await there.open()
  expect(await reader.keyframes(fold)).toStrictEqual([2, 3])
  expect((await reader.keyframe(fold, 3))!.parts).toStrictEqual(new Map(part('three')))
  expect(await reader.attachments()).toStrictEqual([{ name: 'notes.txt', bytes: 3 }])
})
