/// <reference lib="esnext.disposable" />
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './node-disk.ts'
import { leave, withoutSpace } from './left-open.test-support.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-torn-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

interface OpenLog {
  readonly folder: string
  readonly path: string
  readonly bytes: Buffer
  /** Where its header and its blocks end. */
  readonly ends: readonly number[]
  /** The last `seq` of each. */
  readonly lasts: readonly number[]
}

/** A log of `blocks` blocks with two events each, that was not closed. The first may be a larger one, compressed. */
async function openLog(name: string, blocks: number, compress = false): Promise<OpenLog> {
  const folder = join(root, name)
  const path = join(folder, 'segments/00000001.seg')
  let writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, { compress })
  const ends = [64]
  const lasts = [0]
  for (let i = 1; i <= blocks; i++) {
    const first = writer.lastSeq + 1
    await writer.append(sampleEvents(i === 1 && compress ? 40 : first + 1, { first }))
    await writer.flush('written')
    if (i === 1 && compress) {
      const plain = readFileSync(path).length
      await writer.close()
      writer = await appendFileLog(folder, sampleVocabulary, { compress })
      if (readFileSync(path).length >= plain) throw new Error('the first block should be worth compressing')
    }
    ends.push(readFileSync(path).length)
    lasts.push(writer.lastSeq)
  }
  const bytes = readFileSync(path)
  await leave(writer, folder)
  return { folder, path, bytes, ends, lasts }
}

async function eventsIn(folder: string): Promise<AnyEvent[]> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  return await eventsOf(reader)
}

test.each([
  ['a tail', 'any', false],
  ['a tail after compressed blocks', 'any fifth', true],
])('%s torn at %s byte is reported, and cut by the next writer, which says so', { timeout: 60_000 }, async (name, _, compress) => {
  const { folder, path, bytes, ends, lasts } = await openLog(name, 3, compress)
  const head = readFileSync(join(folder, 'log.json'))
  for (let size = ends[1]!; size <= bytes.length; size += compress ? 5 : 1) {
    await writeFile(path, bytes.subarray(0, size))
    await writeFile(join(folder, 'log.json'), head)
    const whole = ends.filter((end) => end <= size).length - 1
    const last = lasts[whole]!
    const tail = size - ends[whole]!
    const expected = tail === 0 ? null : { bytes: tail, afterSeq: last }
    {
      await using reader = await openFileLog(folder, sampleVocabulary)
      expect([size, reader.tornTail, reader.lastSeq]).toStrictEqual([size, expected, last])
    }
    expect(await eventsIn(folder)).toStrictEqual(sampleEvents(last))
    expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, tornTail: expected })
    expect(readFileSync(path), 'a reader changes nothing').toHaveLength(size)
    {
      await using writer = await appendFileLog(folder, sampleVocabulary)
      expect(writer.cutTail).toStrictEqual(expected)
      expect(readFileSync(path)).toHaveLength(size - tail)
      await writer.append([sampleEvent(last + 1)])
    }
    expect(await eventsIn(folder)).toStrictEqual(sampleEvents(last + 1))
  }
})

test('a log torn in its very first block has no event and can go on', async () => {
  const { folder, path, bytes } = await openLog('first-block', 1)
  await writeFile(path, bytes.subarray(0, 84))
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect(writer.cutTail).toStrictEqual({ bytes: 20, afterSeq: 0 })
  await writer.append([sampleEvent(1)])
})

test('zeros after the last block, as a power failure may leave them, are a torn tail, and repair cuts it, too', async () => {
  const { folder, path, bytes } = await openLog('zeros', 2)
  await truncate(path, bytes.length + 70_000)
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(reader.tornTail).toStrictEqual({ bytes: 70_000, afterSeq: 4 })
  expect(await eventsIn(folder)).toStrictEqual(sampleEvents(4))
  expect(await repairFileLog(folder)).toMatchObject({ cutTail: { bytes: 70_000, afterSeq: 4 }, lost: [], movedAside: null })
  expect(readFileSync(path)).toStrictEqual(bytes)
})

/** The same with one sector as if it had never been written. */
const lacking = (bytes: Buffer): Buffer => Buffer.from(bytes).fill(0, 1024, 1536)

// Texts of zeros: what was written is told from what was not all the same.
const zeros = (seq: number): AnyEvent => ({
  ...sampleEvent(2),
  seq,
  cause: [],
  type: 'sample/said',
  data: { text: '\0'.repeat(3000), by: null },
})

test('a block with a sector that was never written is a torn tail, unless a later block knows it durable', async () => {
  const folder = join(root, 'sectors')
  const path = join(folder, 'segments/00000001.seg')
  const writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary)
  await writer.append([sampleEvent(1)])
  await writer.flush('durable')
  const first = withoutSpace(readFileSync(path)).length
  await writer.append([zeros(2)])
  await writer.flush('written')
  const second = withoutSpace(readFileSync(path))
  await writer.flush('durable')
  await writer.append([sampleEvent(3)])
  await writer.flush('durable')
  const third = withoutSpace(readFileSync(path))
  await leave(writer, folder)
  await writeFile(path, lacking(second))
  {
    await using reader = await openFileLog(folder, sampleVocabulary)
    expect([reader.tornTail, await eventsOf(reader)]).toStrictEqual([{ bytes: second.length - first, afterSeq: 1 }, [sampleEvent(1)]])
  }
  await writeFile(path, lacking(third))
  {
    await using reader = await openFileLog(folder, sampleVocabulary)
    expect(reader.tornTail).toBeNull()
    await expect(eventsOf(reader)).rejects.toThrow(/expected a block, found a block with a wrong checksum/)
  }
  const flipped = Buffer.from(second)
  flipped[1100]! ^= 1
  await writeFile(path, flipped)
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(reader.tornTail).toBeNull()
  await expect(eventsOf(reader)).rejects.toThrow(/wrong checksum/)
})

test('a trailer of which only one of two sectors was written is a torn tail', async () => {
  let straddling = 0
  for (let count = 20; count < 90 && straddling < 2; count++) {
    const folder = join(root, `trailer-${count}`)
    const path = join(folder, 'segments/00000001.seg')
    const writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary)
    await writer.append(sampleEvents(count))
    await writer.close()
    const bytes = readFileSync(path)
    const sector = bytes.length - (bytes.length % 512)
    if (bytes.length - 24 >= sector || sector === bytes.length) continue
    straddling++
    for (const [from, to] of [
      [sector, bytes.length],
      [bytes.length - 24, sector],
    ]) {
      await writeFile(path, Buffer.from(bytes).fill(0, from, to))
      expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, damages: [], tornTail: { afterSeq: count } })
      expect(await eventsIn(folder)).toHaveLength(count)
    }
  }
  expect(straddling).toBe(2)
})

/** A log of blocks of `each` events, each durable; not closed, so that space is laid out behind them. */
async function spacedLog(name: string, blocks: number, each = 1): Promise<{ folder: string; path: string; bytes: Buffer; ends: number[] }> {
  const folder = join(root, name)
  const path = join(folder, 'segments/00000001.seg')
  const writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary)
  const ends = [64]
  for (let block = 1; block <= blocks; block++) {
    await writer.append(sampleEvents(block * each, { first: (block - 1) * each + 1 }))
    await writer.flush('durable')
    ends.push(withoutSpace(readFileSync(path)).length)
  }
  const bytes = readFileSync(path)
  await leave(writer, folder)
  expect(bytes.length % 4096).toBe(0)
  return { folder, path, bytes, ends }
}

test('closing takes back the space behind durable blocks', async () => {
  const { folder, path } = await spacedLog('space-closed', 3)
  await (await appendFileLog(folder, sampleVocabulary)).close()
  expect(readFileSync(path).subarray(-24, -20).toString()).toBe('DTEN')
  const writer = await appendFileLog(folder, sampleVocabulary)
  await writer.append([sampleEvent(4)])
  await writer.flush('durable')
  expect(readFileSync(path).length % 4096).toBe(0)
  await writer.close()
  expect(readFileSync(path).subarray(-24, -20).toString()).toBe('DTEN')
})

test('space laid out behind durable blocks is no torn tail, and the next writer takes it back', async () => {
  const { folder, path, ends } = await spacedLog('space', 3)
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, tornTail: null, lastSeq: 3 })
  expect(await repairFileLog(folder)).toMatchObject({ cutTail: null, lost: [], movedAside: null, rebuilt: [] })
  expect(readFileSync(path)).toHaveLength(ends.at(-1)!)
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect([writer.lastSeq, writer.cutTail]).toStrictEqual([3, null])
})

test('a write into space that is cut short at any byte is a torn tail', { timeout: 60_000 }, async () => {
  const { folder, path, bytes, ends } = await spacedLog('space-torn', 24)
  // The last block that is wholly in the first page, and the one that reaches into the second.
  const last = ends.findLastIndex((end) => end <= 4096)
  for (const [block, size] of [
    [last, 4096],
    [last + 1, 8192],
  ] as const) {
    for (let cut = ends[block - 1]!; cut < ends[block]!; cut++) {
      const torn = Buffer.from(bytes.subarray(0, size)).fill(0, cut)
      const tail = withoutSpace(torn).length - ends[block - 1]!
      await writeFile(path, torn)
      await using reader = await openFileLog(folder, sampleVocabulary)
      const expected = tail <= 0 ? null : { bytes: tail, afterSeq: block - 1 }
      expect([cut, reader.lastSeq, reader.tornTail]).toStrictEqual([cut, block - 1, expected])
    }
  }
})

test('a write of many events into space that is cut short at any byte is a torn tail', { timeout: 60_000 }, async () => {
  const { folder, path, bytes, ends } = await spacedLog('space-torn-large', 3, 500)
  const [, , start, end] = ends as [number, number, number, number]
  expect([end - start > 4096, bytes.length - end > 4096]).toStrictEqual([true, true])
  for (let cut = start; cut < end; cut += cut < end - 520 ? 61 : 1) {
    const torn = Buffer.from(bytes).fill(0, cut)
    const tail = withoutSpace(torn).length - start
    await writeFile(path, torn)
    await using reader = await openFileLog(folder, sampleVocabulary)
    expect([cut, reader.lastSeq, reader.tornTail]).toStrictEqual([cut, 1000, tail <= 0 ? null : { bytes: tail, afterSeq: 1000 }])
  }
})

test('a flipped bit of a block of many events before the space is damage and never a torn tail', { timeout: 60_000 }, async () => {
  const { folder, path, bytes, ends } = await spacedLog('space-flipped-large', 2, 500)
  const [, start, end] = ends as [number, number, number]
  for (let at = start * 8; at < bytes.length * 8; at += at < (end - 16) * 8 ? 311 : at < (end + 8) * 8 ? 1 : 9001) {
    const flipped = Buffer.from(bytes)
    flipped[at >> 3]! ^= 1 << (at & 7)
    await writeFile(path, flipped)
    await using reader = await openFileLog(folder, sampleVocabulary)
    expect([at, reader.tornTail]).toStrictEqual([at, null])
    await expect(eventsOf(reader), `bit ${at}`).rejects.toThrow(/expected a block/)
  }
})

test('a log killed after a few durable events takes no more room than a page more', async () => {
  const { bytes, ends } = await spacedLog('space-small', 3)
  expect(bytes.length - ends.at(-1)!).toBeLessThan(4096)
})

test(
  'a flipped bit of the last block before the space, or of the space, is damage and never a torn tail',
  { timeout: 60_000 },
  async () => {
    const { folder, path, bytes, ends } = await spacedLog('space-flipped', 2)
    for (let at = ends[1]! * 8; at < bytes.length * 8; at += at < (ends[2]! + 64) * 8 ? 1 : 41) {
      const flipped = Buffer.from(bytes)
      flipped[at >> 3]! ^= 1 << (at & 7)
      await writeFile(path, flipped)
      await using reader = await openFileLog(folder, sampleVocabulary)
      expect([at, reader.tornTail]).toStrictEqual([at, null])
      await expect(eventsOf(reader), `bit ${at}`).rejects.toThrow(/expected a block/)
    }
  },
)
