/** Events through the columns that a log in a folder has, so that a log in memory takes, refuses and gives back just the same. */
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { BlockBuilder } from '../codec/block-builder.ts'
import { BlockReader } from '../codec/block-reader.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { Dictionary } from '../codec/dictionary.ts'
import type { EventViews } from '../codec/event-view.ts'
import { CAUSES_MAX, IO_BYTES } from '../limits.ts'

/** Events that a block is made of. */
export const BLOCK_EVENTS = 4096

function finished(builder: BlockBuilder, vocabulary: Vocabulary, views?: EventViews): BlockReader {
  const { count, lastSeq } = builder
  const body = new ByteWriter(64 * count)
  builder.finish(body)
  return new BlockReader(body.written(), { count, lastSeq }, new Dictionary(), vocabulary, views && { views })
}

/** A block of at most BLOCK_EVENTS events that were stored before. */
export function blockOf(events: readonly AnyEvent[], vocabulary: Vocabulary, views: EventViews): BlockReader {
  const builder = new BlockBuilder(vocabulary)
  for (const event of events) builder.add(event)
  return finished(builder, vocabulary, views)
}

function frozen(event: AnyEvent): AnyEvent {
  Object.freeze(event.data)
  Object.freeze(event.actor)
  Object.freeze(event.cause)
  return Object.freeze(event)
}

/** Events as they read back. @throws LogUsageError `unsupported`, `bad-event`. */
export function readBack(events: readonly AnyEvent[], vocabulary: Vocabulary): AnyEvent[] {
  const back: AnyEvent[] = []
  let builder = new BlockBuilder(vocabulary)
  const take = (): void => {
    const block = finished(builder, vocabulary)
    for (let i = 0; i < block.count; i++) back.push(frozen(block.event(i)))
    builder = new BlockBuilder(vocabulary)
  }
  for (const event of events) {
    builder.add(event)
    if (builder.count >= BLOCK_EVENTS || builder.bytes >= IO_BYTES || builder.causes >= CAUSES_MAX) take()
  }
  if (builder.count > 0) take()
  return back
}
