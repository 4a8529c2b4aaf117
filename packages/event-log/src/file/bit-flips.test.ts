/// <reference lib="esnext.disposable" />
import { closeSync, openSync, readFileSync, readdirSync, statSync, writeSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { LogDamagedError } from '../errors.ts'
import { appendFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './disk.ts'
import { keyframeName } from './layout.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'

const few = sampleEvents(11, { baseline: 1 })
const many = sampleEvents(99, { baseline: 1 })
// The second has parts in the file of the first.
const keyframes = [3, 8]
const attached = new Uint8Array([1, 2, 3, 0, 255])
// Three segments with a few blocks each: two sealed by rolling, one by closing or not at all.
const sizes = { blockEvents: 2, segmentBytes: 600 }

// Two segments with a few larger ones, which are worth compressing; the last one gone on with or not.
const largerSizes = { blockEvents: 40, segmentBytes: 1300 }
const ZSTD_MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd)

let root: string
const pristine = { sealed: '', open: '', compressed: '', 'compressed and open': '' }
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-flips-'))
  for (const how of ['sealed', 'open', 'compressed', 'compressed and open'] as const) {
    const folder = join(root, `making-${how}`)
    const compress = how.startsWith('compressed')
    const events = compress ? many : few
    let writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, { compress }, compress ? largerSizes : sizes)
    const first = how === 'compressed and open' ? -6 : events.length
    await writer.append(events.slice(0, first))
    await writer.attach('raw', attached)
    for (const [i, at] of keyframes.entries()) await writer.keyframe(FOLD, changesAt(at, keyframes[i - 1] ?? null))
    await writer.flush('durable')
    if (how !== 'open') await writer.close()
    if (how === 'compressed and open') {
      writer = await appendFileLog(folder, sampleVocabulary, { compress })
      await writer.append(events.slice(first))
      await writer.flush('durable')
    }
    pristine[how] = join(root, how)
    await cp(folder, pristine[how], { recursive: true })
    await rm(join(pristine[how], 'lock'), { recursive: true })
    await writer.close()
    const segments = readdirSync(join(folder, 'segments'))
    if (segments.length !== (compress ? 2 : 3)) throw new Error(`the sample log (${how}) has ${segments.length} segments`)
    if (compress && !segments.every((name) => readFileSync(join(pristine[how], 'segments', name)).includes(ZSTD_MAGIC))) {
      throw new Error(`not all segments of the sample log (${how}) are compressed`)
    }
  }
})
afterAll(() => rm(root, { recursive: true, force: true }))

interface Heard {
  readonly events: AnyEvent[]
  readonly damages: LogDamagedError[]
  readonly error: unknown
}

/** What a reader hears that goes on behind damage. */
async function heard(folder: string): Promise<Heard> {
  const events: AnyEvent[] = []
  const damages: LogDamagedError[] = []
  try {
    await using reader = await openFileLog(folder, sampleVocabulary)
    for await (const event of reader.read({ onDamage: (d) => void damages.push(d) })) events.push(event)
    await reader.attachments()
    await reader.attachment('raw')
    expect(reader.tornTail).toBeNull()
    return { events, damages, error: null }
  } catch (error) {
    return { events, damages, error }
  }
}

/** The same of its keyframes: one that is passed over is told, and what is found instead is right. */
async function heardOfKeyframes(folder: string): Promise<LogDamagedError[]> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect(await reader.keyframes(FOLD)).toStrictEqual(keyframes)
  const damages: LogDamagedError[] = []
  for (const at of keyframes) {
    const found = await reader.keyframe(FOLD, at, { onDamage: (d) => void damages.push(d) })
    if (found?.seq !== at && damages.length === 0) throw new Error(`keyframe ${at} is not found`)
    expect(found?.parts ?? null).toStrictEqual(found && partsAt(found.seq))
  }
  return damages
}

const files = ['log.json', 'attachments.json', 'attachments/raw', ...[1, 2, 3].map((n) => `segments/0000000${n}.seg`)]
for (const at of keyframes) files.unshift(`keyframes/${FOLD}/${keyframeName(at)}`)

// Only the last segment of an open log differs from a sealed one; only segments are compressed.
const flipped: readonly (readonly [keyof typeof pristine, readonly AnyEvent[], readonly string[]])[] = [
  ['sealed', few, files],
  ['open', few, files.slice(-1)],
  ['compressed', many, files.slice(-3, -2)],
  ['compressed and open', many, files.slice(-2, -1)],
]

for (const [how, events, names] of flipped) {
  for (const name of names) {
    test(`each flipped bit of ${name} (${how}) is found, named, and yields nothing false`, { timeout: 300_000 }, async () => {
      const folder = join(root, `${how}-${name.replaceAll('/', '-')}`)
      await cp(pristine[how], folder, { recursive: true })
      const path = join(folder, name)
      const bytes = readFileSync(path)
      const file = openSync(path, 'r+')
      expect(await heard(folder)).toStrictEqual({ events, damages: [], error: null })
      expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({
        isWhole: true,
        events: events.length,
        lastSeq: events.length - 1,
        damages: [],
      })
      let offset = 0
      for (const byte of bytes) {
        for (let bit = 1; bit < 256; bit <<= 1) {
          writeSync(file, Buffer.of(byte ^ bit), 0, 1, offset)
          const place = `byte ${offset} ^ ${bit}`
          const { events: seen, damages, error } = await heard(folder)
          if (name.startsWith('keyframes')) damages.push(...(await heardOfKeyframes(folder)))
          const found = [...damages, ...(error === null ? [] : [error])]
          if (found.length === 0) throw new Error(`${place} was not reported`)
          for (const damage of found) {
            if (!(damage instanceof LogDamagedError)) throw new Error(`${place} was not reported as damage`, { cause: damage })
            expect([place, damage.file]).toStrictEqual([place, path])
          }
          // One block at most, and what needs the strings that only it held: never anything else.
          expect(seen.every((event) => JSON.stringify(event, bigints) === texts.get(event.seq))).toBe(true)
          // Slower than reading, and for each bit of a byte the same code.
          const verified = bit > 1 || !(await verifyFileLog(folder, sampleVocabulary)).isWhole
          expect([place, verified]).toStrictEqual([place, true])
        }
        writeSync(file, Buffer.of(byte), 0, 1, offset)
        offset++
      }
      closeSync(file)
      expect([(await heard(folder)).damages, await heardOfKeyframes(folder)]).toStrictEqual([[], []])
    })
  }
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
const ordered = (event: AnyEvent): AnyEvent => {
  const { seq, entry, time, device, cpu, actor, cause, context, source, where, inferred, type, data } = event
  return {
    seq,
    entry,
    time,
    device,
    cpu,
    actor,
    cause,
    ...(context === undefined ? {} : { context }),
    ...(source === undefined ? {} : { source }),
    ...(where === undefined ? {} : { where }),
    ...(inferred === undefined ? {} : { inferred }),
    type,
    data,
  }
}
const texts = new Map(many.map((event) => [event.seq, JSON.stringify(ordered(event), bigints)]))

test('behind a damaged block of a sealed segment everything is read, for the index holds its strings, too', async () => {
  const folder = join(root, 'behind')
  await cp(pristine.sealed, folder, { recursive: true })
  const path = join(folder, 'segments/00000001.seg')
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.of(readFileSync(path)[100]! ^ 1), 0, 1, 100)
  closeSync(file)
  const { events: seen, damages } = await heard(folder)
  expect(damages).toHaveLength(1)
  expect(seen).toStrictEqual(few.slice(2))
  await using reader = await openFileLog(folder, sampleVocabulary)
  await expect(eventsOf(reader)).rejects.toThrow(/00000001\.seg: byte 64: expected a block, found a header with a wrong checksum/)
})

test('a damaged end is not written on; repair moves it aside, says what is lost, and the log goes on', async () => {
  const folder = join(root, 'repair-end')
  await cp(pristine.open, folder, { recursive: true })
  const path = join(folder, 'segments/00000003.seg')
  const size = statSync(path).size
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.of(readFileSync(path)[size - 3]! ^ 1), 0, 1, size - 3)
  closeSync(file)
  await expect(appendFileLog(folder, sampleVocabulary)).rejects.toThrow(LogDamagedError)
  expect(statSync(path).size).toBe(size)
  const repair = await repairFileLog(folder)
  expect([repair.lost.length, repair.rebuilt, repair.cutTail]).toStrictEqual([1, [], null])
  expect(readFileSync(repair.movedAside!.file)).toHaveLength(repair.movedAside!.bytes)
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect(writer.lastSeq).toBeLessThan(few.length - 1)
  await writer.append(few.slice(writer.lastSeq + 1))
  await writer.close()
  expect((await heard(folder)).events).toStrictEqual(few)
})

test('a damaged header, index or trailer is made anew, and nothing is lost', async () => {
  for (const [i, name] of ['00000001.seg', '00000003.seg'].entries()) {
    for (const place of [20, -3, -40]) {
      const folder = join(root, `repair-${i}-${place}`)
      await cp(pristine.sealed, folder, { recursive: true })
      const path = join(folder, 'segments', name)
      const bytes = readFileSync(path)
      const offset = place < 0 ? bytes.length + place : place
      const file = openSync(path, 'r+')
      writeSync(file, Buffer.of(bytes[offset]! ^ 8), 0, 1, offset)
      closeSync(file)
      const before = await verifyFileLog(folder, sampleVocabulary)
      expect([name, place, before.isWhole, before.events]).toStrictEqual([name, place, false, few.length])
      expect(await repairFileLog(folder)).toStrictEqual({
        cutTail: null,
        rebuilt: [path],
        movedAside: null,
        removedKeyframes: [],
        lost: [],
      })
      expect(await heard(folder)).toStrictEqual({ events: few, damages: [], error: null })
    }
  }
  expect(readdirSync(join(root, 'repair-0-20', 'lock'))).toStrictEqual([])
})

test('a segment that is gone is damage, and the rest is read', async () => {
  const folder = join(root, 'gone')
  await cp(pristine.sealed, folder, { recursive: true })
  await rm(join(folder, 'segments/00000002.seg'))
  const { events: seen, damages } = await heard(folder)
  expect(damages.map((d) => d.found)).toStrictEqual(['no such file'])
  expect(seen.length).toBeGreaterThan(6)
  expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(false)
})
