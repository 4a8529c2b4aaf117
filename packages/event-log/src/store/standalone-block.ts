/**
 * Blocks that stand alone, for stores that keep each as a message or a record of its own: the same bytes as in a segment, but
 * with all the strings and types that the block needs. Checksums start from the log's id and the block's number.
 */
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from '../codec/block-builder.ts'
import { BlockReader } from '../codec/block-reader.ts'
import { BrokenBlockError, ByteWriter } from '../codec/bytes.ts'
import { packed, unpacked } from '../codec/compression.ts'
import type { Decompress } from '../codec/decompress.ts'
import type { ColumnPool } from '../codec/column-pool.ts'
import type { Crc32 } from '../codec/crc32.ts'
import { Dictionary } from '../codec/dictionary.ts'
import type { EventViews } from '../codec/event-view.ts'
import { EVENTS, FRAME_BYTES, bodyCrc, readFrame, xorWith, type Place } from '../codec/frame.ts'
import { frameBlock } from '../codec/segment.ts'
import type { Summary } from '../codec/summary.ts'
import type { Fault, LogDamagedError } from '../errors.ts'
import { CAUSES_MAX, IO_BYTES } from '../limits.ts'

/** Events of a block at most. */
const BLOCK_EVENTS = 4096

/** Which block of a log. */
export interface BlockPlace {
  /** 8 bytes that the log was given at its creation. */
  readonly logId: Uint8Array
  /** Number of the block, from 1. */
  readonly number: number
  readonly crc32: Crc32
}

/** What is told of a block beside its bytes, so that it can be passed over unread. */
export interface StandaloneInfo extends Omit<Summary, 'typeMask'> {
  readonly count: number
  /** Events of the log before this block, the baseline included. */
  readonly firstIndex: number
  readonly lastSeq: number
}

function placeOf({ logId, number, crc32 }: BlockPlace): Place {
  return { logId, segment: number, crc32, decompress: null }
}

/** Makes one zstd frame of bytes. */
export type CompressBlock = (bytes: Uint8Array) => Uint8Array

/** Gathers events for one block after the other. */
export class StandaloneBuilder {
  readonly #vocabulary: Vocabulary
  #builder: BlockBuilder

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
    this.#builder = new BlockBuilder(vocabulary)
  }

  /** Events taken since the last block. */
  get count(): number {
    return this.#builder.count
  }

  get isFull(): boolean {
    const { count, bytes, causes } = this.#builder
    return count >= BLOCK_EVENTS || bytes >= IO_BYTES || causes >= CAUSES_MAX
  }

  /** Takes an event in. @throws LogUsageError `unsupported`, `bad-event`, with nothing taken. */
  add(event: AnyEvent): void {
    this.#builder.add(event)
  }

  /** Lets go of the events from the one with place `count` since the last block on. */
  cut(count: number): void {
    this.#builder.cut(count)
  }

  /** The block of what was taken, at least one event; compressed where somebody does that and it is worth it. */
  finish(
    place: BlockPlace,
    firstIndex: number,
    compress: CompressBlock | null = null,
  ): { readonly bytes: Uint8Array<ArrayBuffer>; readonly info: StandaloneInfo } {
    const { count, lastSeq } = this.#builder
    const body = new ByteWriter(16 * 1024)
    const { minTime, maxTime, entries, deviceMask } = this.#builder.finish(body)
    this.#builder = new BlockBuilder(this.#vocabulary)
    const plain = body.written()
    const smaller = compress === null ? null : packed(compress(plain), plain.length)
    const rawBytes = smaller === null ? 0 : plain.length
    const bytes = frameBlock(smaller ?? plain, placeOf(place), 0, { kind: EVENTS, count, firstIndex, lastSeq, synced: 0, rawBytes })
    return { bytes, info: { count, firstIndex, lastSeq, minTime, maxTime, entries, deviceMask } }
  }
}

export interface StandaloneReading {
  readonly vocabulary: Vocabulary
  readonly views: EventViews
  readonly pool: ColumnPool
  /** Reads compressed blocks; null: they cannot be read. */
  readonly decompress: Decompress | null
  /** The error that tells of damage in the block. */
  readonly damaged: (fault: Fault, cause?: unknown) => LogDamagedError
}

/**
 * The events of a block that stands alone; good until the next one is read with the same pool.
 * @param info what was told of it; it must be so.
 * @throws LogDamagedError.
 */
export function readStandalone(bytes: Uint8Array, place: BlockPlace, info: StandaloneInfo, reading: StandaloneReading): BlockReader {
  const { vocabulary, views, pool, damaged, decompress } = reading
  const expected = `${info.count} events up to seq ${info.lastSeq}`
  const frame = readFrame(bytes, placeOf(place), 0)
  if (typeof frame === 'string') throw damaged({ expected: 'a block', found: frame })
  const total = FRAME_BYTES + frame.bodyBytes
  if (bytes.length !== total) throw damaged({ expected: `a block of ${total} bytes`, found: `${bytes.length}` })
  // A copy: where it lies in a message is any byte, and columns are words.
  const body = new Uint8Array(bytes.subarray(FRAME_BYTES))
  if (bodyCrc(placeOf(place), 0, body) !== frame.bodyCrc) throw damaged({ expected: 'a block', found: 'a block with a wrong checksum' })
  const { kind, count, firstIndex, lastSeq, rawBytes } = frame
  if (kind !== EVENTS || count !== info.count || firstIndex !== info.firstIndex || lastSeq !== info.lastSeq) {
    throw damaged({ expected, found: `${count} up to seq ${lastSeq}` })
  }
  xorWith(body, frame.mask)
  const telling = (error: unknown): unknown =>
    error instanceof BrokenBlockError ? damaged({ expected, found: error.message }, error) : error
  pool.reset()
  try {
    const plain = rawBytes === 0 ? body : unpacked(body, rawBytes, decompress)
    return new BlockReader(plain, frame, new Dictionary(), vocabulary, { views, pool, telling })
  } catch (error) {
    throw telling(error)
  }
}
