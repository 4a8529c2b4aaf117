import type { AnyEvent, EventRow, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from '../codec/block-builder.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { DICTIONARY_ENTRIES_MAX, DictionaryWriter } from '../codec/dictionary.ts'
import { EVENTS, type Place } from '../codec/frame.ts'
import { SEGMENT_BLOCKS_MAX, SEGMENT_HEADER_BYTES, frameBlock, sealSegment, type BlockInfo } from '../codec/segment.ts'
import { CAUSES_MAX, IO_BYTES } from '../limits.ts'
import { Slab } from '../codec/slab.ts'
import { placeOf } from './segment-file.ts'
import type { Sizes } from './sizes.ts'

const DICTIONARY_BYTES_MAX = 8 * 1024 * 1024

/** What of a segment is there already. */
export interface MadeSoFar {
  readonly position: number
  readonly blocks: readonly BlockInfo[]
  readonly dictionary: DictionaryWriter
}

/** Makes the blocks of one segment: events in, bytes out. What becomes of these is the writer's affair. */
export class SegmentMaker {
  readonly number: number
  readonly #sizes: Sizes
  readonly #place: Place
  /** Bytes made so far. */
  #position: number
  readonly #blocks: BlockInfo[]
  readonly #dictionary: DictionaryWriter
  readonly #builder: BlockBuilder
  readonly #body = new ByteWriter(16 * 1024)
  readonly #slab: Slab
  /** Events of the log in finished blocks. */
  #index: number
  /** Of the last of them. */
  #lastSeq: number

  constructor(
    { logId, vocabulary, sizes }: { readonly logId: Uint8Array; readonly vocabulary: Vocabulary; readonly sizes: Sizes },
    slab: Slab,
    number: number,
    before: { readonly index: number; readonly lastSeq: number },
    { position, blocks, dictionary }: MadeSoFar = { position: SEGMENT_HEADER_BYTES, blocks: [], dictionary: new DictionaryWriter() },
  ) {
    this.number = number
    this.#slab = slab
    this.#sizes = sizes
    this.#place = placeOf(logId, number)
    this.#position = position
    this.#blocks = [...blocks]
    this.#dictionary = dictionary
    this.#builder = new BlockBuilder(vocabulary, dictionary)
    this.#index = before.index
    this.#lastSeq = before.lastSeq
  }

  /** Events of the log in finished blocks, and the `seq` of the last of them. */
  get end(): { readonly index: number; readonly lastSeq: number } {
    return { index: this.#index, lastSeq: this.#lastSeq }
  }

  /** Events taken since the last block. */
  get count(): number {
    return this.#builder.count
  }

  /** Takes an event in. @throws LogUsageError `unsupported`, `bad-event`, with nothing taken. */
  add(event: AnyEvent): void {
    this.#builder.add(event)
  }

  /** The same of an event in numbers. */
  addRow(row: EventRow): void {
    this.#builder.addRow(row)
  }

  /** Lets go of the events from the one with place `count` since the last block on. */
  cut(count: number): void {
    this.#builder.cut(count)
  }

  /** Whether a block should be made of what was taken. */
  get isBlockFull(): boolean {
    const builder = this.#builder
    return builder.count >= this.#sizes.blockEvents || builder.bytes >= IO_BYTES || builder.causes >= CAUSES_MAX
  }

  /** Whether the segment should end. */
  get isFull(): boolean {
    return (
      this.#position >= this.#sizes.segmentBytes ||
      this.#blocks.length >= SEGMENT_BLOCKS_MAX ||
      this.#dictionary.size >= DICTIONARY_ENTRIES_MAX / 2 ||
      this.#dictionary.bytes >= DICTIONARY_BYTES_MAX
    )
  }

  /** The block of what was taken since the last one, in memory of the slab's. @param synced bytes of the segment that are durable. */
  block(synced: number): Uint8Array<ArrayBuffer> {
    const { count, lastSeq } = this.#builder
    const [body, offset, firstIndex] = [this.#body, this.#position, this.#index]
    body.clear()
    const { minTime, maxTime, entries, deviceMask, typeMask } = this.#builder.finish(body)
    const block = frameBlock(body.written(), this.#place, offset, { kind: EVENTS, count, firstIndex, lastSeq, synced }, this.#slab)
    const bytes = block.length
    this.#blocks.push({ offset, bytes, count, firstIndex, lastSeq, minTime, maxTime, entries, deviceMask, typeMask })
    this.#position += bytes
    this.#index += count
    this.#lastSeq = lastSeq
    return block
  }

  /** The index, to be written only when all blocks are durable: whoever finds one relies on it. */
  seal(): Uint8Array {
    const end = { firstIndex: this.#index, lastSeq: this.#lastSeq, synced: this.#position }
    return sealSegment(this.#blocks, this.#dictionary, this.#place, this.#position, end)
  }
}
