/// <reference lib="esnext.disposable" />
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { expect, onTestFinished, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import type { AckLevel } from '../contract.ts'
import { appendFileLog, createFileLog, openFileLog, repairFileLog } from '../file.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { leave, withoutSpace } from './left-open.test-support.ts'

interface Made {
  readonly folder: string
  readonly path: string
  readonly bytes: Buffer
  /** Where each block ends. */
  readonly ends: readonly number[]
}

/** A log that was not closed, each event in a block of its own, brought to a level. */
async function openLog(events: readonly AnyEvent[], level: (seq: number) => AckLevel = () => 'durable'): Promise<Made> {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-double-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const folder = join(root, 'log')
  const path = join(folder, 'segments/00000001.seg')
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  const ends: number[] = []
  for (const event of events) {
    await writer.append([event])
    await writer.flush(level(event.seq))
    ends.push(withoutSpace(await readFile(path)).length)
  }
  const bytes = withoutSpace(await readFile(path))
  await leave(writer, folder)
  await writeFile(path, bytes)
  return { folder, path, bytes, ends }
}

async function readable(folder: string): Promise<number[]> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  return (await eventsOf(reader, { onDamage: () => {} })).map(({ seq }) => seq)
}

test('behind a damaged header a torn tail is cut, and nothing else', async () => {
  const { folder, path, bytes } = await openLog(sampleEvents(4))
  bytes[20]! ^= 1
  await writeFile(path, Buffer.concat([bytes, Buffer.from('DTBK')]))
  expect(await readable(folder)).toStrictEqual([1, 2, 3, 4])
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect([writer.lastSeq, writer.cutTail]).toStrictEqual([4, { bytes: 4, afterSeq: 4 }])
  await writer.append([sampleEvent(5)])
  await writer.close()
  expect(await readable(folder)).toStrictEqual([1, 2, 3, 4, 5])
})

test('a header that was cut short is a torn tail, which repair cuts', async () => {
  const { folder, path, bytes } = await openLog([])
  await writeFile(path, bytes.subarray(0, 20))
  expect((await repairFileLog(folder)).cutTail).toStrictEqual({ bytes: 20, afterSeq: 0 })
  expect((await repairFileLog(folder)).cutTail).toBeNull()
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect(writer.cutTail).toBeNull()
})

/** Long enough to have a sector to itself. */
const long = (seq: number): AnyEvent => ({ ...sampleEvent(2), seq, cause: [], data: { text: `${seq}`.padEnd(3000, 'ab'), by: null } })

// A sector of the second block reads as zeros, and only the fourth, bad itself, tells that it was durable once.
async function tellingEnd(end: (bytes: Buffer, start: number) => Buffer): Promise<{ folder: string; start: number }> {
  const { folder, path, bytes, ends } = await openLog([1, 2, 3, 4].map(long), (seq) => (seq === 2 ? 'written' : 'durable'))
  bytes.fill(0, 4096, 4608)
  await writeFile(path, end(bytes, ends[2]!))
  expect(await readable(folder)).toStrictEqual([1, 3])
  return { folder, start: ends[0]! }
}

async function expectGoingOn(folder: string): Promise<void> {
  expect(await readable(folder)).toStrictEqual([1, 3])
  {
    await using writer = await appendFileLog(folder, sampleVocabulary)
    expect(writer.lastSeq).toBe(3)
    await writer.append([sampleEvent(4)])
  }
  expect(await readable(folder)).toStrictEqual([1, 3, 4])
  expect(await readdir(join(folder, 'segments'))).toContain('00000002.seg')
}

test.each([
  ['torn', (bytes: Buffer, start: number) => bytes.subarray(0, start + 60), [false, true]],
  ['damaged', (bytes: Buffer, start: number) => bytes.fill(1, start + 60, start + 61), [true, false]],
] as const)('a %s end that tells damage before it from a torn tail is not missed when repair takes it away', async (_, end, kept) => {
  const { folder, start } = await tellingEnd(end)
  const { cutTail, movedAside, lost } = await repairFileLog(folder)
  expect([cutTail === null, movedAside === null]).toStrictEqual(kept)
  expect(lost.map(({ offset }) => offset)).toContain(start)
  expect(await repairFileLog(folder)).toMatchObject({ cutTail: null, movedAside: null, rebuilt: [] })
  await expectGoingOn(folder)
})

test('nor when the next writer cuts it', async () => {
  const { folder } = await tellingEnd((bytes, start) => bytes.subarray(0, start + 60))
  await expectGoingOn(folder)
})

test('a damaged end and a damaged header are repaired at once', async () => {
  const { folder, path, bytes } = await openLog(sampleEvents(4))
  bytes[20]! ^= 1
  bytes[bytes.length - 20]! ^= 1
  await writeFile(path, bytes)
  const { movedAside, rebuilt, lost } = await repairFileLog(folder)
  expect([movedAside !== null, rebuilt, lost.length]).toStrictEqual([true, [path], 1])
  expect(await repairFileLog(folder)).toStrictEqual({ cutTail: null, rebuilt: [], movedAside: null, removedKeyframes: [], lost: [] })
  expect(await readable(folder)).toStrictEqual([1, 2, 3])
})
