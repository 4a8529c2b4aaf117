/// <reference lib="esnext.disposable" />
import { closeSync, openSync, readFileSync, readdirSync, statSync, writeSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import type { ReadRange } from '../contract.ts'
import { LogDamagedError } from '../errors.ts'
import { appendFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { expectSame } from './same.test-support.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { FlatDisk } from './flat-disk.test-support.ts'
import { keyframeName } from './layout.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { withoutSpace } from './left-open.test-support.ts'
import { openOn } from './open.ts'
import { verifyOn } from './verify.ts'

const few = sampleEvents(11, { baseline: 1 })
const many = sampleEvents(99, { baseline: 1 })
// The second has parts in the file of the first.
const keyframes = [3, 8]
const attached = new Uint8Array([1, 2, 3, 0, 255])
// Three segments with a few blocks each: two sealed by rolling, one by closing or not at all.
const sizes = { blockEvents: 2, segmentBytes: 600 }

// Two segments with a few larger ones, which are worth compressing; the last one gone on with or not.
const largerSizes = { blockEvents: 40, segmentBytes: 1300 }

/** Whether some block is of the version of compressed ones. */
function hasCompressedBlock(segment: Buffer): boolean {
  for (let at = segment.indexOf('DTBK'); at >= 0; at = segment.indexOf('DTBK', at + 1)) if (segment.readUInt16LE(at + 22) === 3) return true
  return false
}

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
    if (compress && !segments.every((name) => hasCompressedBlock(readFileSync(join(pristine[how], 'segments', name))))) {
      throw new Error(`not all segments of the sample log (${how}) are compressed`)
    }
  }
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** What a reader hears that goes on behind damage. */
interface Heard {
  readonly events: readonly AnyEvent[]
  readonly damages: readonly LogDamagedError[]
  readonly error: unknown
}

async function heard(disk: Disk, folder: string, range: ReadRange = {}): Promise<Heard> {
  const events: AnyEvent[] = []
  const damages: LogDamagedError[] = []
  const onDamage = (damage: LogDamagedError): void => void damages.push(damage)
  try {
    await using reader = await openOn(disk, folder, sampleVocabulary)
    for await (const event of reader.read({ ...range, onDamage })) events.push(event)
    expect(reader.tornTail).toBeNull()
    return { events, damages, error: null }
  } catch (error) {
    return { events, damages, error }
  }
}

/** The same of what lies beside the events: a keyframe that is passed over is told, and what is found instead is right. */
async function heardBeside(disk: Disk, folder: string): Promise<unknown[]> {
  const damages: unknown[] = []
  try {
    await using reader = await openOn(disk, folder, sampleVocabulary)
    expectSame(await reader.keyframes(FOLD), keyframes)
    for (const at of keyframes) {
      const found = await reader.keyframe(FOLD, at, { onDamage: (d) => void damages.push(d) })
      if (found?.seq !== at && damages.length === 0) throw new Error(`keyframe ${at} is not found`)
      expectSame(found?.parts ?? null, found && partsAt(found.seq))
    }
    expectSame(await reader.attachments(), [{ name: 'raw', bytes: attached.length }])
    expectSame(await reader.attachment('raw'), attached)
  } catch (error) {
    damages.push(error)
  }
  return damages
}

type Range = readonly [range: ReadRange, fits: (event: AnyEvent) => boolean]

const ranges: readonly Range[] = [
  [{ from: 5, to: 8 }, ({ seq }) => seq >= 5 && seq <= 8],
  [{ to: 2 }, ({ seq }) => seq <= 2],
  [{ fromEntry: 6, toEntry: 19 }, ({ entry }) => entry !== null && entry >= 6 && entry <= 19],
  [{ fromTime: 2_000_001, toTime: 7_000_001 }, ({ time }) => time >= 2_000_001 && time <= 7_000_001],
  [{ fromTime: 9_000_000 }, ({ time }) => time >= 9_000_000],
  [{ devices: [2] }, ({ device }) => device === 2],
  [{ devices: [null] }, ({ device }) => device === null],
  [{ types: ['sample/said'] }, ({ type }) => type === 'sample/said'],
]

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

const texts = new WeakMap<AnyEvent, string>()

/** The same text for the same event. */
function textOf(event: AnyEvent): string {
  let text = texts.get(event)
  if (text === undefined) texts.set(event, (text = JSON.stringify(ordered(event), bigints)))
  return text
}

/** Whether all of `part` is in `whole`, in its order. */
function isWithin(part: readonly AnyEvent[], whole: readonly AnyEvent[]): boolean {
  let next = 0
  return part.every((event) => {
    const text = textOf(event)
    while (next < whole.length && textOf(whole[next]!) !== text) next++
    return next++ < whole.length
  })
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

/** `expect` of each bit would take longer than reading. */
function must(holds: boolean, what: string, found?: unknown): void {
  if (!holds) throw new Error(what, { cause: found })
}

/** What must be so when one bit of the file at `path` is another. */
async function expectFound(disk: Disk, folder: string, path: string, events: readonly AnyEvent[], [range, fits]: Range): Promise<void> {
  const all = await heard(disk, folder)
  const part = await heard(disk, folder, range)
  // No segment holds anything of them.
  const beside = path.endsWith('.seg') ? [] : await heardBeside(disk, folder)
  const { isWhole, damages, tornTail } = await verifyOn(disk, folder, sampleVocabulary)
  const told: unknown[] = [...all.damages, ...part.damages, ...beside, ...damages]
  for (const { error } of [all, part]) if (error !== null) told.push(error)
  must(all.damages.length > 0 || all.error !== null || beside.length > 0, 'it is reported')
  must(!isWhole && tornTail === null, 'verify finds it')
  for (const damage of told)
    must(damage instanceof LogDamagedError && damage.file === path, 'it is reported as damage of that file', damage)
  for (const [{ events: seen, damages, error }, expected] of [
    [all, events],
    [part, events.filter(fits)],
  ] as const) {
    must(isWithin(seen, expected), 'every event that is read is right', seen)
    must(damages.length > 0 || error !== null || seen.length === expected.length, 'what is not read is reported')
  }
}

async function expectWhole(disk: Disk, folder: string, events: readonly AnyEvent[]): Promise<void> {
  expect([await heard(disk, folder), await heardBeside(disk, folder)]).toStrictEqual([{ events, damages: [], error: null }, []])
  expect(await verifyOn(disk, folder, sampleVocabulary)).toMatchObject({
    isWhole: true,
    events: events.length,
    lastSeq: events.length - 1,
    damages: [],
  })
}

// Of what is compressed, which takes longer, each byte has two of its bits flipped: nothing tells its bits apart before its checksum does.
const bitsOf = (how: string, offset: number): readonly number[] =>
  how.startsWith('compressed') ? [offset % 8, (offset + 5) % 8] : [0, 1, 2, 3, 4, 5, 6, 7]

/** Each byte; of the space behind the last block, which all looks the same, some. */
function* offsetsOf(bytes: Uint8Array): Generator<number> {
  const end = withoutSpace(bytes).length
  for (let offset = 0; offset < bytes.length; offset += offset < end + 8 ? 1 : 61) yield offset
}

for (const [how, events, names] of flipped) {
  for (const name of names) {
    const which = how.startsWith('compressed') ? 'two flipped bits of each byte' : 'each flipped bit'
    test(`${which} of ${name} (${how}) is found, named, and yields nothing false`, { timeout: 300_000 }, async () => {
      const disk = FlatDisk.of(pristine[how], '/log')
      const path = join('/log', name)
      await expectWhole(disk, '/log', events)
      const bytes = disk.bytes(path)!
      for (const offset of offsetsOf(bytes)) {
        for (const bit of bitsOf(how, offset)) {
          const damaged = bytes.slice()
          damaged[offset]! ^= 1 << bit
          disk.put(path, damaged)
          // Each bit of a byte is read by another range, too.
          await expectFound(disk, '/log', path, events, ranges[bit]!).catch((error: unknown) => {
            throw new Error(`byte ${offset}, bit ${bit}`, { cause: error })
          })
        }
      }
    })
  }
}

test('the same on real files, a bit of some bytes of each', { timeout: 300_000 }, async () => {
  for (const [how, events, names] of flipped) {
    for (const name of names) {
      const folder = join(root, `${how}-${name.replaceAll('/', '-')}`)
      await cp(pristine[how], folder, { recursive: true })
      const path = join(folder, name)
      const bytes = readFileSync(path)
      for (const offset of Array.from(offsetsOf(bytes)).filter((_, i) => i % 13 === 0)) {
        const damaged = Uint8Array.from(bytes)
        damaged[offset]! ^= 1 << (offset % 8)
        await writeFile(path, damaged)
        await expectFound(nodeDisk, folder, path, events, ranges[offset % 8]!).catch((error: unknown) => {
          throw new Error(`${name} (${how}), byte ${offset}`, { cause: error })
        })
      }
      await writeFile(path, bytes)
      await expectWhole(nodeDisk, folder, events)
    }
  }
})

test('behind a damaged block of a sealed segment everything is read, for the index holds its strings, too', async () => {
  const folder = join(root, 'behind')
  await cp(pristine.sealed, folder, { recursive: true })
  const path = join(folder, 'segments/00000001.seg')
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.of(readFileSync(path)[100]! ^ 1), 0, 1, 100)
  closeSync(file)
  const { events: seen, damages } = await heard(nodeDisk, folder)
  expect(damages).toHaveLength(1)
  expect(seen).toStrictEqual(few.slice(2))
  await using reader = await openFileLog(folder, sampleVocabulary)
  await expect(eventsOf(reader)).rejects.toThrow(/00000001\.seg: byte 64: expected a block, found a header with a wrong checksum/)
})

test('a damaged end is not written on; repair moves it aside, says what is lost, and the log goes on', async () => {
  const folder = join(root, 'repair-end')
  await cp(pristine.open, folder, { recursive: true })
  const path = join(folder, 'segments/00000003.seg')
  const { size } = statSync(path)
  const at = withoutSpace(readFileSync(path)).length - 3
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.of(readFileSync(path)[at]! ^ 1), 0, 1, at)
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
  expect((await heard(nodeDisk, folder)).events).toStrictEqual(few)
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
      expect(await heard(nodeDisk, folder)).toStrictEqual({ events: few, damages: [], error: null })
    }
  }
  expect(readdirSync(join(root, 'repair-0-20', 'lock'))).toStrictEqual([])
})

test('a segment that is gone is damage, and the rest is read', async () => {
  const folder = join(root, 'gone')
  await cp(pristine.sealed, folder, { recursive: true })
  await rm(join(folder, 'segments/00000002.seg'))
  const { events: seen, damages } = await heard(nodeDisk, folder)
  expect(damages.map((d) => d.found)).toStrictEqual(['no such file'])
  expect(seen.length).toBeGreaterThan(6)
  expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(false)
})
