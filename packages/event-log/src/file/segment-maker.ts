import type { AnyEvent, EventRows, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from '../codec/block-builder.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { DICTIONARY_ENTRIES_MAX, DictionaryWriter } from '../codec/dictionary.ts'
import { EVENTS, FRAME_BYTES, type Place } from '../codec/frame.ts'
import { SEGMENT_BLOCKS_MAX, SEGMENT_HEADER_BYTES, frameBlock, sealSegment, type About, type BlockInfo } from '../codec/segment.ts'
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

/** What a block says of its events, wherever it will stand. */
type Made = Omit<BlockInfo, 'offset' | 'bytes'>

/** A block's body that is to be framed. */
export interface NewBody extends Made {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Makes the blocks of one segment: events in, bytes out. What becomes of these is the writer's affair. */
export class SegmentMaker {
  readonly number: number
  readonly #sizes: Sizes
  readonly #place: Place
  /** Bytes made so far. */
  #position: number
  /** The same if no block were compressed, and how many bodies there were, framed or not. */
  #taken: number
  #bodies: number
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
    this.#taken = position
    this.#bodies = blocks.length
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

  /** Takes rows in, from one on as many as fit into the block. @returns up to which one. @throws as `add`, with nothing taken from the one on that is refused. */
  addRows(rows: EventRows, from: number): number {
    const to = Math.min(rows.count, from + Math.max(1, this.#sizes.blockEvents - this.#builder.count))
    this.#builder.addRows(rows, from, to)
    return to
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
      this.#taken >= this.#sizes.segmentBytes ||
      this.#bodies >= SEGMENT_BLOCKS_MAX ||
      this.#dictionary.size >= DICTIONARY_ENTRIES_MAX / 2 ||
      this.#dictionary.bytes >= DICTIONARY_BYTES_MAX
    )
  }

  /** The block of what was taken since the last one, in memory of the slab's. @param synced bytes of the segment that are durable. */
  block(synced: number): Uint8Array<ArrayBuffer> {
    const made = this.#finish()
    return this.#framed(this.#body.written(), { ...made, synced }, this.#slab)
  }

  /** The body of that block, in memory of the slab's: to be stored compressed, as `framed` then makes it. */
  body(): NewBody {
    const made = this.#finish()
    const written = this.#body.written()
    const bytes = this.#slab.take(written.length)
    bytes.set(written)
    return { ...made, bytes }
  }

  /**
   * The block of a body, of those there are in order. Nobody may see it before all of the segment is durable.
   * @param packed it as it is to be stored; null: as it is.
   */
  framed({ bytes, ...made }: NewBody, packed: Uint8Array | null): Uint8Array<ArrayBuffer> {
    const rawBytes = packed === null ? 0 : bytes.length
    return this.#framed(packed ?? bytes, { ...made, rawBytes, synced: this.#position })
  }

  #finish(): Made {
    const { count, lastSeq } = this.#builder
    const firstIndex = this.#index
    this.#body.clear()
    const summary = this.#builder.finish(this.#body)
    this.#taken += FRAME_BYTES + this.#body.length
    this.#bodies++
    this.#index += count
    this.#lastSeq = lastSeq
    return { ...summary, count, firstIndex, lastSeq }
  }

  #framed(stored: Uint8Array, made: Made & Pick<About, 'rawBytes' | 'synced'>, slab?: Slab): Uint8Array<ArrayBuffer> {
    const { rawBytes, synced, ...info } = made
    const offset = this.#position
    const about: About = { kind: EVENTS, count: made.count, firstIndex: made.firstIndex, lastSeq: made.lastSeq, synced }
    const block = frameBlock(stored, this.#place, offset, rawBytes === undefined ? about : { ...about, rawBytes }, slab)
    this.#blocks.push({ ...info, offset, bytes: block.length })
    this.#position += block.length
    return block
  }

  /** The index, to be written only when all blocks are durable: whoever finds one relies on it. */
  seal(): Uint8Array {
    const end = { firstIndex: this.#index, lastSeq: this.#lastSeq, synced: this.#position }
    return sealSegment(this.#blocks, this.#dictionary, this.#place, this.#position, end)
  }
}
