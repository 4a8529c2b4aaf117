/** A redacted log of every recording: nothing of the machine's is left in its bytes, and it answers as the log itself does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, sampleMeta, type LogReader } from '@devtrail/event-log'
import { openFileLog } from '@devtrail/event-log/file'
import { openRecording } from '@devtrail/linux-trace/node'
import { check, History } from '@devtrail/time-travel'
import { afterAll, describe, expect, test } from 'vitest'
import { writeLog } from '../logs/export.ts'
import { redacted, whole } from '../logs/exported.ts'
import { importInto, type Imported } from '../logs/import.ts'
import { models, vocabulary } from '@devtrail/survey'
import { bytesOf, foundIn, Secrets } from '../redact/secrets.test-support.ts'
import { names, RECORDINGS } from './recorded.test-support.ts'

const temp = mkdtempSync(join(tmpdir(), 'devtrail-redact-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const signal = new AbortController().signal

async function importedLog(name: string): Promise<{ reader: LogReader; imported: Imported }> {
  const { recording } = await openRecording(join(RECORDINGS, name))
  const store = memoryStore(vocabulary)
  const writer = await store.create({ ...sampleMeta(), source: { kind: 'recording', name, uname: recording.uname ?? null } })
  const imported = await importInto(writer, recording, 'x', { signal, onProgress: () => {} })
  return { reader: await store.open(), imported }
}

async function secretsOf(before: LogReader, after: LogReader): Promise<Secrets> {
  const secrets = new Secrets()
  const redactedEvents = after.read()[Symbol.asyncIterator]()
  for await (const event of before.read()) {
    const { value } = await redactedEvents.next()
    const { seq, entry, time, device, cpu, cause, type } = value!
    expect({ seq, entry, time, device, cpu, cause, type }).toEqual({
      seq: event.seq,
      entry: event.entry,
      time: event.time,
      device: event.device,
      cpu: event.cpu,
      cause: event.cause,
      type: event.type,
    })
    secrets.see(event, value!)
  }
  return secrets
}

/** Large ones hold the same kinds of events many times over. */
const small = names.filter((name) => !/stress|cycles/.test(name))

describe.each(small)('%s', (name) => {
  test('is redacted, and answers the same', async () => {
    const log = await importedLog(name)
    const folder = join(temp, name)
    await writeLog(redacted(log), folder, signal)
    await using reader = await openFileLog(folder, vocabulary)
    const secrets = await secretsOf(log.reader, reader)

    const { uname } = (await openRecording(join(RECORDINGS, name))).recording
    const host = uname?.split(' ')[1] ?? '(none)'
    const gone = [...secrets.gone, name, ...(host === '(none)' ? [] : [host])]
    expect(gone.length).toBeGreaterThan(10)
    expect(foundIn(bytesOf(folder), gone)).toEqual([])

    const options = { entries: log.imported.summary.entries }
    const [before, after] = [new History(log.reader, models, options), new History(reader, models, options)]
    const { violations } = await check(before)
    expect((await check(after)).violations).toEqual(secrets.translated(violations))
    for (const pid of secrets.pids.keys()) expect(secrets.pids.get(pid) === pid).toBe(pid === 0)
  })
})

test('the test would find what is not redacted', async () => {
  const log = await importedLog('fsdax-pinned-unbind')
  const folder = join(temp, 'as-it-is')
  await writeLog(whole(log), folder, signal)
  await using reader = await openFileLog(folder, vocabulary)
  const secrets = await secretsOf(log.reader, reader)
  expect(secrets.gone).toEqual([])
  const words = ['pin', 'sh', '0xff3fdf9170e6c0b0', 'unbind pfn0.0', '/sys', 'fsdax-pinned-unbind']
  expect(foundIn(bytesOf(folder), words)).toEqual(words)
})
