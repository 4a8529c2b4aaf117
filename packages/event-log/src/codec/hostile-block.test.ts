import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { sampleEvent, sampleVocabulary } from '../samples.ts'
import { BlockBuilder } from './block-builder.ts'
import { BlockReader } from './block-reader.ts'
import { BrokenBlockError, ByteReader, ByteWriter } from './bytes.ts'
import { Dictionary, DictionaryWriter } from './dictionary.ts'
import { BLOCK_EVENTS_MAX } from './frame.ts'

const ALL_NULL = 0x20

function bodyOf(events: readonly AnyEvent[]): Uint8Array<ArrayBuffer> {
  const builder = new BlockBuilder(sampleVocabulary)
  for (const event of events) builder.add(event)
  const out = new ByteWriter()
  builder.finish(out)
  return out.written().slice()
}

interface Made {
  readonly vocabulary: Vocabulary
  /** The column of times. */
  readonly time?: readonly number[]
  /** The column of numbers of causes, and how many there are in all. */
  readonly causeCounts?: readonly number[]
  readonly causes?: number
  /** The columns of the fields. */
  readonly fields?: readonly number[]
}

/** A block of as many events as there may be, all of the one type of a vocabulary, each column said in a few bytes. */
function madeBlock({ vocabulary, time = [0, 0], causeCounts = [0, 0], causes = 0, fields = [] }: Made): BlockReader {
  const [name = ''] = vocabulary.types()
  const dictionary = new DictionaryWriter()
  dictionary.type(name, vocabulary.get(name))
  const additions = new ByteWriter()
  dictionary.takeAdditions(additions)
  const out = new ByteWriter()
  const bytes = (...list: readonly number[]): void => out.raw(Uint8Array.from(list))
  // Summary, without entries.
  bytes(0, 0, 0, 0, 0)
  out.varint(additions.length)
  out.raw(additions.written())
  bytes(1, 1)
  bytes(...causeCounts, 1)
  out.varint(causes)
  bytes(...(causes === 0 ? [0] : [0, 1]))
  // Type; time; device, cpu, actor, entry; context, source, where, inferred.
  bytes(0, 0, ...time, ALL_NULL, ALL_NULL, 0, 0, ALL_NULL, 0, 0, 0, 0, 0, 0, 0, 0)
  bytes(...fields)
  out.align(8)
  return new BlockReader(out.written().slice(), { count: BLOCK_EVENTS_MAX, lastSeq: BLOCK_EVENTS_MAX }, new Dictionary(), vocabulary)
}

const nulls = (n: number): number[] => Array.from({ length: n }, () => ALL_NULL)

function errorOf(read: () => unknown): unknown {
  try {
    read()
  } catch (error) {
    return error
  }
  throw new Error('it can be read')
}

const nothing = new Vocabulary([declareEvents('p', { nothing: { version: 1, doc: 'x', fields: {} } })])
const said = new Vocabulary([declareEvents('p', { said: { version: 1, doc: 'x', fields: { text: f.text('x') } } })])

test('a block may hold as many events as there may be', () => {
  const block = madeBlock({ vocabulary: nothing })
  expect([block.event(0).seq, block.event(BLOCK_EVENTS_MAX - 1).seq]).toStrictEqual([1, BLOCK_EVENTS_MAX])
})

test.each([
  ['times', { vocabulary: nothing, time: [ALL_NULL] }, /a null where there may be none/],
  ['numbers of causes', { vocabulary: nothing, causeCounts: [0, 1], causes: 5 }, /more causes than were said/],
  // A column of texts of one byte each, and no byte.
  ['texts', { vocabulary: said, fields: [0, 2, 0] }, /texts longer than their bytes/],
] as const)('%s that make no sense are looked at once, not for each event', (_, made: Made, message) => {
  const block = madeBlock(made)
  const error = errorOf(() => block.event(0))
  expect(error).toBeInstanceOf(BrokenBlockError)
  expect(error).toMatchObject({ message: expect.stringMatching(message) as unknown })
  expect(errorOf(() => block.event(1))).toBe(error)
})

test('a few bytes that stand for more values than a block may have are refused', () => {
  const fields = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`n${i}`, f.opt(f.count('x'))]))
  const vocabulary = (n: number): Vocabulary =>
    new Vocabulary([declareEvents('p', { wide: { version: 1, doc: 'x', fields: Object.fromEntries(Object.entries(fields).slice(0, n)) } })])
  expect(madeBlock({ vocabulary: vocabulary(16), fields: nulls(16) }).event(7).data['n15']).toBeNull()
  expect(() => madeBlock({ vocabulary: vocabulary(17), fields: nulls(17) })).toThrow(/1114112 values in a block/)
})

test('a cause past 2^53 is no cause', () => {
  const body = bodyOf([{ ...sampleEvent(1), cause: [Number.MAX_SAFE_INTEGER] }])
  const read = (lastSeq: number): AnyEvent => new BlockReader(body, { count: 1, lastSeq }, new Dictionary(), sampleVocabulary).event(0)
  expect(read(1).cause).toStrictEqual([Number.MAX_SAFE_INTEGER])
  expect(() => read(10)).toThrow(/a cause past 2\^53/)
})

/** A dictionary of one actor. */
function additions(comm: string): ByteReader {
  const writer = new DictionaryWriter()
  writer.actor({ pid: 7, comm })
  const out = new ByteWriter()
  writer.takeAdditions(out)
  return new ByteReader(out.written())
}

test('no block changes what another one added to the dictionary', () => {
  const dictionary = new Dictionary()
  dictionary.add(additions('one'))
  dictionary.add(additions('one'))
  expect(() => dictionary.add(additions('two'))).toThrow(/another entry for number 1 of the strings/)
  expect(dictionary.actors[1]).toStrictEqual({ pid: 7, comm: 'one' })
})

test('event types with more fields together than there is memory for are refused', () => {
  const out = new ByteWriter()
  const types = 257
  // One string; no actor; types of as many fields as one may have, each said in two bytes.
  out.raw(Uint8Array.of(0, 1, 2, 120, 0, 0, 0))
  out.varint(types)
  for (let t = 0; t < types; t++) {
    out.raw(Uint8Array.of(1, 1))
    out.varint(4096)
    for (let i = 0; i < 4096; i++) out.raw(Uint8Array.of(1, 11))
  }
  expect(() => new Dictionary().add(new ByteReader(out.written()))).toThrow(/1052672 fields and values/)
})
