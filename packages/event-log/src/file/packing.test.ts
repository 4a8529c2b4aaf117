/// <reference lib="esnext.disposable" />
/** A log that appears when it is closed has its blocks compressed before they are written. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { compress, type Compress } from './zstd.ts'

const sizes = { blockEvents: 256, segmentBytes: 12_000 }
const ATOMIC = { atomic: true, compress: true }
const COUNT = 3500
const LATER = 20

let folder: string
const roots: string[] = []
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-packing-'))
  roots.push(root)
  folder = join(root, 'log')
})
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))))

const segments = (): string[] => readdirSync(join(folder, 'segments')).toSorted()
const bytes = (): string => segments().reduce((all, name) => all + readFileSync(join(folder, 'segments', name)).toString('latin1'), '')

/** A disk on which all logs have one identity, so that they can be compared. */
const alike: Disk = { ...nodeDisk, newId: () => new Uint8Array(8).fill(7) }

/** Writes a log with keyframes, one event or one batch after the other, waiting only where it is asked to. */
async function written(disk: Disk, more: { compress?: Compress } = {}, batch = 1): Promise<void> {
  await using writer = await createOn(disk, folder, sampleMeta(), sampleVocabulary, ATOMIC, { ...sizes, ...more })
  const events = sampleEvents(COUNT)
  const keyframes: Promise<unknown>[] = []
  for (let i = 0; i < events.length; i += batch) {
    if (batch === 1) await writer.take(events[i]!)
    else await writer.append(events.slice(i, i + batch))
    const at = writer.lastSeq
    if (at % 1000 < batch) {
      const storing = writer.keyframe('fold-1', { at, since: null, parts: [['state', new Uint8Array([at % 256])]] })
      storing.catch(() => {})
      keyframes.push(storing)
    }
    if (i === 500) await writer.flush('durable')
  }
  await Promise.all(keyframes)
  expect(await writer.close()).toBe('durable')
}

test('all of it is there, in segments and with keyframes, and none was made anew', async () => {
  const renamed: string[] = []
  const rename: Disk['rename'] = async (from, to) => {
    renamed.push(to)
    await nodeDisk.rename(from, to)
  }
  await written({ ...nodeDisk, rename })
  expect(renamed.filter((path) => path.endsWith('.seg'))).toEqual([])
  expect(segments().length).toBeGreaterThan(3)
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(await eventsOf(reader)).toStrictEqual(sampleEvents(COUNT))
  expect((await reader.keyframes('fold-1')).length).toBeGreaterThan(2)
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, events: COUNT, tornTail: null })
})

test('it does not matter which block is compressed first, nor how events come', async () => {
  await written(alike)
  const all = bytes()
  await rm(folder, { recursive: true })
  let calls = 0
  const uneven: Compress = async (body) => {
    const late = calls++ % 3 === 0 ? LATER : 0
    await new Promise((resolve) => setTimeout(resolve, late))
    return compress(body)
  }
  await written(alike, { compress: uneven })
  expect(bytes()).toBe(all)
})

test('a block that gets no smaller is stored as it is', async () => {
  await written(nodeDisk, { compress: async (body) => Buffer.concat([body, Buffer.from([1])]) }, 100)
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(await eventsOf(reader)).toStrictEqual(sampleEvents(COUNT))
})

test('a log that is gone on with is whole', async () => {
  await written(nodeDisk)
  await using writer = await appendFileLog(folder, sampleVocabulary, { compress: true })
  await writer.append(sampleEvents(COUNT + 300, { first: COUNT + 1 }))
  await writer.close()
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, events: COUNT + 300 })
})

test('where a block cannot be compressed or written, whoever closes the log is told, and there is none', async () => {
  let calls = 0
  const failing: Compress = async (body) => {
    if (++calls === 3) throw new Error('no memory')
    return compress(body)
  }
  await expect(written(nodeDisk, { compress: failing })).rejects.toThrow('no memory')
  expect(existsSync(folder)).toBe(false)
  expect(readdirSync(dirname(folder))).toEqual([])
})
