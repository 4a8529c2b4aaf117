/// <reference lib="esnext.disposable" />
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Vocabulary, declareEvents, f } from '@devtrail/events'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, createFileLog, openFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { encodeLine, hexCrc } from './line.ts'
import { writeSealed } from './sealed-json.ts'

let root: string
const roots: string[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-create-'))
  roots.push(root)
})
afterAll(() => Promise.all(roots.map((r) => rm(r, { recursive: true, force: true }))))

const create = (folder: string, atomic = false): ReturnType<typeof createFileLog> =>
  createFileLog(folder, sampleMeta(), sampleVocabulary, { atomic })

const framed = (text: string): string => `${text}\t${hexCrc(text)}\n`

test('an empty folder is taken, one with something in it or a file is not', async () => {
  await mkdir(join(root, 'empty'))
  await using writer = await create(join(root, 'empty'))
  expect(writer.lastSeq).toBe(0)
  await mkdir(join(root, 'full'))
  await writeFile(join(root, 'full', 'mine.txt'), 'mine')
  await writeFile(join(root, 'file'), 'mine')
  for (const atomic of [false, true]) {
    await expect(create(join(root, 'full'), atomic)).rejects.toThrow(/full is not empty; a new log needs/)
    await expect(create(join(root, 'file'), atomic)).rejects.toThrow(/file is a file/)
    await expect(create(join(root, 'empty'), atomic)).rejects.toThrow(/already holds a log/)
  }
  expect(await readdir(join(root, 'full'))).toStrictEqual(['mine.txt'])
  expect((await readdir(root)).toSorted()).toStrictEqual(['empty', 'file', 'full'])
})

test('folders above are made; a creation that was cut short is taken up, unless it holds events', async () => {
  const folder = join(root, 'a', 'b', 'log')
  await (await create(folder)).close()
  await unlink(join(folder, 'log.json'))
  await expect(openFileLog(folder, sampleVocabulary)).rejects.toThrow(/has no log\.json: it is not a log, or its creation was cut short/)
  const writer = await create(folder)
  await writer.append(sampleEvents(2))
  await writer.close()
  await unlink(join(folder, 'log.json'))
  await expect(create(folder)).rejects.toThrow(/is not empty/)
})

test('an atomic log is seen only when closed, complete, and acknowledges nothing before', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder, true)
  expect(await writer.append(sampleEvents(10_000))).toBe('buffered')
  expect(await writer.flush('durable')).toBe('buffered')
  expect(await writer.attach('raw', new Uint8Array(3))).toBe('buffered')
  await expect(openFileLog(folder, sampleVocabulary)).rejects.toMatchObject({ code: 'not-found' })
  expect(await writer.close()).toBe('durable')
  expect(await readdir(root)).toStrictEqual(['log'])
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([reader.lastSeq, await reader.attachments()]).toStrictEqual([10_000, [{ name: 'raw', bytes: 3 }]])
  await using next = await appendFileLog(folder, sampleVocabulary)
  expect(next.lastSeq).toBe(10_000)
})

test('an atomic log whose import throws leaves nothing behind', async () => {
  const importing = async (): Promise<void> => {
    await using writer = await create(join(root, 'log'), true)
    await writer.append(sampleEvents(10_000))
    throw new Error('the import broke')
  }
  await expect(importing()).rejects.toThrow('the import broke')
  expect(await readdir(root)).toStrictEqual([])
})

test('of two atomic logs for one name the first to close wins, and the other says so', async () => {
  const folder = join(root, 'log')
  const [one, two] = [await create(folder, true), await create(folder, true)]
  await one.append(sampleEvents(1))
  await two.append(sampleEvents(2))
  await two.close()
  await expect(one.close()).rejects.toMatchObject({ code: 'exists' })
  expect(await readdir(root)).toStrictEqual(['log'])
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(reader.lastSeq).toBe(2)
})

test('under await using, closing an atomic log too late rejects with that alone, and disposing tells nothing twice', async () => {
  const folder = join(root, 'log')
  const late = async (): Promise<void> => {
    await using writer = await create(folder, true)
    await (await create(folder, true)).close()
    await writer.close()
  }
  await expect(late()).rejects.toMatchObject({ name: 'LogUsageError', code: 'exists' })
  expect(await readdir(root)).toStrictEqual(['log'])
})

test('what a killed atomic writer left is removed by the next one; a living one is left alone', async () => {
  const folder = join(root, 'log')
  const code = `
    import { createFileLog } from ${JSON.stringify(join(import.meta.dirname, '../file.ts'))}
    import { sampleMeta, sampleVocabulary } from ${JSON.stringify(join(import.meta.dirname, '../samples.ts'))}
    await createFileLog(${JSON.stringify(folder)}, sampleMeta(), sampleVocabulary, { atomic: true })
    process.kill(process.pid, 'SIGKILL')`
  const args = ['--conditions=@devtrail/source', '--input-type=module-typescript', '--eval', code]
  expect(spawnSync(process.execPath, args).signal).toBe('SIGKILL')
  expect(await readdir(root)).toHaveLength(1)
  const [one, two] = [await create(folder, true), await create(folder, true)]
  expect(await readdir(root)).toHaveLength(2)
  await one[Symbol.asyncDispose]()
  await two.close()
  expect(await readdir(root)).toStrictEqual(['log'])
})

test('what is no log says what it is and what to do', async () => {
  await writeFile(join(root, 'file'), '')
  await mkdir(join(root, 'folder'))
  await expect(openFileLog(join(root, 'none'), sampleVocabulary)).rejects.toThrow(/there is no log at .*none: no such folder/)
  await expect(openFileLog(join(root, 'file', 'x'), sampleVocabulary)).rejects.toMatchObject({
    code: 'not-found',
  })
  await expect(openFileLog(join(root, 'file'), sampleVocabulary)).rejects.toThrow(/is a file; a log is a folder/)
  await expect(openFileLog(join(root, 'folder'), sampleVocabulary)).rejects.toMatchObject({
    code: 'not-a-log',
  })
})

test('a newer format, event version or unknown event is not taken for damage', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.append(sampleEvents(3))
  await writer.close()
  const newer = new Vocabulary([declareEvents('other', { said: { version: 1, doc: 'x', fields: { text: f.text('x') } } })])
  await using reader = await openFileLog(folder, newer)
  await expect(eventsOf(reader)).rejects.toThrow(/line 1: event type "sample\/counted" is not in the vocabulary \(other\/\*\)/)
  const line = encodeLine({ seq: 1, time: '0.000000000', type: 'sample/counted', v: 9, data: { n: 1 } })
  await writeFile(join(folder, 'events.ndjson'), line)
  await using versioned = await openFileLog(folder, sampleVocabulary)
  await expect(eventsOf(versioned)).rejects.toThrow(/sample\/counted is version 9; this vocabulary knows up to 1/)
  for (const seal of [true, false]) {
    const meta = { ...sampleMeta(), schemaVersion: 7 }
    if (seal) await writeSealed(folder, 'log.json', meta)
    else await writeFile(join(folder, 'log.json'), JSON.stringify(meta))
    await expect(openFileLog(folder, sampleVocabulary)).rejects.toThrow(/log\.json has schemaVersion 7; this version of devtrail knows 1/)
  }
})

test('stored lines made by an enemy are damage, never an event, and pollute nothing', async () => {
  const folder = join(root, 'log')
  await (await create(folder)).close()
  const good = { seq: 1, time: '0.000000000', type: 'sample/said', v: 1, data: { text: '', by: null } }
  const lines: readonly (readonly [string, RegExp])[] = [
    [encodeLine({ ...good, seq: 2 }), /expected seq 0 \(baseline\) or 1, found seq 2/],
    [encodeLine({ ...good, data: {} }), /expected a stored event, found sample\/said: field "text" is missing/],
    [encodeLine({ ...good, data: { text: ['x'.repeat(5000)], by: null } }), /found sample\/said: field "text" should be a string/],
    [encodeLine({ seq: -1 }), /expected \{"seq":NUMBER/],
    [encodeLine({ type: 'sample/said', seq: 1 }), /expected \{"seq":NUMBER/],
    [
      framed('{"seq":1,"seq":2,"time":"0.000000000","type":"sample/said","v":1,"data":{"text":"","by":null}}'),
      /expected one seq, 1, found another one, 2/,
    ],
    ['\n', /expected a tab and 8 hex digits/],
    ['{"seq":1,\0}\t00000000\n', /expected checksum "00000000"/],
  ]
  for (const [line, message] of lines) {
    await writeFile(join(folder, 'events.ndjson'), line)
    await using reader = await openFileLog(folder, sampleVocabulary)
    const error: unknown = await eventsOf(reader).catch((e: unknown) => e)
    expect(error).toMatchObject({
      name: 'LogDamagedError',
      line: 1,
      offset: 0,
      message: expect.stringMatching(message) as unknown,
    })
    expect((error as Error).message.length).toBeLessThan(1000)
  }
  const text =
    '{"seq":1,"__proto__":{"polluted":1},"time":"0.000000000","type":"sample/said","v":1,"data":{"__proto__":{"by":"x"},"text":"t","by":null}}'
  await writeFile(join(folder, 'events.ndjson'), framed(text))
  await using reader = await openFileLog(folder, sampleVocabulary)
  const [event] = await eventsOf(reader)
  expect(event?.data).toStrictEqual({ text: 't', by: null })
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
  const nested = `{"seq":1,"time":"0.0","type":"sample/said","v":1,"data":{"text":${'['.repeat(1e6)}${']'.repeat(1e6)},"by":null}}`
  await writeFile(join(folder, 'events.ndjson'), framed(nested))
  await using deep = await openFileLog(folder, sampleVocabulary)
  await expect(eventsOf(deep)).rejects.toMatchObject({ name: 'LogDamagedError', line: 1 })
})

test('a missing part of the folder is named', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.attach('raw', new Uint8Array(5))
  await writer.close()
  const reader = await openFileLog(folder, sampleVocabulary)
  for (const name of ['attachments/raw', 'attachments.json', 'events.ndjson']) await unlink(join(folder, name))
  await expect(reader.attachments()).rejects.toThrow(/attachments\.json: .*no such file/)
  await reader.close()
  await expect(openFileLog(folder, sampleVocabulary)).rejects.toThrow(/events\.ndjson: .*expected the log's events, found no such file/)
})

test('an attachment that grew, shrank or vanished is damage', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.attach('raw', new Uint8Array(5))
  await writer.close()
  await using reader = await openFileLog(folder, sampleVocabulary)
  const path = join(folder, 'attachments', 'raw')
  const whole = await readFile(path)
  for (const bytes of [Buffer.concat([whole, whole]), whole.subarray(1), Buffer.of()]) {
    await writeFile(path, bytes)
    await expect(reader.attachment('raw')).rejects.toThrow(/raw: byte \d+: expected 5 bytes/)
  }
  await unlink(path)
  await expect(reader.attachment('raw')).rejects.toThrow(/found no such file/)
})

test('an I/O error ends the writer: it acknowledges nothing more', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.append(sampleEvents(1))
  expect(await writer.flush('durable')).toBe('durable')
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  const handle = (await import('node:fs/promises')).open
  const probe = await handle(join(folder, 'log.json'), 'r')
  const prototype = Object.getPrototypeOf(probe) as { write: unknown }
  await probe.close()
  const { write } = prototype
  prototype.write = () => Promise.reject(full)
  await writer.append(sampleEvents(2, { first: 2 }))
  await expect(writer.flush('durable')).rejects.toBe(full)
  prototype.write = write
  await expect(writer.append(sampleEvents(3, { first: 3 }))).rejects.toBe(full)
  await expect(writer.flush('written')).rejects.toBe(full)
  await expect(writer.close()).rejects.toBe(full)
  await using next = await appendFileLog(folder, sampleVocabulary)
  expect(next.lastSeq).toBe(1)
})
