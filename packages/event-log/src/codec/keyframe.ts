/**
 * A keyframe's file: 64 bytes of header, the bodies of the parts that changed, and a table of all parts, which says of
 * each in which file its bytes are. A part that did not change stays in the earlier file that it was written to, so that
 * one look at one table leads to all bytes. Every checksum starts from the log's identity, the fold and the `seq` of the
 * keyframe in whose file the bytes are: a file of another log, fold or `seq` is never taken for this one.
 */
import { isPartName } from '../keyframe.ts'
import { KEYFRAME_BYTES_MAX, KEYFRAME_PARTS_MAX, PART_BYTES_MAX } from '../limits.ts'
import { BrokenBlockError, ByteReader, ByteWriter } from './bytes.ts'
import type { Crc32 } from './crc32.ts'

export const KEYFRAME_HEADER_BYTES = 64
const MAGIC = 'KEYFRAME'
const VERSION = 1
/** Bytes of a table at most; more is damage, never an allocation. */
export const TABLE_BYTES_MAX = 16 * 1024 * 1024
/** Of one part in a table, at least. */
const ENTRY_BYTES_MIN = 9

/** Whose keyframe it is: what checksums start from. */
export interface KeyframePlace {
  /** 8 bytes that the log was given at its creation. */
  readonly logId: Uint8Array
  /** The checksum of the log's id and the fold's name. */
  readonly start: number
  readonly crc32: Crc32
}

/** Where a part's bytes are. */
export interface PartEntry {
  readonly name: string
  /** The `seq` of the keyframe whose file they are in. */
  readonly seq: number
  /** Byte of that file at which they start. */
  readonly offset: number
  /** As they are stored there. */
  readonly storedBytes: number
  /** Compressed with zstd. */
  readonly isPacked: boolean
  /** As they were handed in. */
  readonly bytes: number
  /** Of the stored bytes. */
  readonly crc: number
}

export interface KeyframeHeader {
  readonly seq: number
  /** Events of the log up to and with `seq`, the baseline included. */
  readonly events: number
  /** Parts in the table. */
  readonly parts: number
  readonly tableOffset: number
  readonly tableBytes: number
  readonly tableCrc: number
}

const encoder = new TextEncoder()

export function keyframePlace(logId: Uint8Array, fold: string, crc32: Crc32): KeyframePlace {
  return { logId, start: crc32(encoder.encode(fold), crc32(logId)), crc32 }
}

const seedBytes = new Uint8Array(8)
const seedView = new DataView(seedBytes.buffer)

/** The checksum of bytes in the file of the keyframe at `seq`. */
export function keyframeCrc({ start, crc32 }: KeyframePlace, seq: number, bytes: Uint8Array): number {
  seedView.setUint32(0, seq % 2 ** 32, true)
  seedView.setUint32(4, Math.floor(seq / 2 ** 32), true)
  return crc32(bytes, crc32(seedBytes, start))
}

/** The table of all parts, in the order of their names, for the keyframe at `seq`. */
export function keyframeTable(seq: number, parts: Iterable<PartEntry>): { readonly table: Uint8Array; readonly count: number } {
  const entries = [...parts].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const files = [...new Set(entries.map((e) => e.seq).filter((s) => s !== seq))].toSorted((a, b) => a - b)
  const numbers = new Map([[seq, 0], ...files.map((file, i) => [file, i + 1] as const)])
  const out = new ByteWriter(64 + entries.length * 32)
  out.varint(files.length)
  for (const [i, file] of files.entries()) out.varint(file - (files[i - 1] ?? 0))
  for (const { name, seq: file, offset, storedBytes, isPacked, bytes, crc } of entries) {
    out.string(name)
    out.varint(numbers.get(file)!)
    out.varint(offset)
    out.varint(storedBytes)
    out.u8(isPacked ? 1 : 0)
    if (isPacked) out.varint(bytes)
    out.u32(crc)
  }
  return { table: out.written(), count: entries.length }
}

export function keyframeHeader(
  place: KeyframePlace,
  header: Pick<KeyframeHeader, 'seq' | 'events' | 'parts' | 'tableOffset'>,
  table: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { seq, events, parts, tableOffset } = header
  const out = new ByteWriter(KEYFRAME_HEADER_BYTES)
  out.raw(encoder.encode(MAGIC))
  out.u16(VERSION)
  out.u16(0)
  out.u32(parts)
  out.raw(place.logId)
  out.u53(seq)
  out.u53(events)
  out.u32(tableOffset)
  out.u32(table.length)
  out.u32(keyframeCrc(place, seq, table))
  out.reserve(KEYFRAME_HEADER_BYTES - 4 - out.length)
  out.u32(keyframeCrc(place, seq, out.written()))
  return out.written()
}

/** What a file's first bytes say, or what is wrong with them, when it should be the keyframe at `seq`. */
export function readKeyframeHeader(bytes: Uint8Array, place: KeyframePlace, seq: number, fileBytes: number): KeyframeHeader | string {
  if (bytes.length < KEYFRAME_HEADER_BYTES) return `${bytes.length} bytes`
  const view = new DataView(bytes.buffer, bytes.byteOffset, KEYFRAME_HEADER_BYTES)
  const u53 = (at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
  if (view.getUint32(60, true) !== keyframeCrc(place, seq, bytes.subarray(0, 60))) return 'a header with a wrong checksum'
  const version = view.getUint16(8, true)
  if (version !== VERSION) return `a keyframe of version ${version}`
  const header: KeyframeHeader = {
    seq,
    events: u53(32),
    parts: view.getUint32(12, true),
    tableOffset: view.getUint32(40, true),
    tableBytes: view.getUint32(44, true),
    tableCrc: view.getUint32(48, true),
  }
  if (header.parts > KEYFRAME_PARTS_MAX) return `${header.parts} parts`
  if (header.tableBytes > TABLE_BYTES_MAX) return `a table of ${header.tableBytes} bytes`
  const end = header.tableOffset + header.tableBytes
  if (header.tableOffset < KEYFRAME_HEADER_BYTES || end !== fileBytes) return `a file of ${fileBytes} bytes that should have ${end}`
  return header
}

/** Whether these are the bytes of the table that the header tells of. */
export function isTable(bytes: Uint8Array, place: KeyframePlace, { seq, tableBytes, tableCrc }: KeyframeHeader): boolean {
  return bytes.length === tableBytes && keyframeCrc(place, seq, bytes) === tableCrc
}

/** The parts that a checked table lists, in the order of their names. @throws BrokenBlockError. */
export function readKeyframeTable(table: Uint8Array<ArrayBuffer>, { seq, parts, tableOffset }: KeyframeHeader): PartEntry[] {
  const input = new ByteReader(table)
  const files = readFiles(input, seq)
  if (parts * ENTRY_BYTES_MIN > input.left) throw new BrokenBlockError(`${parts} parts, more than there is room for`)
  const entries: PartEntry[] = []
  let [before, bytes, end] = ['', 0, KEYFRAME_HEADER_BYTES]
  for (let i = 0; i < parts; i++) {
    const entry = readEntry(input, files)
    if (!(entry.name > before)) throw new BrokenBlockError('parts that are not in the order of their names')
    before = entry.name
    bytes += entry.bytes
    if (bytes > KEYFRAME_BYTES_MAX) throw new BrokenBlockError(`parts of more than ${KEYFRAME_BYTES_MAX} bytes`)
    if (entry.seq === seq) {
      if (entry.offset !== end) throw new BrokenBlockError('parts that do not follow each other')
      end += entry.storedBytes
    }
    entries.push(entry)
  }
  if (end !== tableOffset) throw new BrokenBlockError('parts that end elsewhere than the table starts')
  if (input.left > 0) throw new BrokenBlockError(`${input.left} bytes behind the last part`)
  return entries
}

/** The keyframes that there are parts of: this one, then the earlier ones. */
function readFiles(input: ByteReader, seq: number): number[] {
  const files = [seq]
  const n = input.count(KEYFRAME_PARTS_MAX, 1, 'earlier keyframes')
  let earlier = 0
  for (let i = 0; i < n; i++) {
    const more = input.varint()
    earlier += more
    if (more === 0 || earlier >= seq) throw new BrokenBlockError(`a part of keyframe ${earlier}, which is not an earlier one`)
    files.push(earlier)
  }
  return files
}

function readEntry(input: ByteReader, files: readonly number[]): PartEntry {
  const name = input.string()
  if (!isPartName(name)) throw new BrokenBlockError('a name that is none of a part')
  const seq = files[input.varint()]
  if (seq === undefined) throw new BrokenBlockError(`part "${name}" in a file that is not listed`)
  const offset = input.varint()
  const storedBytes = input.varint()
  const kind = input.u8()
  if (kind > 1) throw new BrokenBlockError(`part "${name}" of kind ${kind}`)
  const bytes = kind === 1 ? input.varint() : storedBytes
  if (offset < KEYFRAME_HEADER_BYTES || offset + storedBytes > 2 ** 32 || storedBytes > PART_BYTES_MAX || bytes > PART_BYTES_MAX) {
    throw new BrokenBlockError(`part "${name}" with ${storedBytes} bytes at byte ${offset} and ${bytes} in all`)
  }
  const crc = input.take(4)
  return {
    name,
    seq,
    offset,
    storedBytes,
    isPacked: kind === 1,
    bytes,
    crc: new DataView(crc.buffer, crc.byteOffset, 4).getUint32(0, true),
  }
}
