/**
 * A segment's file in a log on a disk in memory: opened, read in every way, verified, repaired, written on. With right
 * checksums over wrong content, and, damaged blindly, without.
 */
import { type Bytes, must, mustBeUnpolluted, mutated, Random, replaced, type Target, text } from '@devtrail/fuzz'
import { crc32, zstdCompressSync } from 'node:zlib'
import type { AnyEvent } from '@devtrail/events'
import { unpacked } from '../../src/codec/compression.ts'
import { FRAME_ALIGN, FRAME_BYTES, xorWith } from '../../src/codec/frame.ts'
import { SEGMENT_HEADER_BYTES, TRAILER_BYTES } from '../../src/codec/segment.ts'
import type { LogReader, ReadRange } from '../../src/contract.ts'
import { LogDamagedError } from '../../src/errors.ts'
import { sampleEvents, sampleMeta } from '../../src/samples.ts'
import { appendOn } from '../../src/file/append.ts'
import { createOn } from '../../src/file/create.ts'
import { readHead } from '../../src/file/head.ts'
import { openOn } from '../../src/file/open.ts'
import { repairOn } from '../../src/file/repair.ts'
import { placeOf, segmentPath } from '../../src/file/segment-file.ts'
import { verifyOn } from '../../src/file/verify.ts'
import { decompress } from '../../src/file/segment-file.ts'
import { randomEvents, vocabulary } from '../events.ts'
import { FlatDisk } from '../../src/file/flat-disk.test-support.ts'
import { mustBeAnEvent, mustBeForeseen, shown } from '../promises.ts'
import { isForged, piecesOf, reframed } from '../reframe.ts'

const FOLDER = '/log'
const small = { blockEvents: 4, segmentBytes: 1100 }
/** Blocks worth compressing. */
const large = { blockEvents: 30, segmentBytes: 1300 }

/** A whole log, of which the input stands for one segment. */
interface Log {
  readonly disk: FlatDisk
  readonly events: readonly AnyEvent[]
  readonly texts: readonly string[]
  readonly logId: Uint8Array
  readonly segments: number
}

async function makeLog(events: readonly AnyEvent[], isClosed: boolean, compress = false): Promise<Log> {
  const disk = new FlatDisk()
  const writer = await createOn(disk, FOLDER, sampleMeta(), vocabulary, { compress }, compress ? large : small)
  await writer.append(events.slice(0, -5))
  await writer.flush('durable')
  await writer.append(events.slice(-5))
  await writer.flush('written')
  const open = disk.copy()
  await writer.close()
  const log = isClosed ? disk : open
  for (const name of await log.list(`${FOLDER}/lock`)) await log.remove(`${FOLDER}/lock/${name}`)
  const { logId } = await readHead(log, FOLDER)
  const names = (await log.list(`${FOLDER}/segments`)).length
  return { disk: log, events, texts: events.map(text), logId, segments: names }
}

const logs = [
  await makeLog(sampleEvents(40, { baseline: 2 }), false),
  await makeLog(sampleEvents(40, { baseline: 2 }), true),
  await makeLog(randomEvents(new Random(2), 24, vocabulary, 3), true),
  await makeLog(sampleEvents(6), false),
  await makeLog(sampleEvents(100, { baseline: 2 }), true, true),
]

/** First byte: the log, the segment, and whether its checksums are made right. */
interface Choice {
  readonly log: Log
  readonly number: number
  readonly isForged: boolean
}

function choiceOf(byte: number): Choice {
  const choice = byte & 0x7f
  const log = logs[choice % logs.length]!
  return { log, number: 1 + (Math.floor(choice / logs.length) % log.segments), isForged: (byte & 0x80) !== 0 }
}

const pathOf = (number: number): string => segmentPath(FOLDER, number)

function seeds(): Bytes[] {
  const inputs: Bytes[] = []
  for (const [i, log] of logs.entries()) {
    for (let number = 1; number <= log.segments; number++) {
      for (const forged of [0, 0x80])
        inputs.push(replaced(log.disk.bytes(pathOf(number))!.slice(), 0, 0, [i + (number - 1) * logs.length + forged]))
    }
  }
  return inputs
}

/** What a compressed body was made of; null for one that is not compressed, or cannot be decompressed. */
function rawOf(file: Bytes, at: number, body: Bytes): Bytes | null {
  const size = new DataView(file.buffer, file.byteOffset + at).getUint32(44, true)
  if (size === 0 || size > 1 << 20) return null
  try {
    return unpacked(body, size, decompress)
  } catch {
    return null
  }
}

/** The same block with another body, compressed as its reader expects it. */
function withChangedRaw(file: Bytes, at: number, bytes: number, raw: Bytes): Bytes {
  const whole = new Uint8Array(Math.ceil((raw.length + 1) / FRAME_ALIGN) * FRAME_ALIGN)
  whole.set(raw)
  const frame = zstdCompressSync(whole)
  const stored = new Uint8Array(Math.ceil((frame.length + 1) / FRAME_ALIGN) * FRAME_ALIGN)
  stored.set(frame)
  stored[stored.length - 1] = stored.length - frame.length
  xorWith(stored, file[at + 21]!)
  const out = replaced(file, at + FRAME_BYTES, bytes, stored)
  const view = new DataView(out.buffer)
  view.setUint32(at + 12, stored.length, true)
  view.setUint32(at + 44, whole.length, true)
  return out
}

/** Changes the body of one block as its reader sees it, and moves what follows. */
function withChangedBody(file: Bytes, random: Random, other: Bytes): Bytes {
  const pieces = piecesOf(file)
  if (pieces.length === 0) return file
  const { at, bytes } = random.oneOf(pieces)
  const mask = file[at + 21]!
  const body = file.slice(at + FRAME_BYTES, at + FRAME_BYTES + bytes)
  xorWith(body, mask)
  const raw = rawOf(file, at, body)
  if (raw !== null && random.once(2)) return withChangedRaw(file, at, bytes, mutated(raw, random, other))
  let changed = mutated(body, random, other)
  if (random.once(2)) changed = changed.slice(0, bytes)
  const padded = new Uint8Array(Math.ceil(Math.max(changed.length, random.once(2) ? bytes : 0) / FRAME_ALIGN) * FRAME_ALIGN)
  padded.set(changed)
  xorWith(padded, mask)
  const out = replaced(file, at + FRAME_BYTES, bytes, padded)
  new DataView(out.buffer).setUint32(at + 12, padded.length, true)
  return out
}

/** Changes what a block's header says, but for where its body ends. */
function withChangedFrame(file: Bytes, random: Random): Bytes {
  const pieces = piecesOf(file)
  if (pieces.length === 0) return file
  const { at } = random.oneOf(pieces)
  const out = file.slice()
  const field = random.oneOf([16, 20, 21, 22, 24, 28, 32, 36, 40, 44])
  out[at + field] = random.once(2) ? out[at + field]! + random.oneOf([1, -1]) : random.below(256)
  return out
}

/** Leaves out, doubles or swaps blocks, or takes one from elsewhere. */
function withMovedBlocks(file: Bytes, random: Random, other: Bytes): Bytes {
  const pieces = piecesOf(file)
  const otherPieces = piecesOf(other)
  if (pieces.length === 0) return file
  const { at, bytes } = random.oneOf(pieces)
  const whole = FRAME_BYTES + bytes
  switch (random.below(4)) {
    case 0:
      return replaced(file, at, whole, [])
    case 1:
      return replaced(file, random.oneOf(pieces).at, 0, file.subarray(at, at + whole))
    case 2: {
      if (otherPieces.length === 0) return file
      const piece = random.oneOf(otherPieces)
      return replaced(file, at, random.once(2) ? whole : 0, other.subarray(piece.at, piece.at + FRAME_BYTES + piece.bytes))
    }
    default:
      // Without index and trailer, or without the trailer.
      return file.slice(0, random.once(2) ? at : Math.max(0, file.length - TRAILER_BYTES))
  }
}

/** What disks and people do: bits, bytes and sectors that changed, an end that is missing. */
function blind(file: Bytes, random: Random, other: Bytes): Bytes {
  let out = file
  for (let left = 1 + random.below(3); left > 0; left--) {
    const copy = out.slice()
    const at = random.below(copy.length)
    switch (random.below(6)) {
      case 0:
        copy[at]! ^= 1 << random.below(8)
        break
      case 1:
        copy.fill(random.below(256), at, at + 1 + random.below(64))
        break
      case 2:
        copy.fill(0, at - (at % 512), at - (at % 512) + 512)
        break
      case 3:
        if (at > 0) return copy.slice(0, at)
        break
      case 4: {
        const zeros = new Uint8Array(random.below(600))
        return replaced(copy, copy.length, 0, zeros)
      }
      default:
        out = mutated(copy, random, other)
        continue
    }
    out = copy
  }
  return out
}

function mutate(input: Bytes, random: Random, other: Bytes): Bytes {
  let file = input.slice(1)
  let choice = input[0]!
  if (random.once(16)) choice = random.below(256)
  for (let left = 1 + random.below(3); left > 0; left--) {
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        file = withChangedBody(file, random, other.slice(1))
        break
      case 4:
        file = withChangedFrame(file, random)
        break
      case 5:
        file = withMovedBlocks(file, random, other.slice(1))
        break
      case 6: {
        const header = mutated(file.slice(0, SEGMENT_HEADER_BYTES), random, other.slice(1, 1 + SEGMENT_HEADER_BYTES))
        file = replaced(file, 0, Math.min(file.length, SEGMENT_HEADER_BYTES), header.slice(0, SEGMENT_HEADER_BYTES))
        break
      }
      default:
        file = mutated(file, random, other.slice(1))
    }
  }
  if (random.once(2)) {
    // Blind damage of a log as it was written.
    const { log, number } = choiceOf(choice)
    choice &= 0x7f
    file = blind(log.disk.bytes(pathOf(number))!.slice(), random, other.slice(1))
  }
  return replaced(file, 0, 0, [choice])
}

interface Heard {
  readonly events: readonly AnyEvent[]
  readonly texts: readonly string[]
  readonly damages: readonly LogDamagedError[]
  /** Null: read to the end. */
  readonly error: unknown
}

async function heard(reader: LogReader, range: ReadRange = {}): Promise<Heard> {
  const events: AnyEvent[] = []
  const damages: LogDamagedError[] = []
  let error: unknown = null
  try {
    for await (const event of reader.read({ ...range, onDamage: (damage) => void damages.push(damage) })) events.push(event)
  } catch (e) {
    mustBeForeseen(e)
    error = e
  }
  return { events, texts: events.map(text), damages, error }
}

/** The same, by blocks; each event looked at twice while its block is at hand. */
async function textsByBlocks(reader: LogReader): Promise<string[]> {
  const texts: string[] = []
  for await (const block of reader.blocks({ onDamage: () => {} })) {
    for (let i = 0; i < block.count; i++) {
      let event: AnyEvent
      try {
        event = block.event(i)
      } catch (error) {
        mustBeForeseen(error)
        if (!(error instanceof LogDamagedError)) throw error
        continue
      }
      texts.push(text(event))
      must(text(shown(block.view(i))) === texts.at(-1), 'a view shows the same as the event')
    }
  }
  return texts
}

/** What is read of a disk from scratch; null when it cannot be opened. */
async function heardOf(disk: FlatDisk): Promise<Heard | null> {
  try {
    await using reader = await openOn(disk, FOLDER, vocabulary)
    return await heard(reader)
  } catch (error) {
    mustBeForeseen(error)
    return null
  }
}

const isPartOf = (part: readonly string[], whole: readonly string[]): boolean => {
  const left = new Map<string, number>()
  for (const t of whole) left.set(t, (left.get(t) ?? 0) + 1)
  return part.every((t) => {
    const n = left.get(t) ?? 0
    left.set(t, n - 1)
    return n > 0
  })
}

const ranges: readonly (readonly [string, ReadRange, (event: AnyEvent) => boolean])[] = [
  ['seq', { from: 5, to: 20 }, ({ seq }) => seq >= 5 && seq <= 20],
  ['entry', { fromEntry: 4, toEntry: 30 }, ({ entry }) => entry !== null && entry >= 4 && entry <= 30],
  ['time', { fromTime: 3_000_000, toTime: 15_000_000 }, ({ time }) => time >= 3_000_000 && time <= 15_000_000],
  ['device', { devices: [1, null] }, ({ device }) => device === 1 || device === null],
  ['type', { types: ['sample/said', 'every/kind'] }, ({ type }) => ['sample/said', 'every/kind'].includes(type)],
]

const sameTexts = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((t, i) => t === b[i])

/** Opens and reads all of it; null when that is refused. */
async function mustReadTrue(disk: FlatDisk, log: Log, forged: boolean): Promise<Heard | null> {
  const all = await heardOf(disk)
  if (all === null) return null
  for (const event of all.events) mustBeAnEvent(event, vocabulary)
  if (!forged) {
    must(isPartOf(all.texts, log.texts), 'an event that is read was written')
    const isReported = all.damages.length > 0 || all.error !== null
    must(isReported || sameTexts(all.texts, log.texts.slice(0, all.texts.length)), 'what is missing is reported')
  }
  return all
}

/** The other ways to read, which give no other events. */
async function mustReadTheSame(disk: FlatDisk, log: Log, all: Heard, forged: boolean, roll: number): Promise<void> {
  await using reader = await openOn(disk, FOLDER, vocabulary)
  must(sameTexts((await heard(reader)).texts, all.texts), 'read from another reader, a log gives the same events')
  if (all.error !== null) return
  must(sameTexts(await textsByBlocks(reader), all.texts), 'by blocks a log gives the same events')
  const [by, range, fits] = ranges[roll % ranges.length]!
  const part = await heard(reader, range)
  must(part.events.every(fits), `reading by ${by} gives only what was asked for`)
  must(isPartOf(part.texts, all.texts), `reading by ${by} gives no event that reading all does not`)
  if (forged || part.damages.length > 0 || part.error !== null || reader.lastSeq < log.events.at(-1)!.seq) return
  must(part.events.length === log.events.filter(fits).length, `reading by ${by} reports what it leaves out`)
}

async function mustVerify(disk: FlatDisk, all: Heard | null): Promise<void> {
  try {
    const { isWhole, damages, events } = await verifyOn(disk, FOLDER, vocabulary)
    must(isWhole === (damages.length === 0), 'whole is without damage')
    if (all === null) return must(!isWhole, 'a log that cannot be opened is not whole')
    // A forged block that says other than its events are is damage to verify alone; reading passes it over by that, or does not.
    const isMissaid = damages.some(({ expected }) => expected === 'a summary of its events')
    const isSame = isMissaid ? events <= all.events.length : events === all.events.length
    must(all.error !== null || isSame, 'verify reads the same events')
    must(!isWhole || (all.damages.length === 0 && all.error === null), 'verify finds what reading finds')
  } catch (error) {
    mustBeForeseen(error)
  }
}

async function mustRepair(disk: FlatDisk, before: Heard | null, forged: boolean): Promise<void> {
  try {
    await repairOn(disk, FOLDER)
  } catch (error) {
    mustBeForeseen(error)
    return
  }
  const after = await heardOf(disk)
  // Forged blocks may say of others what they like.
  if (forged) return
  if (before !== null) must(after !== null && isPartOf(before.texts, after.texts), 'repair takes no event away')
  const { cutTail, rebuilt, movedAside } = await repairOn(disk, FOLDER)
  must(cutTail === null && movedAside === null && rebuilt.length === 0, 'repaired once, there is nothing more to repair', {
    cutTail,
    movedAside,
    rebuilt,
  })
}

async function mustGoOn(disk: FlatDisk, forged: boolean, isRepaired: boolean): Promise<void> {
  const before = await heardOf(disk)
  try {
    const writer = await appendOn(disk, FOLDER, vocabulary, small)
    const { lastSeq } = writer
    await writer.append(sampleEvents(6).map((event, i) => ({ ...event, seq: lastSeq + 1 + i })))
    await writer.close()
  } catch (error) {
    mustBeForeseen(error, ['unsupported', 'bad-sequence'])
    const after = await heardOf(disk)
    must(sameTexts(after?.texts ?? [], before?.texts ?? []), 'a refusal to write changes nothing')
    must(forged || !isRepaired, 'a repaired log can be written on', error)
    return
  }
  const after = await heardOf(disk)
  must(forged || before === null || (after !== null && isPartOf(before.texts, after.texts)), 'writing on takes no event away')
}

/** The log that an input stands for. */
export function logOf(input: Bytes) {
  const { log, number, isForged: isMadeRight } = choiceOf(input[0]!)
  const place = placeOf(log.logId, number)
  const raw = input.slice(1)
  const file = isMadeRight ? reframed(raw, place) : raw
  const forged = isForged(file, log.disk.bytes(pathOf(number))!.slice(), place)
  const disk = log.disk.copy()
  disk.put(pathOf(number), file)
  return { disk, log, number, forged, file }
}

async function run(input: Bytes): Promise<void> {
  if (input.length < 1) return
  const { disk, log, forged } = logOf(input)
  const all = await mustReadTrue(disk, log, forged)
  // All of it for each input would take four times as long; of the inputs that come from one, each part sees some.
  const roll = crc32(input)
  const what = roll % 4
  if (what === 0 && all !== null) await mustReadTheSame(disk, log, all, forged, roll >>> 2)
  if (what === 1) await mustVerify(disk, all)
  if (what === 2) await mustGoOn(disk, forged, false)
  if (what === 3) {
    await mustRepair(disk, all, forged)
    await mustGoOn(disk, forged, true)
  }
  mustBeUnpolluted()
}

export const segmentTarget: Target = {
  name: 'segment',
  seeds: seeds(),
  bytesMax: 8 * 1024,
  budget: { steps: 100_000_000, bytes: 128 * 1024 * 1024 },
  mutate,
  run,
}
