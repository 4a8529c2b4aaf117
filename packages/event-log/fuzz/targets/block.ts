/** The body of one block, whatever its checksum would say: through BlockReader, each event and each column. */
import { type Bytes, must, mustBeUnpolluted, Random, type Target, text } from '@devtrail/fuzz'
import type { AnyEvent } from '@devtrail/events'
import { BlockBuilder } from '../../src/codec/block-builder.ts'
import { BlockReader } from '../../src/codec/block-reader.ts'
import { ByteWriter } from '../../src/codec/bytes.ts'
import { Dictionary } from '../../src/codec/dictionary.ts'
import { sampleEvents } from '../../src/samples.ts'
import { oldVocabulary, randomEvents, vocabulary } from '../events.ts'
import { mustBeAnEvent, mustBeForeseen, shown } from '../promises.ts'

/** u16 number of events, u48 `seq` of the last; then the body. */
const HEAD_BYTES = 8
const EVENTS_MAX = 65_536

/** Most blocks are small, so that most inputs are fast; the largest numbers are as they are. */
function countOf(n: number): number {
  return n > 65_500 ? n - 65_500 + EVENTS_MAX - 30 : n % 1024
}

function bodyOf(events: readonly AnyEvent[], vocabularyOf = vocabulary): Bytes {
  const builder = new BlockBuilder(vocabularyOf)
  for (const event of events) builder.add(event)
  const out = new ByteWriter()
  builder.finish(out)
  return out.written().slice()
}

function inputOf(events: readonly AnyEvent[], vocabularyOf = vocabulary): Bytes {
  const body = bodyOf(events, vocabularyOf)
  const input = new Uint8Array(HEAD_BYTES + body.length)
  const view = new DataView(input.buffer)
  const last = events.at(-1)!.seq
  view.setUint16(0, events.length, true)
  view.setUint32(2, last % 2 ** 32, true)
  view.setUint16(6, Math.floor(last / 2 ** 32), true)
  input.set(body, HEAD_BYTES)
  return input
}

function seeds(): Bytes[] {
  const random = new Random(1)
  const many = Array.from({ length: 12 }, (_, i) => inputOf(randomEvents(random, 1 + i * 3, oldVocabulary, i % 3), oldVocabulary))
  return [inputOf(sampleEvents(40, { baseline: 2 })), inputOf(sampleEvents(3)), ...many]
}

/** Each event; null for one that cannot be read. */
function eventsOf(block: BlockReader): (AnyEvent | null)[] {
  return Array.from({ length: block.count }, (_, i) => {
    try {
      return block.event(i)
    } catch (error) {
      mustBeForeseen(error)
      return null
    }
  })
}

function attempt(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    mustBeForeseen(error)
  }
}

/** Each column, as a fold reads it. */
function readColumns(block: BlockReader): void {
  for (const name of ['time', 'device', 'cpu', 'entry'] as const) {
    attempt(() => must(block[name].length === block.count, 'a column has a value for each event'))
  }
  for (let t = 0; t < block.types.length; t++) {
    for (const field of block.fields(t)) {
      attempt(() => {
        const { numbers, high, value } = field
        must(high === null || high.length === numbers.length, 'both halves of words are there')
        for (let row = 0; row < numbers.length; row++) value(row)
      })
    }
  }
}

/** Written anew, events read back the same. */
function mustComeBack(events: readonly AnyEvent[]): void {
  const numbered = events.slice(0, 64).map((event, i) => ({ ...event, seq: i + 1 }))
  if (numbered.length === 0) return
  const about = { count: numbered.length, lastSeq: numbered.length }
  const again = eventsOf(new BlockReader(bodyOf(numbered), about, new Dictionary(), vocabulary))
  must(text(again) === text(numbered), 'an event that was read can be written and read back the same')
}

function run(input: Bytes): void {
  if (input.length < HEAD_BYTES) return
  const view = new DataView(input.buffer, input.byteOffset)
  const about = { count: countOf(view.getUint16(0, true)), lastSeq: view.getUint32(2, true) + (view.getUint16(6, true) % 32) * 2 ** 32 }
  const body = input.slice(HEAD_BYTES)
  const dictionary = new Dictionary()
  let block: BlockReader
  try {
    block = new BlockReader(body, about, dictionary, vocabulary)
  } catch (error) {
    mustBeForeseen(error)
    return
  }
  const events = eventsOf(block)
  for (const [i, event] of events.entries()) {
    if (event === null) continue
    mustBeAnEvent(event, vocabulary)
    must(text(shown(block.view(i))) === text(event), 'a view shows the same as the event')
  }
  readColumns(block)
  mustComeBack(events.filter((event) => event !== null))
  const again = eventsOf(new BlockReader(body, about, dictionary, vocabulary))
  must(text(again) === text(events), 'read again, a block gives the same events')
  mustBeUnpolluted()
}

export const blockTarget: Target = {
  name: 'block',
  seeds: seeds(),
  bytesMax: 32 * 1024,
  budget: { steps: 100_000_000, bytes: 128 * 1024 * 1024 },
  run,
}
