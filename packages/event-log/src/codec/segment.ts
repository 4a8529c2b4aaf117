/** What a segment has beside its blocks: a header, and once it is sealed an index with a second copy of its dictionary. */
import { BrokenBlockError, ByteReader, ByteWriter } from './bytes.ts'
import type { Dictionary, DictionaryWriter } from './dictionary.ts'
import { FRAME_ALIGN, FRAME_BYTES, FRAME_VERSION, INDEX, bodyCrc, writeFrame, xorWith, type Frame, type Place } from './frame.ts'
import { readInts } from './read-ints.ts'
import { writeInts } from './write-ints.ts'
import type { Slab } from './slab.ts'
import { readSummary, type Summary } from './summary.ts'

export const SEGMENT_HEADER_BYTES = 64
export const TRAILER_BYTES = 24
/** Blocks of at most so many bytes end with a byte that tells them from one whose end was not written: behind them there may be space. */
export const SPACED_BYTES_MAX = 64 * 1024
/** The space laid out behind such blocks ends at a multiple of this. */
export const SPACE_ALIGN = 4096
/** Zeros at the end of a file that can be space, at most. */
export const SPACE_BYTES_MAX = 256 * 1024
/** Blocks of one segment at most. */
export const SEGMENT_BLOCKS_MAX = 65_536

const MAGIC = 'DEVTRAIL'
const TRAILER_MAGIC = 0x4e455444 // "DTEN"

/** What comes before a segment. */
export interface SegmentStart {
  /** Events of the log before this segment, the baseline included. */
  readonly firstIndex: number
  /** `seq` of the last of them; 0 when there is none. */
  readonly lastSeq: number
}

/** A block of events, as its header and summary tell, or as the index does. */
export interface BlockInfo extends Summary {
  /** Byte of the segment at which it starts. */
  readonly offset: number
  /** Header and body. */
  readonly bytes: number
  readonly count: number
  readonly firstIndex: number
  readonly lastSeq: number
}

/** `seq` of a block's first event. */
export function firstSeqOf({ lastSeq, count }: { readonly lastSeq: number; readonly count: number }): number {
  return Math.max(0, lastSeq - count + 1)
}

function crcAt(place: Place, offset: number, bytes: Uint8Array): number {
  return bodyCrc(place, offset, bytes)
}

export function segmentHeader(place: Place, { firstIndex, lastSeq }: SegmentStart): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(SEGMENT_HEADER_BYTES)
  for (const c of MAGIC) out.u8(c.charCodeAt(0))
  out.u16(FRAME_VERSION)
  out.u16(0)
  out.u32(place.segment)
  out.raw(place.logId)
  out.u53(firstIndex)
  out.u53(lastSeq)
  out.reserve(SEGMENT_HEADER_BYTES - 4 - out.length)
  out.u32(crcAt(place, 0, out.written()))
  return out.written()
}

/** What a segment's first bytes say, or what is wrong with them. */
export function readSegmentHeader(bytes: Uint8Array, place: Place): SegmentStart | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return `${bytes.length} bytes`
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES)
  if (view.getUint32(60, true) !== crcAt(place, 0, bytes.subarray(0, 60))) return 'a wrong checksum'
  const u53 = (at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
  const start = { firstIndex: u53(24), lastSeq: u53(32) }
  return Number.isSafeInteger(start.firstIndex) && Number.isSafeInteger(start.lastSeq) ? start : 'numbers past 2^53'
}

/** What a block's header says beside where it stands and how its body is stored. */
export type About = Pick<Frame, 'kind' | 'count' | 'firstIndex' | 'lastSeq' | 'synced'> & {
  /** Bytes of the body that `packed` made this one of; 0 (default): it is not compressed. */
  readonly rawBytes?: number
}

/** Wraps a body in a block that starts at byte `offset` of its segment. @param slab where the block may lie with others. */
export function frameBlock(body: Uint8Array, place: Place, offset: number, about: About, slab?: Slab): Uint8Array<ArrayBuffer> {
  const bytes = FRAME_BYTES + body.length
  const block = slab === undefined ? new Uint8Array(bytes) : slab.take(bytes)
  const mask = maskFor(body, offset + FRAME_BYTES)
  const stored = block.subarray(FRAME_BYTES)
  stored.set(body)
  xorWith(stored, mask)
  const { kind, count, firstIndex, lastSeq, synced, rawBytes = 0 } = about
  const crc = bodyCrc(place, offset, stored)
  writeFrame(block, place, offset, { kind, bodyBytes: body.length, rawBytes, bodyCrc: crc, mask, count, firstIndex, lastSeq, synced })
  return block
}

const SECTOR = 512

/** Where the sector ends in a run of bytes from byte `offset` of a file on that its place `at` lies in, or the run. */
function endOfSector(bytes: Uint8Array, offset: number, at: number): number {
  return Math.min(bytes.length, at + SECTOR - ((offset + at) % SECTOR))
}

/** Whether all of some bytes from `at` up to `end` are the same as the first. */
function isConstant(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]!
  let same = at + 1
  while (same < end && bytes[same] === first) same++
  return same === end
}

/** Whether some sector of these bytes, or the part of it that is among them, is all zero, which no block ever is: it was never written. */
export function hasUnwrittenSector(bytes: Uint8Array, offset: number): boolean {
  for (let at = 0; at < bytes.length; at = endOfSector(bytes, offset, at)) {
    if (bytes[at] === 0 && isConstant(bytes, at, endOfSector(bytes, offset, at))) return true
  }
  return false
}

/** Whether a byte has two bits or more, so that no flipped bit makes it zero. */
function hasTwoBits(byte: number): boolean {
  return (byte & (byte - 1)) !== 0
}

/**
 * What to xor a body with so that no sector of it is all zero, and that a block behind which there may be zeros ends with what
 * is surely none; 0 where there is no need.
 */
function maskFor(body: Uint8Array, offset: number): number {
  const last = FRAME_BYTES + body.length > SPACED_BYTES_MAX ? 0xff : (body.at(-1) ?? 0xff)
  if (hasTwoBits(last) && !hasUnwrittenSector(body, offset)) return 0
  const constants = new Set<number>()
  for (let at = 0; at < body.length; at = endOfSector(body, offset, at)) {
    if (isConstant(body, at, endOfSector(body, offset, at))) constants.add(body[at]!)
  }
  for (let mask = 0xa5; mask < 0xa5 + 255; mask++) {
    if ((mask & 0xff) !== 0 && !constants.has(mask & 0xff) && hasTwoBits((last ^ mask) & 0xff)) return mask & 0xff
  }
  return 0
}

function column(out: ByteWriter, blocks: readonly BlockInfo[], of: (block: BlockInfo) => number): void {
  const values = new Float64Array(blocks.length)
  for (let i = 0; i < values.length; i++) values[i] = of(blocks[i]!)
  writeInts(out, values, values.length)
}

/** The index block of a segment and the trailer behind it, to be written at byte `offset`. */
export function sealSegment(
  blocks: readonly BlockInfo[],
  dictionary: DictionaryWriter,
  place: Place,
  offset: number,
  end: SegmentStart & { readonly synced: number },
): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter(4096)
  const entries = new ByteWriter(1024)
  dictionary.writeAll(entries)
  body.varint(entries.length)
  body.raw(entries.written())
  body.varint(blocks.length)
  column(body, blocks, (b) => b.offset)
  column(body, blocks, (b) => b.bytes)
  column(body, blocks, (b) => b.count)
  column(body, blocks, (b) => b.firstIndex)
  column(body, blocks, (b) => b.lastSeq)
  column(body, blocks, (b) => b.minTime)
  column(body, blocks, (b) => b.maxTime)
  column(body, blocks, (b) => b.entries?.first ?? Number.NaN)
  column(body, blocks, (b) => b.entries?.last ?? Number.NaN)
  column(body, blocks, (b) => b.deviceMask)
  column(body, blocks, (b) => b.typeMask)
  body.align(FRAME_ALIGN)
  const about = { kind: INDEX, count: 0, firstIndex: end.firstIndex, lastSeq: end.lastSeq, synced: end.synced }
  const block = frameBlock(body.written(), place, offset, about)
  const out = new ByteWriter(block.length + TRAILER_BYTES)
  out.raw(block)
  out.raw(trailer(place, offset, block.length))
  return out.written()
}

function trailer(place: Place, indexOffset: number, indexBytes: number): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(TRAILER_BYTES)
  out.u32(TRAILER_MAGIC)
  out.u32(indexOffset)
  out.u32(indexBytes)
  out.u32(0)
  out.u32(0)
  out.u32(crcAt(place, indexOffset + indexBytes, out.written()))
  return out.written()
}

/** Where the index is, from a segment's last bytes, which start at byte `offset`; null when they are no trailer. */
export function readTrailer(bytes: Uint8Array, place: Place, offset: number): { readonly offset: number; readonly bytes: number } | null {
  if (bytes.length !== TRAILER_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, TRAILER_BYTES)
  const index = { offset: view.getUint32(4, true), bytes: view.getUint32(8, true) }
  if (view.getUint32(0, true) !== TRAILER_MAGIC || index.offset + index.bytes !== offset) return null
  return view.getUint32(20, true) === crcAt(place, offset, bytes.subarray(0, 20)) ? index : null
}

/** The blocks that a checked index lists; its dictionary is taken in. @throws BrokenBlockError. */
export function readIndex(body: Uint8Array<ArrayBuffer>, dictionary: Dictionary, place: Place, indexOffset: number): BlockInfo[] {
  const input = new ByteReader(body)
  const length = input.varint()
  const start = input.at
  input.take(length)
  dictionary.add(new ByteReader(body, start, start + length))
  const n = input.varint()
  if (n > SEGMENT_BLOCKS_MAX) throw new BrokenBlockError(`${n} blocks in segment ${place.segment}`)
  const [offset, bytes, count, firstIndex, lastSeq, minTime, maxTime, firstEntry, lastEntry, devices, types] = Array.from(
    { length: 11 },
    () => readInts(input, n),
  ) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const blocks: BlockInfo[] = []
  let end = SEGMENT_HEADER_BYTES
  for (let i = 0; i < n; i++) {
    if (offset[i] !== end || !(bytes[i]! > FRAME_BYTES)) throw new BrokenBlockError('blocks that do not follow each other')
    end += bytes[i]!
    const first = firstEntry[i]!
    blocks.push({
      offset: offset[i]!,
      bytes: bytes[i]!,
      count: count[i]!,
      firstIndex: firstIndex[i]!,
      lastSeq: lastSeq[i]!,
      minTime: minTime[i]!,
      maxTime: maxTime[i]!,
      entries: Number.isNaN(first) ? null : { first, last: lastEntry[i]! },
      deviceMask: devices[i]!,
      typeMask: types[i]!,
    })
  }
  if (end !== indexOffset) throw new BrokenBlockError('blocks that end elsewhere than the index starts')
  return blocks
}

/** The summary of a block of events, and what it adds to the dictionary. @throws BrokenBlockError. */
export function readBlockStart(body: Uint8Array<ArrayBuffer>, dictionary: Dictionary): Summary {
  const input = new ByteReader(body)
  const summary = readSummary(input)
  const length = input.varint()
  const start = input.at
  input.take(length)
  dictionary.add(new ByteReader(body, start, start + length))
  return summary
}
