/**
 * A keyframe's file in a log that has some, each with changes since the one before, with and without right checksums: looked
 * for, verified, repaired, and added to.
 */
import { type Bytes, must, mustBeUnpolluted, mutated, type Random, replaced, type Target, text } from '@devtrail/fuzz'
import { crc32 } from 'node:zlib'
import {
  KEYFRAME_HEADER_BYTES,
  keyframeCrc,
  keyframePlace,
  keyframeTable,
  readKeyframeTable,
  type KeyframePlace,
  type PartEntry,
} from '../../src/codec/keyframe.ts'
import { appendOn } from '../../src/file/append.ts'
import { createOn } from '../../src/file/create.ts'
import { FOLD, changesAt, partsAt } from '../../src/file/keyframes.test-support.ts'
import { readHead } from '../../src/file/head.ts'
import { openOn } from '../../src/file/open.ts'
import { repairOn } from '../../src/file/repair.ts'
import { verifyOn } from '../../src/file/verify.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../../src/samples.ts'
import { FlatDisk } from '../../src/file/flat-disk.test-support.ts'
import { mustBeForeseen } from '../promises.ts'

const FOLDER = '/log'
const LAST = 60
const SEQS = [10, 20, 45] as const

const pristine = new FlatDisk()
{
  const writer = await createOn(pristine, FOLDER, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(LAST))
  for (const [i, seq] of SEQS.entries()) await writer.keyframe(FOLD, changesAt(seq, SEQS[i - 1] ?? null))
  await writer.close()
}
const { logId } = await readHead(pristine, FOLDER)
const place: KeyframePlace = keyframePlace(logId, FOLD, crc32)
const files = (await pristine.list(`${FOLDER}/keyframes/${FOLD}`)).toSorted().map((name) => `${FOLDER}/keyframes/${FOLD}/${name}`)

/** First byte: which file, and whether its checksums are made right. */
const fileOf = (choice: number): number => (choice & 0x7f) % files.length
const isMadeRight = (choice: number): boolean => (choice & 0x80) !== 0

const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

interface Table {
  readonly offset: number
  readonly entries: readonly PartEntry[]
}

/** The table, if there is one that can be read, whatever its checksum. */
function tableOf(file: Bytes, seq: number): Table | null {
  if (file.length < KEYFRAME_HEADER_BYTES) return null
  const view = viewOf(file)
  const offset = view.getUint32(40, true)
  if (offset < KEYFRAME_HEADER_BYTES || offset > file.length) return null
  const header = { seq, events: 0, parts: view.getUint32(12, true), tableOffset: offset, tableBytes: file.length - offset, tableCrc: 0 }
  try {
    return { offset, entries: readKeyframeTable(file.slice(offset), header) }
  } catch {
    return null
  }
}

/** The file with another table. */
function withTable(file: Bytes, seq: number, offset: number, entries: readonly PartEntry[]): Bytes {
  const { table, count } = keyframeTable(seq, entries)
  const out = replaced(file, offset, file.length, table)
  const view = viewOf(out)
  view.setUint32(12, count, true)
  view.setUint32(44, table.length, true)
  return out
}

/** A copy with every checksum right. */
function madeRight(file: Bytes, seq: number): Bytes {
  const table = tableOf(file, seq)
  let out = file.slice()
  if (table !== null) {
    const entries = table.entries.map((entry) =>
      entry.seq === seq ? { ...entry, crc: keyframeCrc(place, seq, file.subarray(entry.offset, entry.offset + entry.storedBytes)) } : entry,
    )
    out = withTable(file, seq, table.offset, entries)
  }
  if (out.length < KEYFRAME_HEADER_BYTES) return out
  const view = viewOf(out)
  const start = Math.min(view.getUint32(40, true), out.length)
  view.setUint32(48, keyframeCrc(place, seq, out.subarray(start, Math.min(out.length, start + view.getUint32(44, true)))), true)
  view.setUint32(60, keyframeCrc(place, seq, out.subarray(0, 60)), true)
  return out
}

const NUMBERS = [0, 1, 63, 64, 65, 100, 5000, 2 ** 26, 2 ** 26 + 1, 2 ** 30, 2 ** 32, 2 ** 53 - 1]

function withChangedEntry(file: Bytes, seq: number, random: Random): Bytes {
  const table = tableOf(file, seq)
  if (table === null || table.entries.length === 0) return file
  const entries = [...table.entries]
  const i = random.below(entries.length)
  const entry = entries[i]!
  const number = random.once(2) ? random.oneOf(NUMBERS) : Math.max(0, entry.offset + random.below(9) - 4)
  const change: Partial<PartEntry> = random.oneOf<Partial<PartEntry>>([
    { offset: number },
    { storedBytes: number },
    { bytes: number },
    { isPacked: !entry.isPacked },
    { seq: random.oneOf([...SEQS, 1, 15]) },
    { name: random.oneOf(['a', 'zzz', '__proto__', 'x'.repeat(129), entries[random.below(entries.length)]!.name]) },
    { crc: random.below(2 ** 32) },
  ])
  if (random.once(6)) entries.splice(i, 1)
  else entries[i] = { ...entry, ...change }
  return withTable(file, seq, table.offset, entries)
}

function mutate(input: Bytes, random: Random, other: Bytes): Bytes {
  const choice = random.once(8) ? random.below(256) : input[0]!
  const seq = SEQS[fileOf(choice)]!
  let file = random.once(8) ? pristine.bytes(files[fileOf(choice)]!)!.slice() : input.slice(1)
  for (let left = 1 + random.below(3); left > 0; left--) {
    const table = tableOf(file, seq)
    const what = table === null ? 0 : random.below(4)
    if (what >= 2) file = withChangedEntry(file, seq, random)
    else if (what === 1) {
      // What is compressed, and what is not.
      const length = table!.offset - KEYFRAME_HEADER_BYTES
      const body = mutated(file.slice(KEYFRAME_HEADER_BYTES, table!.offset), random, other).slice(0, length)
      file = replaced(file, KEYFRAME_HEADER_BYTES, body.length, body)
    } else file = mutated(file, random, other.slice(1))
  }
  return replaced(file, 0, 0, [choice])
}

const foreseen = ['unsupported', 'not-found', 'exists', 'bad-range', 'bad-keyframe'] as const

const asText = (parts: ReadonlyMap<string, Uint8Array>): string =>
  text([...parts].map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]))

async function mustFindTrue(disk: FlatDisk, isForged: boolean): Promise<void> {
  await using reader = await openOn(disk, FOLDER, sampleVocabulary)
  must(reader.lastSeq === LAST, 'no keyframe takes an event away')
  for (const atOrBefore of [Infinity, 44, 5]) {
    const damages: unknown[] = []
    const found = await reader.keyframe(FOLD, atOrBefore, { onDamage: (damage) => damages.push(damage) })
    if (found === null) continue
    must(found.seq <= atOrBefore, 'a keyframe is at or before the seq that was asked for')
    must(Object.getPrototypeOf(found.parts) === Map.prototype, 'parts are a map')
    if (!isForged) {
      must(asText(found.parts) === asText(partsAt(found.seq)), 'a keyframe that is found is as it was stored')
      must(damages.length > 0 || found.seq === SEQS.findLast((seq) => seq <= atOrBefore), 'a keyframe that is passed over is reported')
    }
  }
}

async function run(input: Bytes): Promise<void> {
  if (input.length < 1) return
  const choice = input[0]!
  const number = fileOf(choice)
  const disk = pristine.copy()
  const isForged = isMadeRight(choice)
  disk.put(files[number]!, isForged ? madeRight(input.slice(1), SEQS[number]!) : input.slice(1))
  await mustFindTrue(disk, isForged)
  const { isWhole, events } = await verifyOn(disk, FOLDER, sampleVocabulary)
  must(events === LAST, 'no keyframe takes an event away')
  must(isWhole || (await repairOn(disk, FOLDER)).removedKeyframes.length > 0, 'a damaged keyframe is removed by repair')
  const after = await verifyOn(disk, FOLDER, sampleVocabulary)
  must(after.isWhole, 'after repair a log with damaged keyframes is whole', after.damages.map(String))
  try {
    await using writer = await appendOn(disk, FOLDER, sampleVocabulary)
    await writer.keyframe(FOLD, changesAt(50, SEQS[number]!))
  } catch (error) {
    mustBeForeseen(error, foreseen)
  }
  mustBeUnpolluted()
}

export const keyframeTarget: Target = {
  name: 'keyframe',
  seeds: files.flatMap((path, i) => [i, 0x80 + i].map((choice) => replaced(pristine.bytes(path)!.slice(), 0, 0, [choice]))),
  bytesMax: 16 * 1024,
  budget: { steps: 10_000_000, bytes: 160 * 1024 * 1024 },
  mutate,
  run,
}
