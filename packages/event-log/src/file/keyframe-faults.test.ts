/// <reference lib="esnext.disposable" />
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import type { LogWriter } from '../contract.ts'
import { appendFileLog, createFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { createOn } from './create.ts'
import { FaultyDisk } from './faulty-disk.test-support.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { keyframeName } from './layout.ts'
import { leave, withoutSpace } from './left-open.test-support.ts'
import { openOn } from './open.ts'

const FOLDER = '/disk/log'

let root: string
const roots: string[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-keyframe-faults-'))
  roots.push(root)
})
afterAll(() => Promise.all(roots.map((r) => rm(r, { recursive: true, force: true }))))

const pathOf = (folder: string, seq: number): string => join(folder, 'keyframes', FOLD, keyframeName(seq))
const namesIn = (folder: string): string[] => readdirSync(join(folder, 'keyframes', FOLD)).toSorted()

/** A log cut within its last events, of which it has a keyframe. */
async function cutLog(): Promise<string> {
  const folder = join(root, 'log')
  const path = join(folder, 'segments/00000001.seg')
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(50))
  await writer.keyframe(FOLD, changesAt(20, null))
  const { length } = withoutSpace(readFileSync(path))
  await writer.append(sampleEvents(70, { first: 51 }))
  await writer.keyframe(FOLD, changesAt(50, 20))
  await writer.keyframe(FOLD, changesAt(60, 50))
  await leave(writer, folder)
  await truncate(path, length + 9)
  return folder
}

test('a log cut below a keyframe shows it no more, and the next writer removes it', async () => {
  const folder = await cutLog()
  {
    await using reader = await openFileLog(folder, sampleVocabulary)
    expect([await reader.keyframes(FOLD), (await reader.keyframe(FOLD, 60))?.seq]).toStrictEqual([[20, 50], 50])
  }
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, lastSeq: 50 })
  await (await appendFileLog(folder, sampleVocabulary)).close()
  expect(namesIn(folder)).toStrictEqual([keyframeName(20), keyframeName(50)])
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(await reader.keyframe(FOLD, 70)).toStrictEqual({ seq: 50, parts: partsAt(50) })
})

test('repair that cuts a log removes the keyframes past its end, too, and says so', async () => {
  const folder = await cutLog()
  const { cutTail, removedKeyframes } = await repairFileLog(folder)
  expect([cutTail, removedKeyframes]).toStrictEqual([{ bytes: 9, afterSeq: 50 }, [pathOf(folder, 60)]])
  expect(namesIn(folder)).toStrictEqual([keyframeName(20), keyframeName(50)])
})

/** A log on a faulty disk that lost its last events, though it has a keyframe of them. */
async function aheadOn(disk: FaultyDisk): Promise<void> {
  await disk.mkdir('/disk')
  await disk.syncFolder('/')
  const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(3))
  await writer.flush('written')
  const segment = await disk.open(`${FOLDER}/segments/00000001.seg`, 'r+')
  const cut = await segment.size()
  await writer.append(sampleEvents(6, { first: 4 }))
  await writer.keyframe(FOLD, changesAt(6, null))
  disk.reboot('nothing')
  await segment.truncate(cut)
  await segment.sync()
}

const others = [4, 5, 6, 7].map((seq) => ({ ...sampleEvent(1), seq }))

/** Whether a log that went on with other events, and then lost power, has a keyframe of the old ones. */
async function isForgotten(disk: FaultyDisk): Promise<boolean> {
  const writer = await appendOn(disk, FOLDER, sampleVocabulary)
  await writer.append(others)
  await writer.flush('durable')
  disk.reboot('nothing')
  await using reader = await openOn(disk, FOLDER, sampleVocabulary)
  expect(await eventsOf(reader, { from: 4 })).toStrictEqual(others)
  return (await reader.keyframe(FOLD, 7)) === null
}

test('a keyframe past the end is gone for good before other events take its number, whoever was killed while removing it', async () => {
  const disk = new FaultyDisk()
  await aheadOn(disk)
  const before = disk.operations
  expect(await isForgotten(disk)).toBe(true)
  const trace = disk.trace.slice(before)
  const steps = trace.findIndex((t) => t.startsWith('sync folder') && t.endsWith(FOLD))
  expect(trace.findIndex((t) => t.startsWith('remove') && t.endsWith('.kf'))).toBeLessThan(steps)
  for (let at = 1; at <= steps + 1; at++) {
    const again = new FaultyDisk()
    await aheadOn(again)
    again.fault = { at: again.operations + at, how: 'fail' }
    await expect(appendOn(again, FOLDER, sampleVocabulary)).rejects.toThrow(/EIO|ENOSPC/)
    again.fault = null
    expect(await isForgotten(again)).toBe(true)
  }
})

async function made(disk: FaultyDisk): Promise<LogWriter> {
  await disk.mkdir('/disk')
  await disk.syncFolder('/')
  const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(3))
  await writer.flush('durable')
  return writer
}

test('a keyframe whose writing fails anywhere is not there, leaves nothing, and can be made again', async () => {
  const sound = new FaultyDisk()
  const writer = await made(sound)
  const before = sound.operations
  await writer.keyframe(FOLD, changesAt(3, null))
  const steps = sound.operations - before
  expect(steps).toBeGreaterThan(7)
  for (let at = 1; at <= steps; at++) {
    const disk = new FaultyDisk()
    const failing = await made(disk)
    disk.fault = { at: disk.operations + at, how: 'fail' }
    await expect(failing.keyframe(FOLD, changesAt(3, null))).rejects.toThrow(/EIO|ENOSPC/)
    await using reader = await openOn(disk, FOLDER, sampleVocabulary)
    expect(await reader.keyframes(FOLD)).toStrictEqual([])
    expect(await disk.list(`${FOLDER}/keyframes/${FOLD}`).catch(() => [])).toStrictEqual([])
    await failing.append(sampleEvents(4, { first: 4 }))
    expect(await failing.keyframe(FOLD, changesAt(3, null))).toBe('durable')
    expect(await failing.flush('durable')).toBe('durable')
    disk.reboot('nothing')
    await using after = await openOn(disk, FOLDER, sampleVocabulary)
    expect([after.lastSeq, await after.keyframe(FOLD, 4)]).toStrictEqual([4, { seq: 3, parts: partsAt(3) }])
  }
})

test('folders that a killed writer made but did not sync are durable with the next keyframe in them', async () => {
  for (const made of [1, 2]) {
    const disk = new FaultyDisk()
    await disk.mkdir('/disk')
    await disk.syncFolder('/')
    const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
    await writer.append(sampleEvents(3))
    await disk.mkdir(`${FOLDER}/keyframes`)
    if (made === 2) await disk.mkdir(`${FOLDER}/keyframes/${FOLD}`)
    expect(await writer.keyframe(FOLD, changesAt(3, null))).toBe('durable')
    disk.reboot('nothing')
    await using reader = await openOn(disk, FOLDER, sampleVocabulary)
    expect(await reader.keyframe(FOLD, 3)).toStrictEqual({ seq: 3, parts: partsAt(3) })
  }
})
