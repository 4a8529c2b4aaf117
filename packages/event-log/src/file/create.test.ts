/// <reference lib="esnext.disposable" />
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, createFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { BlockBuilder } from '../codec/block-builder.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { frameBlock } from '../codec/segment.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './node-disk.ts'
import { readHead } from './head.ts'
import { withoutSpace } from './left-open.test-support.ts'
import { writeSealed } from './sealed-json.ts'
import { placeOf } from './segment-file.ts'

let root: string
const roots: string[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-create-'))
  roots.push(root)
})
afterAll(() => Promise.all(roots.map((r) => rm(r, { recursive: true, force: true }))))

const create = (folder: string, atomic = false): ReturnType<typeof createFileLog> =>
  createFileLog(folder, sampleMeta(), sampleVocabulary, { atomic })

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

const modeOf = async (folder: string): Promise<number> => (await stat(folder)).mode & 0o7777

test('an atomic log is open to whom its folder is, as new ones are or as the empty one was', async () => {
  await mkdir(join(root, 'any'))
  await mkdir(join(root, 'closed'), { mode: 0o700 })
  await mkdir(join(root, 'shared'))
  await chmod(join(root, 'shared'), 0o2770)
  const any = await modeOf(join(root, 'any'))
  for (const name of ['new', 'closed', 'shared']) await (await create(join(root, name), true)).close()
  expect(await modeOf(join(root, 'new'))).toBe(any)
  expect(await modeOf(join(root, 'closed'))).toBe(0o700)
  expect(await modeOf(join(root, 'shared'))).toBe(0o2770)
})

test('segments end where they are wanted to', async () => {
  const events = sampleEvents(2000)
  const writer = await createFileLog(join(root, 'small'), sampleMeta(), sampleVocabulary, { segmentBytes: 4096 })
  for (let from = 0; from < events.length; from += 100) {
    await writer.append(events.slice(from, from + 100))
    await writer.flush('written')
  }
  await writer.close()
  const segments = await readdir(join(root, 'small/segments'))
  expect(segments.length).toBeGreaterThan(3)
  const sizes = await Promise.all(segments.toSorted().map(async (name) => (await stat(join(root, 'small/segments', name))).size))
  for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(4096)
  await using reader = await openFileLog(join(root, 'small'), sampleVocabulary)
  expect(await eventsOf(reader)).toStrictEqual(events)
  for (const segmentBytes of [0, 4095, 4096.5, 2 ** 31, Number.NaN])
    await expect(createFileLog(join(root, 'none'), sampleMeta(), sampleVocabulary, { segmentBytes })).rejects.toThrow(
      /segmentBytes should be/,
    )
})

test('folders above are made; a creation that was cut short is taken up, unless it holds events', async () => {
  const folder = join(root, 'a', 'b', 'log')
  await (await create(folder)).close()
  await unlink(join(folder, 'log.json'))
  await truncate(join(folder, 'segments/00000001.seg'), 64)
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

test('so is what one left that was killed before it locked it, or while it removed it', async () => {
  const folder = join(root, 'log')
  const left = join(root, '.log.unfinished-abcdef')
  for (const name of ['', 'lock']) {
    await mkdir(join(left, name), { recursive: true })
    await (await create(folder, true))[Symbol.asyncDispose]()
    expect(await readdir(root)).toStrictEqual([])
  }
  const names: string[] = []
  const disk = { ...nodeDisk, remove: (path: string) => (names.push(path), Promise.reject(new Error('killed'))) }
  const writer = await createOn(disk, folder, sampleMeta(), sampleVocabulary, { atomic: true })
  await expect(writer[Symbol.asyncDispose]()).rejects.toThrow('killed')
  // What is removed first says nothing of whose it was.
  const [aside] = await readdir(root)
  expect(names.map((name) => name.slice(join(root, aside!).length))).not.toContain('/lock')
  expect(await readdir(join(root, aside!, 'lock'))).toHaveLength(1)
})

test('one that looks left behind because its writer is about to lock it is not removed under that writer', async () => {
  const folder = join(root, 'log')
  const [isMade, mayGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  // One stands still between its folder and its lock; the other, once it has found that folder empty, until the first has its log.
  const mkdtemp = async (prefix: string, like: string): Promise<string> => {
    const path = await nodeDisk.mkdtemp(prefix, like)
    isMade.resolve()
    await mayGo.promise
    return path
  }
  const first = createOn({ ...nodeDisk, mkdtemp }, folder, sampleMeta(), sampleVocabulary, { atomic: true })
  await isMade.promise
  const list = async (path: string): Promise<string[]> => {
    const names = await nodeDisk.list(path)
    if (names.length === 0 && path.includes('unfinished')) {
      mayGo.resolve()
      await first
    }
    return names
  }
  const second = await createOn({ ...nodeDisk, list }, folder, sampleMeta(), sampleVocabulary, { atomic: true })
  await second[Symbol.asyncDispose]()
  const writer = await first
  await writer.append(sampleEvents(3))
  await writer.attach('note', new Uint8Array(3))
  await writer.close()
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([await eventsOf(reader), (await reader.attachments()).length]).toStrictEqual([sampleEvents(3), 1])
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

test('a newer format or an unknown event is not taken for damage', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.append(sampleEvents(3))
  await writer.close()
  const newer = new Vocabulary([declareEvents('other', { said: { version: 1, doc: 'x', fields: { text: f.text('x') } } })])
  await using reader = await openFileLog(folder, newer)
  await expect(eventsOf(reader)).rejects.toThrow(/event type "sample\/counted" is not in the vocabulary \(other\/\*\)/)
  for (const [version, todo] of [
    [7, 'use a newer devtrail'],
    [1, 'import the recording again'],
  ] as const) {
    for (const seal of [true, false]) {
      const meta = { ...sampleMeta(), schemaVersion: version }
      if (seal) await writeSealed(nodeDisk, folder, 'log.json', meta)
      else await writeFile(join(folder, 'log.json'), JSON.stringify(meta))
      const error: unknown = await openFileLog(folder, sampleVocabulary).catch((e: unknown) => e)
      expect([error, (error as Error).message.includes(todo)]).toMatchObject([{ code: 'unsupported' }, true])
    }
  }
})

const body = (events: readonly AnyEvent[]): Uint8Array => {
  const builder = new BlockBuilder(sampleVocabulary)
  for (const event of events) builder.add(event)
  const out = new ByteWriter()
  builder.finish(out)
  return out.written().slice()
}

test('blocks made by an enemy, with right checksums, are damage and never an event', async () => {
  const folder = join(root, 'log')
  await (await create(folder)).close()
  const { logId } = await readHead(nodeDisk, folder)
  const place = placeOf(logId, 1)
  const good = body(sampleEvents(3))
  const about = { kind: 1, count: 3, firstIndex: 0, lastSeq: 3, synced: 0 }
  const header = readFileSync(join(folder, 'segments/00000001.seg')).subarray(0, 64)
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [frameBlock(good, place, 64, { ...about, lastSeq: 9 }), /expected seq 0 \(baseline\) or 1, found seq 7/],
    [frameBlock(good, place, 64, { ...about, firstIndex: 5 }), /expected event 0 of the log, found event 5/],
    [frameBlock(good, place, 64, { ...about, count: 65_536, lastSeq: 65_536 }), /expected a block, found/],
    [frameBlock(good, place, 64, { ...about, count: 0 }), /found kind 1 with 0 events/],
    [frameBlock(good, place, 64, { ...about, kind: 9 }), /found kind 9/],
    [frameBlock(good, place, 128, about), /found a header with a wrong checksum/],
    [frameBlock(good, placeOf(logId, 2), 64, about), /found a header with a wrong checksum/],
    [frameBlock(good, placeOf(new Uint8Array(8), 1), 64, about), /found a header with a wrong checksum/],
    [frameBlock(new Uint8Array(1024).fill(0xff), place, 64, about), /expected a block, found/],
  ]
  for (const [block, message] of cases) {
    await writeFile(join(folder, 'segments/00000001.seg'), Buffer.concat([header, block]))
    await using reader = await openFileLog(folder, sampleVocabulary)
    const error: unknown = await eventsOf(reader).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'LogDamagedError', offset: 64, message: expect.stringMatching(message) as unknown })
  }
})

test('a block that says other than its events are, by which a reader would pass over them, is found by verify', async () => {
  const folder = join(root, 'log')
  await (await create(folder)).close()
  const { logId } = await readHead(nodeDisk, folder)
  const path = join(folder, 'segments/00000001.seg')
  const header = readFileSync(path).subarray(0, 64)
  const about = { kind: 1, count: 3, firstIndex: 0, lastSeq: 3, synced: 0 }
  const put = (bytes: Uint8Array): Promise<void> =>
    writeFile(path, Buffer.concat([header, frameBlock(bytes, placeOf(logId, 1), 64, about)]))
  const right = body(sampleEvents(3))
  await put(right)
  expect((await verifyFileLog(folder, sampleVocabulary)).damages).toStrictEqual([])
  // The smallest time comes first; one nanosecond more, and a reader that looks for it finds nothing.
  await put(right.with(0, right[0]! ^ 1))
  expect((await verifyFileLog(folder, sampleVocabulary)).damages.map(({ offset, expected }) => [offset, expected])).toStrictEqual([
    [64, 'a summary of its events'],
  ])
})

test('a block inside a string is never read, also when the block around it is damaged', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.append(sampleEvents(2))
  await writer.flush('durable')
  const inner = withoutSpace(readFileSync(join(folder, 'segments/00000001.seg'))).subarray(64)
  // As UTF-16, which a lone surrogate enforces, its bytes stand in the string as they are; at each alignment; so many that the block is not masked.
  const wide = `\uD800${Array.from({ length: 600 }, (_, shift) => ' '.repeat(shift % 8) + utf16Of(inner)).join('')}`
  await writer.append([{ ...sampleEvents(3)[2]!, type: 'sample/said', data: { text: wide, by: null } }])
  await writer.flush('durable')
  const path = join(folder, 'segments/00000001.seg')
  const bytes = readFileSync(path)
  const outer = 64 + inner.length
  expect(bytes.subarray(outer + 48).includes(inner.subarray(0, 48))).toBe(true)
  bytes[outer + 60]! ^= 1
  await writeFile(path, bytes)
  const damages: unknown[] = []
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(await eventsOf(reader, { onDamage: (d) => damages.push(d) })).toStrictEqual(sampleEvents(2))
  expect(damages).toHaveLength(1)
  await writer.close()
})

/** The string whose UTF-16 code units are these bytes. */
function utf16Of(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(bytes[at]! | (bytes[at + 1]! << 8))
  return text
}

test('a missing part of the folder is named', async () => {
  const folder = join(root, 'log')
  const writer = await create(folder)
  await writer.attach('raw', new Uint8Array(5))
  await writer.close()
  const reader = await openFileLog(folder, sampleVocabulary)
  for (const name of ['attachments/raw', 'attachments.json', 'segments/00000001.seg']) await unlink(join(folder, name))
  await expect(reader.attachments()).rejects.toThrow(/attachments\.json: .*no such file/)
  await reader.close()
  await expect(openFileLog(folder, sampleVocabulary)).rejects.toThrow(/segments: .*expected the log's segments, found none/)
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

test('a log may begin behind events that are gone: it says so, goes on from there, and is whole', async () => {
  const folder = join(root, 'log')
  const gone = { events: 110, seq: 100 }
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary, { gone, atomic: true })
  await expect(writer.append(sampleEvents(2))).rejects.toThrow(/101/)
  await writer.keyframe('fold-1', { since: null, parts: [['all', Uint8Array.of(1)]] })
  await writer.append(sampleEvents(150, { first: 101 }))
  await writer.close()
  const again = await appendFileLog(folder, sampleVocabulary)
  await again.append(sampleEvents(160, { first: 151 }))
  await again.close()
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([reader.gone, reader.lastSeq]).toStrictEqual([gone, 160])
  expect(await eventsOf(reader)).toStrictEqual(sampleEvents(160, { first: 101 }))
  expect(await eventsOf(reader, { from: 120, to: 121 })).toStrictEqual(sampleEvents(121, { first: 120 }))
  expect((await reader.keyframe('fold-1', 160))?.seq).toBe(100)
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, events: 60, keyframes: 1 })
  await expect(createFileLog(join(root, 'b'), sampleMeta(), sampleVocabulary, { gone: { events: 1, seq: 2 } })).rejects.toThrow(
    /found 2 and 1/,
  )
})
