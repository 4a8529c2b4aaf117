/** A block of events in numbers holds what the block of the same as objects holds, and takes as many bytes. */
import { rowsOf, type AnyEvent, type EventRows } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVENT_CHARS_MAX } from '../limits.ts'
import { sampleEvent, sampleVocabulary } from '../samples.ts'
import { BlockBuilder } from './block-builder.ts'
import { BlockReader } from './block-reader.ts'
import { ByteWriter } from './bytes.ts'
import { Dictionary } from './dictionary.ts'
import { PointerTable } from './pointer-table.ts'

const half = fc.constantFrom(0, 1, 0xfff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff)
const word = fc.tuple(half, half).map(([high, low]) => (BigInt(high) << 32n) | BigInt(low))
const pointer = word.map((n) => `0x${n.toString(16)}`)
const measured = fc.record({ pointer, word, delta: fc.integer(), sure: fc.boolean(), mode: fc.constantFrom('percpu', 'atomic') })
const around = fc.record({
  cpu: fc.nat(1),
  actor: fc.record({ pid: fc.nat(2), comm: fc.constantFrom('pin', 'sh') }),
  context: fc.constantFrom('d....', '.....'),
  source: fc.constantFrom('one', 'two'),
  where: fc.constantFrom('f+0x0/0x9', 'g+0x0/0x9'),
})
const events = fc.array(fc.tuple(fc.nat(2), measured, around, fc.nat(2)), { minLength: 1, maxLength: 50 }).map((all) =>
  all.map(([kind, data, by, back], i): AnyEvent => {
    const seq = i + 1
    const plain = sampleEvent(kind === 0 ? 2 : 3)
    const cause = back > 0 && back < seq ? [seq - back] : []
    return { ...plain, ...by, seq, entry: seq, time: i, device: null, cause, data: kind === 0 ? plain.data : { ...plain.data, ...data } }
  }),
)

/** `run`: up to how many events are handed over at once as rows; 0: none. */
function told(all: readonly AnyEvent[], size: number, run: number): readonly unknown[] {
  const builder = new BlockBuilder(sampleVocabulary)
  const dictionary = new Dictionary()
  const made: unknown[] = []
  for (let at = 0; at < all.length; at += size) {
    const block = all.slice(at, at + size)
    for (let i = 0; i < block.length;) {
      const end = block.findIndex(({ type }, j) => j >= i && type === 'sample/said')
      const of = block.slice(i, Math.min(i + run, end < 0 ? block.length : end))
      if (of.length === 0) builder.add(block[i++]!)
      else {
        // Handed over in two parts.
        const rows = rowsOf(of, sampleVocabulary)!
        const middle = Math.floor(of.length / 2)
        builder.addRows(rows, 0, middle)
        builder.addRows(rows, middle, of.length)
        i += of.length
      }
    }
    const { count, lastSeq, causes } = builder
    made.push({ count, lastSeq, causes }, ...readBack(builder, dictionary))
  }
  return made
}

function readBack(builder: BlockBuilder, dictionary: Dictionary): AnyEvent[] {
  const { count, lastSeq } = builder
  const out = new ByteWriter()
  builder.finish(out)
  const reader = new BlockReader(out.written(), { count, lastSeq }, dictionary, sampleVocabulary)
  return Array.from({ length: count }, (_, i) => reader.event(i))
}

test('blocks hold the same, in whatever runs they were handed over', () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10 }), (all, size, run) => {
      expect(told(all, size, run)).toEqual(told(all, size, 0))
    }),
    { numRuns: 300 },
  )
})

test('what is refused leaves nothing behind, and what came before it is there', () => {
  const event = { ...sampleEvent(3), device: null, context: 'd....', source: 'one', where: 'f', cause: [], entry: 1, cpu: 0 }
  const all = [1, 2, 3].map((seq) => ({ ...event, seq }))
  const builder = new BlockBuilder(sampleVocabulary)
  const dictionary = new Dictionary()
  const odd: readonly ((rows: EventRows) => void)[] = [
    ...(
      [
        [0, 0.5],
        [1, 2 ** 32],
        [9, 2],
        [10, 2],
        [0, Number.NaN],
      ] as const
    ).map(
      ([field, value]) =>
        ({ origins }: EventRows) =>
          void (origins[0]!.rows.low[field]![1] = value),
    ),
    ({ origins }) => void (origins[0]!.rows.high[2]![1] = -1),
    ({ time }) => void (time[1] = 0.5),
    ({ cause }) => void (cause[1] = 0.5),
    (rows) => void (rows.contexts = ['x'.repeat(EVENT_CHARS_MAX)]),
    (rows) => void (rows.actors = [{ pid: 0.5, comm: '' }]),
  ]
  for (const [i, spoil] of odd.entries()) {
    const rows = rowsOf(all, sampleVocabulary)!
    spoil(rows)
    expect(() => builder.addRows(rows, 0, 3), `spoilt in way ${i}`).toThrow(/cannot be stored/)
    const taken = i < 8 ? 1 : 0
    expect(builder.count).toBe(taken)
    builder.cut(0)
    builder.lastSeq = 0
    builder.addRows(rowsOf(all, sampleVocabulary)!, 0, 3)
    expect(readBack(builder, dictionary)).toEqual(all)
  }
})

test('a table of words keeps the number of each, however many there are and however alike', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(half, fc.nat(4000)), { maxLength: 3000, size: 'max' }), (words) => {
      const table = new PointerTable()
      const oracle = new Map<string, number>()
      for (const [high, low] of words) {
        const key = `${high} ${low}`
        expect(table.find(high, low)).toBe(oracle.get(key) ?? 0)
        if (oracle.has(key)) continue
        oracle.set(key, oracle.size + 1)
        table.add(high, low, oracle.size)
      }
    }),
    { numRuns: 30 },
  )
})
