/// <reference lib="esnext.disposable" />
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import type { AnyEvent } from '@devtrail/events'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { BlockBuilder } from '../codec/block-builder.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { packed } from '../codec/compression.ts'
import { readFrame } from '../codec/frame.ts'
import { frameBlock } from '../codec/segment.ts'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, compressFileLog, createFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { compressOn } from './compress.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './node-disk.ts'
import { FaultyDisk } from './faulty-disk.test-support.ts'
import { readHead } from './head.ts'
import { openOn } from './open.ts'
import { loadSegment } from './load-segment.ts'
import { placeOf } from './segment-file.ts'

const sizes = { blockEvents: 256, segmentBytes: 12_000 }
const COUNT = 3500

let folder: string
const roots: string[] = []
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-compress-'))
  roots.push(root)
  folder = join(root, 'log')
})
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))))

const segments = (): string[] => readdirSync(join(folder, 'segments')).toSorted()
const pathOf = (number: number): string => join(folder, 'segments', `0000000${number}.seg`)
const bytesOf = (): number => segments().reduce((sum, name) => sum + statSync(join(folder, 'segments', name)).size, 0)

/** A log of several segments. */
async function written(compress: boolean, count = COUNT): Promise<void> {
  await using writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, { compress }, sizes)
  await writer.append(sampleEvents(count))
  expect(await writer.close()).toBe('durable')
}

async function events(): Promise<AnyEvent[]> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  return await eventsOf(reader)
}

/** For each block of a segment whether it is compressed. */
async function blocksOf(number: number): Promise<boolean[]> {
  const { logId } = await readHead(nodeDisk, folder)
  const { blocks, file, place } = await loadSegment(nodeDisk, { folder, logId, number, isLast: true, before: 0 })
  await file.close()
  const bytes = readFileSync(pathOf(number))
  return blocks.map(({ offset }) => {
    const frame = readFrame(bytes.subarray(offset), place, offset)
    if (typeof frame === 'string') throw new Error(frame)
    return frame.rawBytes > 0
  })
}

test('each segment of a log is compressed when it is full, the last one when the log is closed, and all of it can be read', async () => {
  await written(false)
  const plain = bytesOf()
  await rm(folder, { recursive: true })
  await written(true)
  expect(bytesOf()).toBeLessThan(plain * 0.7)
  const names = segments()
  expect(names.length).toBeGreaterThan(3)
  expect(names.filter((name) => name.endsWith('~'))).toStrictEqual([])
  for (const i of names.keys()) expect([i, new Set(await blocksOf(i + 1))]).toStrictEqual([i, new Set([true])])
  expect(await events()).toStrictEqual(sampleEvents(COUNT))
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(await eventsOf(reader, { from: 2500, devices: [2] })).toStrictEqual(
    sampleEvents(COUNT, { first: 2500 }).filter((event) => event.device === 2),
  )
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, events: COUNT, tornTail: null })
})

test('an atomic log appears compressed', async () => {
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary, { atomic: true, compress: true })
  await writer.append(sampleEvents(COUNT))
  expect(await writer.close()).toBe('durable')
  expect(await blocksOf(1)).toStrictEqual([true])
  expect(await events()).toStrictEqual(sampleEvents(COUNT))
})

test('a log that is there is compressed, once; whoever reads it goes on reading', async () => {
  await written(false)
  const before = bytesOf()
  await using reader = await openFileLog(folder, sampleVocabulary)
  const reading = reader.read()[Symbol.asyncIterator]()
  const seen = [(await reading.next()).value as AnyEvent]
  const compression = await compressFileLog(folder)
  expect(compression).toStrictEqual({
    compressed: segments().map((name) => join(folder, 'segments', name)),
    bytesBefore: before,
    bytesAfter: bytesOf(),
    damages: [],
  })
  expect(compression.bytesAfter).toBeLessThan(before * 0.7)
  for (let next = await reading.next(); !next.done; next = await reading.next()) seen.push(next.value)
  expect(seen).toStrictEqual(sampleEvents(COUNT))
  expect(await eventsOf(reader)).toStrictEqual(sampleEvents(COUNT))
  expect(await events()).toStrictEqual(sampleEvents(COUNT))
  const after = bytesOf()
  expect(await compressFileLog(folder)).toStrictEqual({ compressed: [], bytesBefore: after, bytesAfter: after, damages: [] })
})

test('a log that is being written is not compressed by others, and what is not sealed never is', async () => {
  await written(false, 100)
  const writer = await appendFileLog(folder, sampleVocabulary)
  await expect(compressFileLog(folder)).rejects.toMatchObject({ code: 'locked' })
  await writer.append(sampleEvents(200, { first: 101 }))
  await writer.flush('durable')
  const unsealed = readFileSync(pathOf(1))
  await writer.close()
  await writeFile(pathOf(1), unsealed)
  expect(await compressFileLog(folder)).toMatchObject({ compressed: [], damages: [] })
  expect(readFileSync(pathOf(1))).toStrictEqual(unsealed)
})

/** A log of one segment, gone on with by a writer that compresses. */
async function wroteOn(last: number): Promise<void> {
  const larger = { blockEvents: 256, segmentBytes: 200_000 }
  await using writer = existsSync(folder)
    ? await appendOn(nodeDisk, folder, sampleVocabulary, larger, { compress: true })
    : await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, { compress: true }, larger)
  await writer.append(sampleEvents(last, { first: writer.lastSeq + 1 }))
  await writer.close()
}

test('a compressed log is gone on with; little that is added is compressed with what is added later', async () => {
  await wroteOn(2000)
  const compressed = Array.from({ length: 8 }, () => true)
  expect(await blocksOf(1)).toStrictEqual(compressed)
  await wroteOn(2060)
  expect(await blocksOf(1)).toStrictEqual([...compressed, false])
  expect(await events()).toStrictEqual(sampleEvents(2060))
  await wroteOn(3000)
  expect(new Set(await blocksOf(1))).toStrictEqual(new Set([true]))
  expect(await events()).toStrictEqual(sampleEvents(3000))
  expect(segments()).toHaveLength(1)
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, events: 3000 })
})

test('compressed blocks were durable when they were seen first: what is gone of one is damage, no torn tail', async () => {
  await wroteOn(2000)
  const writer = await appendFileLog(folder, sampleVocabulary)
  const bytes = readFileSync(pathOf(1))
  await writer.close()
  await writeFile(pathOf(1), bytes.fill(0, 2048, 2560))
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(reader.tornTail).toBeNull()
  const damages: unknown[] = []
  expect((await eventsOf(reader, { onDamage: (damage) => damages.push(damage) })).at(-1)?.seq).toBe(2000)
  expect(damages.length).toBeGreaterThan(0)
})

test('what does not get smaller is left as it is, and nothing is written for it', async () => {
  await written(false)
  const names = segments()
  const files = names.map((name) => readFileSync(join(folder, 'segments', name)))
  const disk = { ...nodeDisk, rename: () => Promise.reject(new Error('nothing should be renamed')) }
  expect(await compressOn(disk, folder, async (bytes) => new Uint8Array(bytes.length - 1))).toMatchObject({ compressed: [], damages: [] })
  expect(names.map((name) => readFileSync(join(folder, 'segments', name)))).toStrictEqual(files)
})

test('a block that does not get smaller stands among compressed ones as it was', async () => {
  await written(false)
  let blocks = 0
  await compressOn(nodeDisk, folder, async (bytes) => (blocks++ % 3 === 1 ? bytes : zstdCompressSync(bytes)))
  expect(new Set(await blocksOf(1))).toStrictEqual(new Set([true, false]))
  expect(await events()).toStrictEqual(sampleEvents(COUNT))
  expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(true)
})

test('a compression that changes a body never replaces a segment', async () => {
  await written(false)
  const file = readFileSync(pathOf(1))
  await expect(compressOn(nodeDisk, folder, async (bytes) => zstdCompressSync(bytes.slice().fill(1, 3, 4)))).rejects.toThrow(
    /zstd changes a block of .*00000001\.seg/,
  )
  expect(readFileSync(pathOf(1))).toStrictEqual(file)
  expect(segments().filter((name) => name.endsWith('~'))).toStrictEqual([])
})

test('what a killed compression left is no part of the log, and the next writer removes it', async () => {
  for (const next of [
    async () => (await appendFileLog(folder, sampleVocabulary)).close(),
    () => repairFileLog(folder),
    () => compressFileLog(folder),
  ]) {
    await rm(folder, { recursive: true, force: true })
    await written(true)
    for (const name of ['00000001.seg~', '00000009.seg~']) await writeFile(join(folder, 'segments', name), 'half a segm')
    expect(await events()).toStrictEqual(sampleEvents(COUNT))
    expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(true)
    await next()
    expect(segments().filter((name) => name.endsWith('~'))).toStrictEqual([])
    expect(await events()).toStrictEqual(sampleEvents(COUNT))
  }
})

test('on a full disk the log stays as it is, whole, and its writer goes on', async () => {
  const disk = new FaultyDisk()
  const write = disk.open.bind(disk)
  let full = 0
  disk.open = async (path, flags) => {
    const file = await write(path, flags)
    if (!path.endsWith('~') || path.endsWith('json~')) return file
    return { ...file, write: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC', count: full++ })) }
  }
  await disk.mkdir('/disk')
  const writer = await createOn(disk, '/disk/log', sampleMeta(), sampleVocabulary, { compress: true }, sizes)
  await writer.append(sampleEvents(COUNT))
  expect(await writer.close()).toBe('durable')
  expect(full).toBeGreaterThan(3)
  expect((await disk.list('/disk/log/segments')).filter((name) => name.endsWith('~'))).toStrictEqual([])
  await expect(compressOn(disk, '/disk/log')).rejects.toMatchObject({ code: 'ENOSPC' })
  await using next = await appendOn(disk, '/disk/log', sampleVocabulary, sizes)
  expect(next.lastSeq).toBe(COUNT)
})

test('what is written behind compressed blocks outlives a power failure', async () => {
  const disk = new FaultyDisk()
  await disk.mkdir('/disk')
  await disk.syncFolder('/')
  const writer = await createOn(disk, '/disk/log', sampleMeta(), sampleVocabulary, { compress: true })
  await writer.append(sampleEvents(500))
  await writer.close()
  const next = await appendOn(disk, '/disk/log', sampleVocabulary)
  await next.append(sampleEvents(510, { first: 501 }))
  expect(await next.flush('durable')).toBe('durable')
  expect(await disk.list('/disk/log/segments')).toStrictEqual(['00000001.seg'])
  disk.reboot('nothing')
  await using reader = await openOn(disk, '/disk/log', sampleVocabulary)
  expect(await eventsOf(reader)).toStrictEqual(sampleEvents(510))
})

test('a damaged segment is told, and left as it is', async () => {
  await written(false)
  const bytes = readFileSync(pathOf(2))
  bytes[700]! ^= 1
  await writeFile(pathOf(2), bytes)
  const { compressed, damages } = await compressFileLog(folder)
  expect(compressed).toHaveLength(segments().length - 1)
  expect(damages).toMatchObject([{ name: 'LogDamagedError', file: pathOf(2) }])
  expect(readFileSync(pathOf(2))).toStrictEqual(bytes)
})

test('damaged compressed blocks are found and take nothing with them; header and index are made anew', async () => {
  await written(true)
  const whole = readFileSync(pathOf(2))
  for (const at of [20, whole.length - 3, whole.length - 60]) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 4
    await writeFile(pathOf(2), bytes)
    expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(false)
    expect(await repairFileLog(folder)).toMatchObject({ rebuilt: [pathOf(2)], lost: [] })
    expect(await events()).toStrictEqual(sampleEvents(COUNT))
  }
  const bytes = Buffer.from(whole)
  bytes[700]! ^= 4
  await writeFile(pathOf(2), bytes)
  await using reader = await openFileLog(folder, sampleVocabulary)
  const damages: unknown[] = []
  const seen = await eventsOf(reader, { onDamage: (damage) => damages.push(damage) })
  expect([damages.length, COUNT - seen.length]).toStrictEqual([1, sizes.blockEvents])
})

test('compressed blocks made by an enemy, with right checksums, are damage', async () => {
  await (await createFileLog(folder, sampleMeta(), sampleVocabulary)).close()
  const { logId } = await readHead(nodeDisk, folder)
  const place = placeOf(logId, 1)
  const header = readFileSync(pathOf(1)).subarray(0, 64)
  const builder = new BlockBuilder(sampleVocabulary)
  for (const event of sampleEvents(200)) builder.add(event)
  const out = new ByteWriter()
  builder.finish(out)
  const body = out.written()
  const about = { kind: 1, count: 200, firstIndex: 0, lastSeq: 200, synced: 0, rawBytes: body.length }
  const good = packed(zstdCompressSync(body), body.length)!
  await writeFile(pathOf(1), header)
  await appendFile(pathOf(1), frameBlock(good, place, 64, about))
  expect(await events()).toStrictEqual(sampleEvents(200))
  const bomb = packed(zstdCompressSync(new Uint8Array(32 * 1024 * 1024)), 1024 * 1024)!
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [frameBlock(good, place, 64, { ...about, rawBytes: body.length - 8 }), /cannot be decompressed to \d+ bytes/],
    [frameBlock(good, place, 64, { ...about, rawBytes: body.length + 8 }), /a compressed body of \d+ bytes instead of \d+/],
    [frameBlock(good, place, 64, { ...about, rawBytes: 0 }), /expected a block, found/],
    [frameBlock(good, place, 64, { ...about, rawBytes: 129 * 1024 * 1024 }), /a body of 135266304 bytes/],
    [frameBlock(good, place, 64, { ...about, rawBytes: body.length + 1 }), /a body of \d+ bytes/],
    [frameBlock(body, place, 64, about), /a compressed body without its end|cannot be decompressed/],
    [frameBlock(bomb, place, 64, about), /cannot be decompressed/],
    [frameBlock(good.subarray(0, 40), place, 64, about), /a compressed body without its end|cannot be decompressed/],
  ]
  for (const [block, message] of cases) {
    await writeFile(pathOf(1), Buffer.concat([header, block]))
    await using reader = await openFileLog(folder, sampleVocabulary)
    const error: unknown = await eventsOf(reader).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'LogDamagedError', offset: 64, message: expect.stringMatching(message) as unknown })
  }
})

test('there is nothing to compress where there is no log', async () => {
  await expect(compressFileLog(folder)).rejects.toMatchObject({ code: 'not-found' })
  expect(existsSync(folder)).toBe(false)
})
