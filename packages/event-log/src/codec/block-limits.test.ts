import { f, type EventDeclaration } from '@devtrail/events'
import { expect, test } from 'vitest'
import { LogUsageError } from '../errors.ts'
import { sampleEvents, sampleVocabulary } from '../samples.ts'
import { BlockBuilder } from './block-builder.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { Dictionary, DictionaryWriter } from './dictionary.ts'

test('a block ends at about 1 MiB, also where strings of envelopes fill it', () => {
  const builder = new BlockBuilder(sampleVocabulary)
  for (const event of sampleEvents(3)) builder.add({ ...event, where: `${event.seq}`.padStart(400_000) })
  expect(builder.bytes).toBeGreaterThan(1024 * 1024)
})

const values = (n: number): string[] => Array.from({ length: n }, (_, i) => `v${i}`)

const wide = (n: number): EventDeclaration => ({
  version: 1,
  doc: 'x',
  fields: Object.fromEntries(values(n).map((name) => [name, f.opt(f.count('x'))])),
})
const choice = (n: number): EventDeclaration => ({ version: 1, doc: 'x', fields: { v: f.oneOf(values(n), 'x') } })

test('an event type with more fields or values than can be read is refused', () => {
  for (const declared of [wide, choice]) {
    const writer = new DictionaryWriter()
    expect(writer.type('p/most', declared(4096))).toBe(1)
    expect(() => writer.type('p/more', declared(4097))).toThrow(LogUsageError)
    const out = new ByteWriter()
    writer.takeAdditions(out)
    const dictionary = new Dictionary()
    dictionary.add(new ByteReader(out.written()))
    expect(dictionary.types).toHaveLength(2)
  }
})
