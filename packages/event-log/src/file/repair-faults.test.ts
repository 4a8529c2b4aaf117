/// <reference lib="esnext.disposable" />
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { sampleEvent, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { hexCrc } from './crc.ts'
import { createOn } from './create.ts'
import { FaultyDisk, type Survives } from './faulty-disk.test-support.ts'
import { withoutSpace } from './left-open.test-support.ts'
import { openOn } from './open.ts'
import { repairOn } from './repair.ts'
import { segmentPath } from './segment-file.ts'
import { verifyOn } from './verify.ts'

const FOLDER = '/disk/log'
const SEGMENT = segmentPath(FOLDER, 1)

/** Long enough to have a sector to itself. */
const long = (seq: number): AnyEvent => ({ ...sampleEvent(2), seq, cause: [], data: { text: `${seq}`.padEnd(3000, 'ab'), by: null } })

async function bytesOf(disk: FaultyDisk, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array((await disk.stat(path)).size)
  await (await disk.open(path, 'r')).read(bytes, 0)
  return bytes
}

/** A log that was not closed: five blocks, all durable, but the second before the third; changed on the disk as told. */
async function damagedLog(
  seed: number,
  change: (bytes: Uint8Array<ArrayBuffer>, starts: readonly number[]) => Uint8Array,
): Promise<FaultyDisk> {
  const disk = new FaultyDisk(seed)
  await disk.mkdir('/disk')
  await disk.syncFolder('/')
  const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
  const starts = [64]
  for (let seq = 1; seq <= 5; seq++) {
    await writer.append([long(seq)])
    await writer.flush(seq === 2 ? 'written' : 'durable')
    starts.push(withoutSpace(await bytesOf(disk, SEGMENT)).length)
  }
  disk.reboot('everything')
  const changed = change(withoutSpace(await bytesOf(disk, SEGMENT)), starts)
  const file = await disk.open(SEGMENT, 'r+')
  await file.truncate(0)
  await file.write(changed, 0)
  await file.sync()
  return disk
}

const flipped = (bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> => {
  bytes[at]! ^= 1
  return bytes
}

const damaged: readonly (readonly [string, (bytes: Uint8Array<ArrayBuffer>, starts: readonly number[]) => Uint8Array])[] = [
  ['its header', (bytes) => flipped(bytes, 20)],
  ['its end', (bytes, starts) => flipped(bytes, starts[4]! + 60)],
  ['header and end', (bytes, starts) => flipped(flipped(bytes, 20), starts[4]! + 60)],
  [
    'a block that cannot be told from a torn tail without the torn tail behind it',
    (bytes, starts) => bytes.fill(0, 4096, 4608).subarray(0, starts[4]! + 60),
  ],
  ['the same without the damaged end behind it', (bytes, starts) => flipped(bytes.fill(0, 4096, 4608), starts[4]! + 60)],
  ['nothing, and a torn tail', (bytes, starts) => bytes.subarray(0, starts[4]! + 60)],
]

async function readable(disk: FaultyDisk): Promise<number[]> {
  await using reader = await openOn(disk, FOLDER, sampleVocabulary)
  return (await eventsOf(reader, { onDamage: () => {} })).map(({ seq }) => seq)
}

/** What verify says, and the segment and what was moved out of it; the header of an empty one behind it may be lost. */
async function stateOf(disk: FaultyDisk): Promise<unknown> {
  const folder = `${FOLDER}/segments`
  const files: (readonly [string, string])[] = []
  for (const name of (await disk.list(folder)).toSorted()) {
    if (name.startsWith('00000001')) files.push([name, hexCrc(await bytesOf(disk, `${folder}/${name}`))])
  }
  const { damages, events, tornTail } = await verifyOn(disk, FOLDER, sampleVocabulary)
  return { damages: damages.map(String), events, tornTail, files }
}

for (const [what, change] of damaged) {
  test(`what repair did to a log with damage of ${what} outlives a power failure`, async () => {
    const disk = await damagedLog(1, change)
    await repairOn(disk, FOLDER)
    const repaired = await stateOf(disk)
    disk.reboot('nothing')
    expect(await stateOf(disk)).toStrictEqual(repaired)
  })

  test(`repair of a log with damage of ${what} that is cut short anywhere loses nothing and can be done again`, async () => {
    const whole = await damagedLog(1, change)
    const before = await readable(whole)
    const start = whole.operations
    await repairOn(whole, FOLDER)
    for (let operation = 1; operation <= whole.operations - start; operation++) {
      for (const [i, survives] of (['nothing', 'everything', 'content', 'names', 'some', 'some'] as const satisfies Survives[]).entries()) {
        const disk = await damagedLog(1 + operation * 31 + i, change)
        disk.fault = { at: disk.operations + operation, how: 'crash' }
        await expect(repairOn(disk, FOLDER)).rejects.toThrow(/crashed at|is off/)
        disk.reboot(survives)
        expect([operation, survives, await readable(disk)]).toStrictEqual([operation, survives, before])
        await repairOn(disk, FOLDER)
        expect([operation, survives, await readable(disk)]).toStrictEqual([operation, survives, before])
      }
    }
  })
}

test('what a writer cut from a damaged log is gone for good', async () => {
  const disk = await damagedLog(1, damaged[3]![1])
  const { size } = await disk.stat(SEGMENT)
  const writer = await appendOn(disk, FOLDER, sampleVocabulary)
  expect([writer.cutTail, (await disk.stat(SEGMENT)).size]).toStrictEqual([{ bytes: 60, afterSeq: 4 }, size - 60])
  await writer.append([long(writer.lastSeq + 1)])
  expect(await writer.flush('durable')).toBe('durable')
  const { damages: told, events } = await verifyOn(disk, FOLDER, sampleVocabulary)
  disk.reboot('nothing')
  const after = await verifyOn(disk, FOLDER, sampleVocabulary)
  expect([after.damages.map(String), after.events]).toStrictEqual([told.map(String), events])
})
