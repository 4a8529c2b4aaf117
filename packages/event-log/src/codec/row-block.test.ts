/** A block of events in numbers is, byte for byte, the block of the same as objects. */
import { EventRow, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleEvent, sampleVocabulary } from '../samples.ts'
import { BlockBuilder } from './block-builder.ts'
import { ByteWriter } from './bytes.ts'
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

function blocks(all: readonly AnyEvent[], size: number, inNumbers: boolean): string[] {
  const builder = new BlockBuilder(sampleVocabulary)
  const row = new EventRow('sample/measured', sampleVocabulary.get('sample/measured'))
  const out = new ByteWriter()
  const made: string[] = []
  for (const [i, event] of all.entries()) {
    if (inNumbers && event.type === row.type) {
      if (!row.become(event)) throw new Error(`${event.type} has no row`)
      builder.addRow(row)
    } else builder.add(event)
    if ((i + 1) % size !== 0 && i + 1 < all.length) continue
    made.push(`${builder.bytes} ${builder.lastSeq}`)
    out.clear()
    builder.finish(out)
    made.push(Buffer.from(out.written()).toString('latin1'))
  }
  return made
}

test('blocks are the same, and so is what they are said to take', () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 20 }), (all, size) => {
      expect(blocks(all, size, true)).toEqual(blocks(all, size, false))
    }),
    { numRuns: 300 },
  )
})

test('an event that is refused leaves nothing behind', () => {
  const row = new EventRow('sample/measured', sampleVocabulary.get('sample/measured'))
  const [builder, other] = [new BlockBuilder(sampleVocabulary), new BlockBuilder(sampleVocabulary)]
  const event = { ...sampleEvent(3), device: null, context: 'd....', source: 'one', where: 'f', cause: [], entry: 1, cpu: 0 }
  for (const at of [builder, other]) at.add({ ...event, seq: 1 })
  expect(row.become({ ...event, seq: 2 })).toBe(true)
  for (const [place, odd] of [
    [0, 0.5],
    [1, 2 ** 32],
    [9, 2],
    [10, 2],
    [0, Number.NaN],
  ] as const) {
    const before = row.low[place]!
    row.low[place] = odd
    expect(() => builder.addRow(row)).toThrow(/event 2 \(sample\/measured\) cannot be stored/)
    row.low[place] = before
  }
  row.time = 0.5
  expect(() => builder.addRow(row)).toThrow('time should be a whole number')
  row.time = 1
  for (const at of [builder, other]) at.addRow(row)
  const [a, b] = [builder, other].map((at) => {
    const out = new ByteWriter()
    at.finish(out)
    return out.written()
  })
  expect(a).toEqual(b)
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
