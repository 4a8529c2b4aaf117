import { crc32 as zlibCrc32 } from 'node:zlib'
import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogUsageError } from '../errors.ts'
import { everyEvent, everyVocabulary, wholeNumber } from '../every-event.test-support.ts'
import { sampleEvents, sampleVocabulary } from '../samples.ts'
import { BlockBuilder } from './block-builder.ts'
import { BlockReader } from './block-reader.ts'
import { BrokenBlockError, ByteReader, ByteWriter } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { Dictionary, DictionaryWriter } from './dictionary.ts'
import { readInts } from './read-ints.ts'
import { writeInts } from './write-ints.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** −0 comes back as 0; a record of fast-check may have no prototype. */
function plainly<T>(value: T): T {
  if (typeof value === 'number') return (value + 0) as T
  if (Array.isArray(value)) return value.map(plainly) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plainly(v) as unknown])) as T
}

interface Block {
  readonly body: Uint8Array<ArrayBuffer>
  readonly count: number
  readonly lastSeq: number
}

function blocksOf(events: readonly AnyEvent[], sizes: readonly number[], vocabulary: Vocabulary): Block[] {
  const builder = new BlockBuilder(vocabulary)
  const blocks: Block[] = []
  const out = new ByteWriter()
  let taken = 0
  for (const [i, size] of sizes.entries()) {
    const part = i === sizes.length - 1 ? events.slice(taken) : events.slice(taken, taken + size)
    if (part.length === 0) break
    taken += part.length
    for (const event of part) builder.add(event)
    out.clear()
    builder.finish(out)
    blocks.push({ body: out.written().slice(), count: part.length, lastSeq: part.at(-1)!.seq })
  }
  return blocks
}

function eventsIn(blocks: readonly Block[], vocabulary: Vocabulary): AnyEvent[] {
  const dictionary = new Dictionary()
  return blocks.flatMap(({ body, count, lastSeq }) => {
    const reader = new BlockReader(body, { count, lastSeq }, dictionary, vocabulary)
    return Array.from({ length: count }, (_, i) => reader.event(i))
  })
}

const numbered = (events: readonly object[], baseline: number): AnyEvent[] =>
  events.map((event, i) => ({ ...plainly(event), seq: Math.max(0, i + 1 - baseline) }) as AnyEvent)

test('blocks give back every event of every kind of field exactly', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(
      fc.array(everyEvent, { minLength: 1, maxLength: 60 }),
      fc.nat(10),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      (made, baseline, sizes) => {
        const events = numbered(made, baseline)
        expect(eventsIn(blocksOf(events, sizes, everyVocabulary), everyVocabulary)).toStrictEqual(events)
      },
    ),
    { numRuns: Number(process.env['CODEC_RUNS'] ?? 300) },
  )
})

test('thousands of different strings, and a full block', () => {
  const events = sampleEvents(9000, { baseline: 3 }).map((event, i) => ({ ...event, where: `place+0x${i.toString(16)}` }))
  const blocks = blocksOf(events, [4096, 1, 4096], sampleVocabulary)
  expect(eventsIn(blocks, sampleVocabulary)).toStrictEqual(events)
})

test('a column of whole numbers comes back, in no more bytes than its range needs', () => {
  const sizes: readonly (readonly [number[], number])[] = [
    [[], 1],
    [[Number.NaN, Number.NaN], 1],
    [[7, 7, 7, 7], 2],
    [[1, 2, 3, 4, 5, 6], 3],
    [[1000, 3000, 2000, 1_000_000], 14],
    [[-MAX, MAX, 0], 28],
    [[0, 255, 3], 5],
    [[-MAX, -MAX + 1, -MAX + 2], 24],
  ]
  for (const [values, bytesMax] of sizes) {
    const out = new ByteWriter()
    writeInts(out, Float64Array.from(values), values.length)
    const input = new ByteReader(out.written())
    expect([...readInts(input, values.length)]).toStrictEqual(values)
    expect([input.left, out.length <= bytesMax, values]).toStrictEqual([0, true, values])
  }
  fc.assert(
    fc.property(fc.array(fc.oneof(wholeNumber, fc.constant(Number.NaN))), (made) => {
      const values = made.map((v) => v + 0)
      const out = new ByteWriter()
      writeInts(out, Float64Array.from(values), values.length)
      expect([...readInts(new ByteReader(out.written()), values.length)]).toStrictEqual(values)
    }),
    { numRuns: 2000 },
  )
})

test('the own checksum is the one of zip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (bytes, before) => {
      expect(crc32(bytes, before)).toBe(zlibCrc32(bytes, before))
    }),
  )
})

/** Reads everything of a block that may be anything; only the errors that readers expect may come out. */
function devour(block: Block, vocabulary: Vocabulary): number {
  try {
    const reader = new BlockReader(block.body, block, new Dictionary(), vocabulary)
    let events = 0
    for (let i = 0; i < reader.count; i++) events += reader.event(i).seq >= 0 ? 1 : 0
    return events
  } catch (error) {
    if (error instanceof BrokenBlockError || error instanceof LogUsageError) return -1
    throw error
  }
}

test('changed, cut and made-up blocks never crash, hang or take more memory than a block may', { timeout: 600_000 }, () => {
  const blocks = [
    ...blocksOf(sampleEvents(200, { baseline: 2 }), [200], sampleVocabulary),
    ...blocksOf(sampleEvents(3), [1, 1, 1], sampleVocabulary).slice(0, 1),
  ]
  const until = Date.now() + Number(process.env['FUZZ_SECONDS'] ?? 3) * 1000
  let state = 12345
  const below = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % n
  }
  const before = process.memoryUsage().arrayBuffers
  let read = 0
  for (let round = 0; Date.now() < until; round++) {
    const { body, count, lastSeq } = blocks[round % blocks.length]!
    const bytes = body.slice(0, below(4) === 0 ? below(body.length) : body.length)
    for (let changes = below(6); changes >= 0 && bytes.length > 0; changes--) {
      // Mostly at the front, where lengths and counts are.
      const at = below(3) === 0 ? below(bytes.length) : below(Math.min(bytes.length, 700))
      bytes[at] = [0, 0xff, 0x80, 0x7f, bytes[at]! ^ (1 << below(8)), below(256)][below(6)]!
    }
    const start = Date.now()
    if (devour({ body: bytes, count: below(8) === 0 ? 1 + below(65_536) : count, lastSeq }, sampleVocabulary) >= 0) read++
    expect(Date.now() - start).toBeLessThan(2000)
  }
  expect(read).toBeGreaterThan(0)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(512 * 1024 * 1024)
})

test('every beginning of a block is refused', () => {
  const [block] = blocksOf(sampleEvents(20), [20], sampleVocabulary)
  for (let length = 0; length < block!.body.length - 7; length++) {
    expect([length, devour({ ...block!, body: block!.body.slice(0, length) }, sampleVocabulary)]).toStrictEqual([length, -1])
  }
})

test('an older version is upcast, a newer one and a changed declaration are refused', () => {
  const one = new Vocabulary([declareEvents('p', { said: { version: 1, doc: 'x', fields: { word: f.u64('x'), n: f.count('x') } } })])
  const two = new Vocabulary([
    declareEvents('p', {
      said: { version: 2, doc: 'x', fields: { words: f.u64('x'), n: f.count('x') }, upcasts: { 1: ({ word, n }) => ({ words: word, n }) } },
    }),
  ])
  const changed = new Vocabulary([declareEvents('p', { said: { version: 1, doc: 'x', fields: { n: f.string('x') } } })])
  const event = { ...sampleEvents(1)[0]!, type: 'p/said', data: { word: 2n ** 63n, n: 3 } }
  const blocks = blocksOf([event], [1], one)
  expect(eventsIn(blocks, one)).toStrictEqual([event])
  expect(eventsIn(blocks, two)).toStrictEqual([{ ...event, data: { words: 2n ** 63n, n: 3 } }])
  expect(() => eventsIn(blocks, changed)).toThrow(/p\/said cannot be read with this vocabulary: p\/said: field "n" should be a string/)
  expect(() => eventsIn(blocks, sampleVocabulary)).toThrow(/not in the vocabulary/)
  const newer = blocksOf([{ ...event, data: { words: 1n, n: 3 } }], [1], two)
  expect(() => eventsIn(newer, one)).toThrow(/is version 2; this vocabulary knows up to 1/)
})

test('what a lost block would have told is missed by name, not guessed', () => {
  const blocks = blocksOf(sampleEvents(40), [20, 20], sampleVocabulary)
  expect(() => eventsIn(blocks.slice(1), sampleVocabulary)).toThrow(BrokenBlockError)
})

test('a dictionary is written on where it was read', () => {
  const first = new DictionaryWriter()
  for (const text of ['a', 'ü', '\uD800']) first.string(text)
  first.actor({ pid: -1, comm: 'x' })
  const out = new ByteWriter()
  first.takeAdditions(out)
  const dictionary = new Dictionary()
  dictionary.add(new ByteReader(out.written()))
  const next = DictionaryWriter.of(dictionary)
  expect([next.string('ü'), next.string('new'), next.actor({ pid: -1, comm: 'x' }), next.actor({ pid: 1, comm: 'x' })]).toStrictEqual([
    2, 5, 1, 2,
  ])
})
