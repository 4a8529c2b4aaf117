/// <reference lib="esnext.disposable" />
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import type { AckLevel, LogReader, LogWriter } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { expectSame } from './same.test-support.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { createOn } from './create.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { FaultyDisk, type Fault, type Survives } from './faulty-disk.test-support.ts'
import { keyframeSeq } from './layout.ts'
import { openOn } from './open.ts'
import { verifyOn } from './verify.ts'

const FOLDER = '/disk/logs/log'
// Small, so that a short life has many segments.
// Compressed at once, so that the operations have the same order each time.
const sizes = { blockEvents: 16, segmentBytes: 1700, compress: async (bytes: Uint8Array) => zstdCompressSync(bytes) }

/** What a writer was told, in the order in which it was. */
class Told {
  created = false
  durable = 0
  written = 0
  attached = new Map<string, number>()
  keyframes: number[] = []

  take(level: AckLevel, seq: number): void {
    if (level === 'durable') this.durable = Math.max(this.durable, seq)
    if (level !== 'buffered') this.written = Math.max(this.written, seq)
  }
}

const bytesOf = (seq: number): Uint8Array => new Uint8Array(700).fill(seq % 256)

async function some(writer: LogWriter, told: Told, count: number, level: AckLevel): Promise<void> {
  const first = writer.lastSeq + 1
  const last = writer.lastSeq + count
  await writer.append(sampleEvents(last, { first }))
  told.take(await writer.flush(level), last)
}

async function attach(writer: LogWriter, told: Told): Promise<void> {
  const seq = writer.lastSeq
  if ((await writer.attach(`at-${seq}`, bytesOf(seq))) === 'durable') told.attached.set(`at-${seq}`, seq)
}

async function keyframe(writer: LogWriter, told: Told, since: number | null): Promise<number> {
  const at = writer.lastSeq
  if ((await writer.keyframe(FOLD, changesAt(at, since))) === 'durable') told.keyframes.push(at)
  return at
}

/** How a log is written. */
interface Kind {
  readonly atomic: boolean
  readonly compress: boolean
}

/** A log's life: created, written by three writers one after the other, the last of which just stops. */
async function life(disk: FaultyDisk, told: Told, { atomic, compress }: Kind): Promise<void> {
  {
    const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary, { atomic, compress }, sizes)
    told.created = !atomic
    await some(writer, told, 5, 'durable')
    await some(writer, told, 30, 'written')
    await attach(writer, told)
    const first = await keyframe(writer, told, null)
    await writer.append([sampleEvent(first + 1)])
    await keyframe(writer, told, first)
    await Promise.all([some(writer, told, 1, 'durable'), some(writer, told, 2, 'durable'), some(writer, told, 50, 'durable')])
    await some(writer, told, 90, 'durable')
    const last = writer.lastSeq
    const storing = keyframe(writer, told, first)
    storing.catch(() => {})
    told.take(await writer.close(), last)
    told.created = true
    await storing
    told.attached.set(`at-${first}`, first)
    told.keyframes.push(first, first + 1, last)
  }
  {
    const writer = await appendOn(disk, FOLDER, sampleVocabulary, sizes, { compress })
    await some(writer, told, 3, 'durable')
    await attach(writer, told)
    await some(writer, told, 40, 'written')
    const newest = await keyframe(writer, told, null)
    await some(writer, told, 1, 'written')
    await keyframe(writer, told, newest)
    const last = writer.lastSeq
    told.take(await writer.close(), last)
  }
  const writer = await appendOn(disk, FOLDER, sampleVocabulary, sizes, { compress })
  await some(writer, told, 1, 'durable')
  for (let i = 0; i < 4; i++) await some(writer, told, 20, i === 1 ? 'durable' : 'written')
}

async function freshDisk(seed: number): Promise<FaultyDisk> {
  const disk = new FaultyDisk(seed)
  await disk.mkdir('/disk')
  await disk.syncFolder('/')
  return disk
}

/** What is found after a fault, and that the next writer goes on from there. */
async function checkAfter(disk: FaultyDisk, told: Told, sees: 'written' | 'durable', kind: Kind): Promise<void> {
  let reader
  try {
    reader = await openOn(disk, FOLDER, sampleVocabulary)
  } catch (error) {
    if (told.created || !(error instanceof LogUsageError && ['not-found', 'not-a-log'].includes(error.code))) throw error
    await using writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary, kind, sizes)
    await writer.append(sampleEvents(3))
    return
  }
  const found = reader.lastSeq
  expect(found).toBeGreaterThanOrEqual(told[sees])
  expectSame(await eventsOf(reader), sampleEvents(found))
  const attached = (await reader.attachments()).map((a) => a.name)
  expect(attached).toEqual(expect.arrayContaining([...told.attached.keys()]))
  for (const name of attached) expectSame(await reader.attachment(name), bytesOf(Number(name.slice('at-'.length))))
  await checkKeyframes(reader, told)
  const names = await disk.list(`${FOLDER}/keyframes/${FOLD}`).catch(() => [])
  expect(Math.max(0, ...names.map((name) => keyframeSeq(name) ?? 0)), 'no keyframe is ahead of the log').toBeLessThanOrEqual(found)
  const { tornTail } = reader
  await reader.close()

  const writer = await appendOn(disk, FOLDER, sampleVocabulary, sizes, kind)
  expect(await unfinished(disk)).toStrictEqual([])
  expect([writer.lastSeq, writer.cutTail]).toStrictEqual([found, tornTail])
  await writer.append([sampleEvent(found + 1)])
  expect(await writer.close()).toBe('durable')
  disk.reboot('nothing')
  await using again = await openOn(disk, FOLDER, sampleVocabulary)
  expectSame([again.tornTail, await eventsOf(again)], [null, sampleEvents(found + 1)])
  await checkKeyframes(again, told)
}

/** All that were acknowledged are there, and all that are there are whole. */
async function checkKeyframes(reader: LogReader, told: Told): Promise<void> {
  const seqs = await reader.keyframes(FOLD)
  expect(seqs).toEqual(expect.arrayContaining(told.keyframes))
  for (const seq of seqs) {
    const damages: unknown[] = []
    expectSame(await reader.keyframe(FOLD, seq, { onDamage: (d) => damages.push(d) }), { seq, parts: partsAt(seq) })
    expect(damages).toStrictEqual([])
  }
}

/** Segments that were being made anew. */
const unfinished = async (disk: FaultyDisk): Promise<string[]> =>
  (await disk.list(`${FOLDER}/segments`)).filter((name) => name.endsWith('~'))

async function operationsOf(kind: Kind): Promise<string[]> {
  const disk = await freshDisk(1)
  await life(disk, new Told(), kind)
  return disk.trace
}

const survivals: readonly Survives[] = ['nothing', 'everything', 'content', 'names', 'some', 'some', 'some']
/** Of kinds that differ from another in a few operations only. */
const fewer: readonly Survives[] = ['nothing', 'everything', 'some']

async function runWith(fault: Fault, survives: Survives, kind: Kind, seed: number): Promise<void> {
  const disk = await freshDisk(seed)
  disk.fault = fault
  const told = new Told()
  const before = disk.operations
  disk.fault = { ...fault, at: before + fault.at }
  await life(disk.process(), told, kind).catch((error: unknown) => {
    if (!(error instanceof Error)) throw error
  })
  // A writer that was told of an error is over; then the power goes.
  disk.reboot(survives)
  await checkAfter(disk, told, survives === 'everything' && fault.how === 'crash' ? 'written' : 'durable', kind)
}

const kinds: readonly (readonly [string, Kind])[] = [
  ['a log', { atomic: false, compress: false }],
  ['an atomic log', { atomic: true, compress: false }],
  ['a log that is compressed', { atomic: false, compress: true }],
  ['an atomic log that is compressed', { atomic: true, compress: true }],
]

for (const [name, kind] of kinds) {
  for (const how of ['crash', 'fail'] as const) {
    test(`${name} outlives a ${how} at each single operation`, { timeout: 300_000 }, async () => {
      const trace = (await operationsOf(kind)).slice(2)
      expect(trace.length).toBeGreaterThan(60)
      expect(trace.some((operation) => /^rename .*\.seg~ /.test(operation))).toBe(kind.compress)
      for (const [i, operation] of trace.entries()) {
        for (const [variant, survives] of (kind === kinds[0]![1] || (kind === kinds[2]![1] && how === 'crash')
          ? survivals
          : fewer
        ).entries()) {
          await runWith({ at: i + 1, how }, survives, kind, 1 + i * 31 + variant).catch((error: unknown) => {
            throw new Error(`${how} at ${i + 1}, ${operation}; survives: ${survives} (${variant})`, { cause: error })
          })
        }
      }
    })
  }
}

test('what was acknowledged is there when the power goes after any of it', { timeout: 300_000 }, async () => {
  const trace = await operationsOf(kinds[0]![1])
  expect(trace.filter((t) => t.startsWith('create') && t.endsWith('.seg')).length).toBeGreaterThan(4)
  for (const survives of survivals) await runWith({ at: Infinity, how: 'crash' }, survives, kinds[2]![1], 5)
})

test('a log in a folder that somebody made without syncing it is there after a power failure', async () => {
  const disk = await freshDisk(3)
  await disk.mkdir('/disk/logs')
  await disk.syncFolder('/disk')
  await disk.mkdir(FOLDER)
  const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(2))
  expect(await writer.flush('durable')).toBe('durable')
  disk.reboot('nothing')
  await using reader = await openOn(disk, FOLDER, sampleVocabulary)
  expect(await eventsOf(reader)).toStrictEqual(sampleEvents(2))
})

test('a closing that is cut short leaves a torn tail, never damage: an index is written over durable blocks only', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    for (let operation = 1; operation <= 4; operation++) {
      const disk = await freshDisk(seed * 7919)
      const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
      await writer.append(sampleEvents(5))
      await writer.flush('durable')
      await writer.append(sampleEvents(300, { first: 6 }))
      await writer.flush('written')
      disk.fault = { at: disk.operations + operation, how: 'crash' }
      await writer.close().catch(() => {})
      disk.reboot('some')
      expect([seed, operation, (await verifyOn(disk, FOLDER, sampleVocabulary)).damages]).toStrictEqual([seed, operation, []])
    }
  }
})
