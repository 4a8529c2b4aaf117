/// <reference lib="esnext.disposable" />
/** FORMAT.md tells enough to read a log: a reader written from it alone reads what this package writes, and nothing else. */
import { readFileSync, readdirSync } from 'node:fs'
import { cp, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import type { LogWriter } from '../contract.ts'
import { LogDamagedError } from '../errors.ts'
import { appendFileLog, compressFileLog, createFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './node-disk.ts'
import { everyEvents, everyVocabulary } from '../every-event.test-support.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { leave, withoutSpace } from './left-open.test-support.ts'
import { printed, readSecond, type CheckedBytes, type Rest } from './second-reader.test-support.ts'

const SMALL = { blockEvents: 100, segmentBytes: 12_000 }

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-second-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

let folders = 0
const newFolder = (): string => join(root, `log-${++folders}`)

const checked = (bytes: Uint8Array): CheckedBytes => ({ bytes: bytes.length, crc32: crc32(bytes).toString(16).padStart(8, '0') })
const keyframeAt = (seq: number): unknown => ({
  fold: FOLD,
  seq,
  parts: Object.fromEntries([...partsAt(seq)].map(([name, bytes]) => [name, checked(bytes)])),
})
const segmentOf = (folder: string, number: number): string => join(folder, 'segments', `0000000${number}.seg`)
const lastSegment = (folder: string): string => join(folder, 'segments', readdirSync(join(folder, 'segments')).toSorted().at(-1)!)

/** Reads a log with both readers and compares event by event, and the end. @returns what the second one says of the rest. */
async function expectSame(folder: string, vocabulary: Vocabulary = sampleVocabulary): Promise<Rest> {
  await using reader = await openFileLog(folder, vocabulary)
  const ours = (await eventsOf(reader)).map((event) => printed(vocabulary, event))
  const { status, events, rest, stderr } = await readSecond(folder)
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  expect(events).toHaveLength(ours.length)
  expect(events).toEqual(ours)
  expect(rest).toMatchObject({ lastSeq: reader.lastSeq, count: ours.length, meta: reader.meta })
  expect(rest!.tornAt !== null).toBe(reader.tornTail !== null)
  return rest!
}

async function expectRefused(folder: string): Promise<void> {
  const { status, rest, stderr } = await readSecond(folder)
  expect({ status, rest }).toEqual({ status: 3, rest: null })
  expect(stderr).not.toBe('')
}

/** Sample events, some of whose strings have no UTF-8. */
function events(last: number, range: Parameters<typeof sampleEvents>[1] = {}): AnyEvent[] {
  return sampleEvents(last, range).map((event) => {
    if (event.type !== 'sample/said' || event.seq % 50 > 2) return event
    return { ...event, where: `\uDC00${event.seq}`, data: { text: `\uD800 ${event.seq}`, by: event.seq % 4 === 0 ? '\uFEFF\uD83D' : null } }
  })
}

describe.each([
  { name: 'small', sizes: SMALL, count: 3000, several: true },
  { name: 'usual', sizes: undefined, count: 9000, several: false },
])('a log of blocks and segments of $name size', ({ sizes, count, several }) => {
  const create = (folder: string, compress = false): Promise<LogWriter> =>
    createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, { compress }, sizes)

  test('that is empty', async () => {
    const folder = newFolder()
    const writer = await create(folder)
    expect(await expectSame(folder)).toMatchObject({ count: 0, segments: [{ blocks: 0, sealed: false }] })
    await writer.close()
    expect(await expectSame(folder)).toMatchObject({ count: 0, segments: [{ blocks: 0, sealed: true }] })
  })

  test('that is open, closed, gone on with, and compressed', { timeout: 60_000 }, async () => {
    const folder = newFolder()
    const writer = await create(folder)
    await writer.append(events(count, { baseline: 150 }))
    await writer.flush('written')
    const open = await expectSame(folder)
    expect(open.count).toBe(150 + count)
    expect(open.segments.at(-1)!.sealed).toBe(false)
    expect(open.segments.length > 1).toBe(several)

    await writer.close()
    expect((await expectSame(folder)).segments.every((segment) => segment.sealed && segment.compressed === 0)).toBe(true)

    const later = await appendFileLog(folder, sampleVocabulary)
    await later.append(events(count + 500, { first: count + 1 }))
    await later.flush('durable')
    expect((await expectSame(folder)).segments.at(-1)!.sealed).toBe(false)
    await later.close()
    await expectSame(folder)

    await compressFileLog(folder)
    expect((await expectSame(folder)).segments.every((segment) => segment.sealed && segment.compressed > 0)).toBe(true)

    await using last = await appendFileLog(folder, sampleVocabulary)
    await last.append(events(count + 600, { first: count + 501 }))
    await last.flush('written')
    expect(await expectSame(folder)).toMatchObject({ lastSeq: count + 600 })
  })

  test('that is compressed as it is written, with attachments and keyframes', { timeout: 60_000 }, async () => {
    const folder = newFolder()
    const writer = await create(folder, true)
    const attached = { large: new Uint8Array(2 ** 21 + 5).map((_, i) => i % 251), none: new Uint8Array(0), small: Uint8Array.of(1, 2) }
    for (const [name, bytes] of Object.entries(attached)) await writer.attach(name, bytes)
    const seqs = [40, 60, 75, 200, 999]
    for (const [i, seq] of seqs.entries()) {
      await writer.append(events(seq, { first: writer.lastSeq + 1 }))
      await writer.keyframe(FOLD, changesAt(seq, i % 3 === 0 ? null : seqs[i - 1]!))
    }
    await writer.keyframe('other', { at: 500, since: null, parts: [] })
    await writer.append(events(count, { first: writer.lastSeq + 1 }))
    await writer.close()

    const rest = await expectSame(folder)
    expect(rest.segments.reduce((sum, segment) => sum + segment.compressed, 0)).toBeGreaterThan(0)
    expect(rest.attachments).toEqual(Object.entries(attached).map(([name, bytes]) => ({ name, ...checked(bytes) })))
    expect(rest.keyframes).toEqual([{ fold: 'other', seq: 500, parts: {} }, ...seqs.map(keyframeAt)])
  })
})

async function expectSameEvents(all: AnyEvent[], compress: boolean, blockEvents: number): Promise<void> {
  const folder = newFolder()
  await using writer = await createOn(nodeDisk, folder, sampleMeta(), everyVocabulary, { compress }, { blockEvents, segmentBytes: 30_000 })
  await writer.append(all)
  await writer.close()
  expect((await expectSame(folder, everyVocabulary)).count).toBe(all.length)
  await rm(folder, { recursive: true })
}

test('events of every kind of field', { timeout: 120_000 }, async () => {
  await fc.assert(fc.asyncProperty(everyEvents(120), fc.boolean(), fc.integer({ min: 1, max: 60 }), expectSameEvents), { numRuns: 40 })
})

describe('a log whose writer was cut off', () => {
  let folder: string
  let path: string
  let bytes: Buffer
  /** Where the last two blocks start. */
  let starts: number[]

  beforeAll(async () => {
    folder = newFolder()
    const writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, {}, SMALL)
    const sizes: number[] = []
    for (let block = 1; block <= 4; block++) {
      await writer.append(events(block * 20, { first: block * 20 - 19 }))
      await writer.flush('written')
      sizes.push(readFileSync(lastSegment(folder)).length)
    }
    path = lastSegment(folder)
    bytes = readFileSync(path)
    await leave(writer, folder, path)
    starts = sizes.slice(1, 3)
  })

  test('in its last blocks, whose rest is missing', { timeout: 60_000 }, async () => {
    for (let at = starts[0]!; at <= bytes.length; at += 131) {
      await writeFile(path, bytes)
      await truncate(path, at)
      await expectSame(folder)
    }
  })

  test('in its last blocks, of which sectors are zeros', { timeout: 60_000 }, async () => {
    for (let sector = Math.ceil(starts[0]! / 512); sector * 512 < bytes.length; sector++) {
      const torn = Buffer.from(bytes)
      torn.subarray(sector * 512, (sector + 1) * 512).fill(0)
      await writeFile(path, torn)
      await expectSame(folder)
    }
  })

  test.each([0, 10, 64])('in the header of its segment, of %i bytes', async (size) => {
    await writeFile(path, size === 64 ? Buffer.alloc(64) : bytes.subarray(0, size))
    expect(await expectSame(folder)).toMatchObject({ count: 0, tornAt: size > 0 ? 0 : null })
  })

  test('in index and trailer', { timeout: 60_000 }, async () => {
    await writeFile(path, bytes)
    await (await appendFileLog(folder, sampleVocabulary)).close()
    const sealed = readFileSync(path)
    for (const wrong of [Buffer.concat([sealed, Buffer.alloc(8)]), sealed.with(sealed.length - 3, 77)]) {
      await writeFile(path, wrong)
      await expectRefused(folder)
      await expect(expectSame(folder)).rejects.toThrow(LogDamagedError)
    }
    await writeFile(path, Buffer.concat([sealed.subarray(0, -24), Buffer.alloc(24)]))
    expect(await expectSame(folder)).toMatchObject({ count: 80, tornAt: bytes.length })
    for (const size of [sealed.length - 1, sealed.length - 24, sealed.length - 25, bytes.length + 1, bytes.length]) {
      await writeFile(path, sealed.subarray(0, size))
      expect((await expectSame(folder)).count).toBe(80)
    }
  })
})

test('tells a torn tail from damage', { timeout: 120_000 }, async () => {
  const folder = newFolder()
  const writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, {}, SMALL)
  for (let block = 1; block <= 12; block++) {
    await writer.append(events(block * 9, { first: block * 9 - 8 }))
    await writer.flush(block % 5 === 0 ? 'durable' : 'written')
  }
  const path = lastSegment(folder)
  const bytes = readFileSync(path)
  const data = withoutSpace(bytes).length
  await leave(writer, folder, path)
  const seen = { whole: 0, torn: 0, damaged: 0 }

  const sectors = Math.ceil(data / 512)
  const changes = fc.record({
    zeros: fc.array(fc.integer({ min: sectors >> 1, max: sectors - 1 }), { maxLength: 3 }),
    flipped: fc.option(fc.nat(data - 1), { freq: 1 }),
    cut: fc.option(fc.integer({ min: data - 1500, max: bytes.length }), { freq: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(changes, async ({ zeros, flipped, cut }) => {
      const changed = Buffer.from(bytes)
      for (const sector of zeros) changed.subarray(sector * 512, (sector + 1) * 512).fill(0)
      if (flipped !== null) changed[flipped]! ^= 16
      await writeFile(path, changed.subarray(0, cut ?? bytes.length))
      const { isWhole, tornTail } = await verifyFileLog(folder, sampleVocabulary)
      await (isWhole ? expectSame(folder) : expectRefused(folder))
      seen[!isWhole ? 'damaged' : tornTail === null ? 'whole' : 'torn']++
    }),
    { numRuns: 60 },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)
})

test('refuses a log of which a bit is wrong, wherever it is', { timeout: 120_000 }, async () => {
  const whole = newFolder()
  const writer = await createFileLog(whole, sampleMeta(), sampleVocabulary, { compress: true })
  await writer.append(events(300))
  await writer.attach('small', Uint8Array.of(1, 2, 3))
  await writer.keyframe(FOLD, changesAt(300, null))
  await writer.close()
  expect((await expectSame(whole)).keyframes).toHaveLength(1)

  const files = ['log.json', 'attachments.json', 'attachments/small', 'segments/00000001.seg', `keyframes/${FOLD}/000000000300.kf`]
  for (const name of files) {
    const bytes = readFileSync(join(whole, name))
    for (let i = 0; i < 8; i++) {
      const folder = newFolder()
      await cp(whole, folder, { recursive: true })
      const broken = Buffer.from(bytes)
      broken[Math.floor((i * bytes.length) / 8)]! ^= 1 << (i % 8)
      await writeFile(join(folder, name), broken)
      await expectRefused(folder)
      await rm(folder, { recursive: true })
    }
  }
})

test('refuses segments that are missing, exchanged, or of another log', { timeout: 60_000 }, async () => {
  const [folder, other] = [newFolder(), newFolder()]
  for (const where of [folder, other]) {
    await using writer = await createOn(nodeDisk, where, sampleMeta(), sampleVocabulary, {}, SMALL)
    await writer.append(Array.from({ length: 3000 }, (_, i) => sampleEvent(i + 1)))
  }
  const kept = readFileSync(segmentOf(folder, 2))
  for (const wrong of [readFileSync(segmentOf(folder, 1)), readFileSync(segmentOf(other, 2)), null]) {
    if (wrong === null) await rm(segmentOf(folder, 2))
    else await writeFile(segmentOf(folder, 2), wrong)
    await expectRefused(folder)
  }
  await writeFile(segmentOf(folder, 2), kept)
  await expectSame(folder)
})
