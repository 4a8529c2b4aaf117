/** A log in which every field that can tell of a machine and its users does: none of it is in the redacted one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, sampleMeta, type LogMeta, type LogReader } from '@devtrail/event-log'
import { openFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { openRecording } from '@devtrail/linux-trace/node'
import { vocabulary } from '@devtrail/survey'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeLog } from '../logs/export.ts'
import { redacted, whole } from '../logs/exported.ts'
import { importInto, metaOf, type Imported } from '../logs/import.ts'
import { bytesOf } from './secrets.test-support.ts'
import { secretIn, standingIn, staysIn, writeSecretiveRecording } from './secretive-recording.test-support.ts'

const temp = mkdtempSync(join(tmpdir(), 'devtrail-redacted-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

/** What only whoever makes a log can put into it. */
const NAME = 'acme-name-secret'
const META = { site: 'acme-site-secret', note: 'acme-note-secret' }
const IMPORT_NOTE = 'acme-import-note-secret'
const SECRETS = [...Object.values(secretIn), NAME, ...Object.values(META), IMPORT_NOTE]

const signal = new AbortController().signal
let log: { reader: LogReader; imported: Imported }

beforeAll(async () => {
  const folder = join(temp, NAME)
  writeSecretiveRecording(folder)
  const { recording } = await openRecording(folder)
  const store = memoryStore(vocabulary)
  const source = { ...metaOf(recording, 'x').source, name: NAME, site: META.site }
  const writer = await store.create({ ...sampleMeta(), source, notes: [META.note] })
  const imported = await importInto(writer, recording, 'x', { signal, onProgress: () => {} })
  const { summary } = imported
  log = { reader: await store.open(), imported: { ...imported, summary: { ...summary, notes: [...summary.notes, IMPORT_NOTE] } } }
})

interface Written {
  readonly bytes: readonly Buffer[]
  readonly events: readonly AnyEvent[]
  readonly meta: LogMeta
  readonly attachments: readonly string[]
}

async function written(exported: ReturnType<typeof whole>, name: string): Promise<Written> {
  const folder = join(temp, `${name}.log`)
  await writeLog(exported, folder, signal)
  await using reader = await openFileLog(folder, vocabulary)
  const events: AnyEvent[] = []
  for await (const event of reader.read()) events.push(event)
  const attachments = (await reader.attachments()).map((attachment) => attachment.name)
  return { bytes: bytesOf(folder), events, meta: reader.meta, attachments }
}

test('the log has them all, each where it was put', async () => {
  const { summary } = log.imported
  expect(Object.keys(summary.withoutEffect)).toEqual(
    expect.arrayContaining([secretIn.tracepoint, secretIn.daxTracepoint, secretIn.addressProbe]),
  )
  expect(summary.unknown).toContain(secretIn.tracepoint)
  expect(summary.kernel).toContain(secretIn.host)
  const { bytes, events, attachments } = await written(whole(log), 'whole')
  expect(attachments.length).toBeGreaterThan(1)
  expect(events.map(({ source }) => source)).toContain(secretIn.probe)
  expect(events.map(({ where }) => where ?? '').filter((where) => where.includes(secretIn.where))).not.toEqual([])
  expect(standingIn(bytes, SECRETS)).toEqual(SECRETS)
})

test('the redacted one has none, and what stays stays', async () => {
  const { bytes, events, meta, attachments } = await written(redacted(log), 'redacted')
  expect(meta.source).toEqual({
    kind: 'recording',
    importer: 'x',
    name: 'redacted',
    uname: expect.stringMatching(/^Linux redacted 6\.1/),
    redacted: true,
  })
  // Entries without effect are raw lines.
  expect(attachments).toEqual(['import.json'])
  expect(standingIn(bytes, SECRETS)).toEqual([])
  expect(standingIn(bytes, Object.values(staysIn))).toEqual(Object.values(staysIn))
  expect(events.find(({ type }) => type === 'nvdimm-pmem/mount-found')!.data).toMatchObject({ fstype: 'fuse.filesystem-1' })
  expect(events.find(({ type }) => type === 'nvdimm-pmem/namespace-found')!.data).toMatchObject({ mode: 'word-1', map: 'word-2' })
  expect(events.find(({ type }) => type === 'resource-tree/found')!.data).toMatchObject({ name: expect.stringMatching(/^\/path-\d$/) })
})
