/** Events through the columns that a log in a folder has, so that a log in memory takes, refuses and gives back just the same. */
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from '../codec/block-builder.ts'
import { BlockReader } from '../codec/block-reader.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { Dictionary, DictionaryWriter } from '../codec/dictionary.ts'
import type { EventViews } from '../codec/event-view.ts'
import { CAUSES_MAX, IO_BYTES } from '../limits.ts'

/** Events that a block is made of. */
export const BLOCK_EVENTS = 4096

function finished(builder: BlockBuilder, dictionary: Dictionary, vocabulary: Vocabulary, views?: EventViews): BlockReader {
  const { count, lastSeq } = builder
  const body = new ByteWriter(64 * count)
  builder.finish(body)
  return new BlockReader(body.written(), { count, lastSeq }, dictionary, vocabulary, views && { views })
}

/** A block of at most BLOCK_EVENTS events that were stored before. */
export function blockOf(events: readonly AnyEvent[], vocabulary: Vocabulary, views: EventViews): BlockReader {
  const builder = new BlockBuilder(vocabulary)
  for (const event of events) builder.add(event)
  return finished(builder, new Dictionary(), vocabulary, views)
}

function frozen(event: AnyEvent): AnyEvent {
  Object.freeze(event.data)
  Object.freeze(event.actor)
  Object.freeze(event.cause)
  return Object.freeze(event)
}

/** Strings and actors after which a dictionary is begun anew. */
const DICTIONARY_MAX = 65_536

/** Takes events, and gives them back as they would be read. */
export class ReadBack {
  readonly #vocabulary: Vocabulary
  #writing = new DictionaryWriter()
  #reading = new Dictionary()
  #builder: BlockBuilder

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
    this.#builder = new BlockBuilder(vocabulary, this.#writing)
  }

  /** All of them or none. @throws LogUsageError `unsupported`, `bad-event`. */
  take(events: readonly AnyEvent[]): AnyEvent[] {
    const back: AnyEvent[] = []
    const builder = this.#builder
    try {
      for (const event of events) {
        builder.add(event)
        if (builder.count >= BLOCK_EVENTS || builder.bytes >= IO_BYTES || builder.causes >= CAUSES_MAX) this.#finish(back)
      }
    } catch (error) {
      builder.cut(0)
      throw error
    }
    if (builder.count > 0) this.#finish(back)
    if (this.#writing.size > DICTIONARY_MAX) {
      this.#writing = new DictionaryWriter()
      this.#reading = new Dictionary()
      this.#builder = new BlockBuilder(this.#vocabulary, this.#writing)
    }
    return back
  }

  #finish(back: AnyEvent[]): void {
    const block = finished(this.#builder, this.#reading, this.#vocabulary)
    for (let i = 0; i < block.count; i++) back.push(frozen(block.event(i)))
  }
}
