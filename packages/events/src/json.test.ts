import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { declareEvents, Vocabulary, type EventDeclaration } from './declare.ts'
import type { AnyEvent } from './envelope.ts'
import { f } from './f.ts'
import { kindDocs, type Field, type FieldKind } from './field.ts'
import { dataToJson, eventFromJson, eventToJson, hex, nanoseconds, seconds } from './json.ts'

const whole = fc.maxSafeInteger()
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const edges = fc.constantFrom(0n, 1n, 1n << 52n, (1n << 53n) + 1n, 1n << 63n, (1n << 64n) - 1n)

/** Values of the kinds that are more than a number from 0 on. */
const special: Partial<Record<FieldKind, fc.Arbitrary<unknown>>> = {
  pointer: u64.map(hex),
  string: fc.string(),
  text: fc.string({ unit: 'binary' }),
  u64: fc.oneof(u64, edges),
  int: whole,
  errno: fc.integer({ min: -4095, max: 0 }),
  bool: fc.boolean(),
  flags: whole,
  time: whole,
  enum: fc.constantFrom('a', 'b'),
}
const valueOf = (kind: FieldKind): fc.Arbitrary<unknown> => special[kind] ?? fc.maxSafeNat()

const fieldOf = (kind: FieldKind): Field => (kind === 'enum' ? f.oneOf(['a', 'b'], '.') : { kind, doc: '.' })
const kinds = Object.keys(kindDocs) as FieldKind[]
/** One field of every kind there is, and one of every kind that may be null. */
const fields = Object.fromEntries(kinds.flatMap((k) => [[k, fieldOf(k)] as const, [`${k}-opt`, f.opt(fieldOf(k))] as const]))
const vocabulary = new Vocabulary([declareEvents('t', { all: { version: 1, doc: '.', fields } })])
const data = fc.record(
  Object.fromEntries(
    kinds.flatMap((k) => [
      [k, valueOf(k)],
      [`${k}-opt`, fc.option(valueOf(k))],
    ]),
  ),
  { noNullPrototype: true },
)

const envelope = { seq: 1, entry: null, time: 0, device: null, cpu: null, actor: null, cause: [] } as const
const through = (v: Vocabulary, event: AnyEvent): AnyEvent => eventFromJson(v, JSON.parse(JSON.stringify(eventToJson(v, event))))
const only = (declaration: Partial<EventDeclaration>): Vocabulary =>
  new Vocabulary([declareEvents('t', { one: { version: 1, doc: '.', fields: {}, ...declaration } })])
/** What reading one field of a kind from JSON gives. */
const readAs = (field: Field, value: unknown): unknown =>
  eventFromJson(only({ fields: { x: field } }), { type: 't/one', seq: 1, time: '0.0', data: { x: value } }).data['x']

const read = (more: object): AnyEvent => eventFromJson(only({}), { type: 't/one', seq: 1, time: '0.0', data: {}, ...more })
const hostile = (more: string): unknown => JSON.parse(`{"type":"t/one","seq":1,"time":"0.0",${more}}`)
const stored = (v: unknown, data: object): unknown => ({ type: 't/one', seq: 1, time: '0.0', data, ...(v === undefined ? {} : { v }) })

describe('the stored form', () => {
  it('gives every kind of field back exactly, known or null', () => {
    fc.assert(
      fc.property(data, (d) => {
        const event: AnyEvent = { ...envelope, type: 't/all', data: d }
        expect(through(vocabulary, event)).toEqual(event)
      }),
    )
  })

  it('gives every envelope back exactly', () => {
    const some = fc.record(
      { context: fc.string(), source: fc.string(), where: fc.string(), inferred: fc.constant(true as const) },
      { requiredKeys: [], noNullPrototype: true },
    )
    const any = fc.record({
      seq: fc.maxSafeNat(),
      entry: fc.option(fc.maxSafeNat()),
      time: whole,
      device: fc.option(fc.nat()),
      cpu: fc.option(fc.nat()),
      actor: fc.option(fc.record({ pid: fc.nat(), comm: fc.string() }, { noNullPrototype: true })),
      cause: fc.array(fc.nat()),
    })
    fc.assert(
      fc.property(any, some, (e, more) => {
        const event: AnyEvent = { ...e, ...more, type: 't/one', data: {} }
        expect(through(only({}), event)).toEqual(event)
      }),
    )
  })

  it('leaves out of an envelope what is not there', () => {
    expect(eventToJson(only({}), { ...envelope, type: 't/one', data: {} })).toEqual({
      seq: 1,
      time: '0.000000000',
      type: 't/one',
      v: 1,
      data: {},
    })
  })
})

describe('the forms', () => {
  it('a hex form is lower case and exact over 64 bits; a negative number is its two’s complement', () => {
    expect(hex(0xffff_ffff_ffff_fffan)).toBe('0xfffffffffffffffa')
    expect(hex(-16)).toBe('0xfffffffffffffff0')
    fc.assert(fc.property(u64, (n) => BigInt(hex(n)) === n))
  })

  it('seconds have microseconds and truncate, or nanoseconds', () => {
    expect(seconds(9_396_738_499)).toBe('9.396738')
    expect(seconds(9_396_738_500)).toBe('9.396739')
    expect(seconds(9_396_738_999, 9)).toBe('9.396738999')
    expect(seconds(-1)).toBe('0.000000')
  })

  it('times are exact up to 2^53 ns, whole microseconds beyond, and refused after 73 years', () => {
    fc.assert(fc.property(whole, (ns) => nanoseconds(seconds(ns, 9)) === ns))
    expect(nanoseconds('9007199.254740991')).toBe(Number.MAX_SAFE_INTEGER)
    const micros = fc.integer({ min: 9_007_200_000_000, max: 2_000_000_000_000_000 })
    fc.assert(
      fc.property(micros, (us) => {
        const text = `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`
        return seconds(nanoseconds(text)) === text && seconds(nanoseconds(text), 9) === `${text}000`
      }),
    )
    expect(() => nanoseconds('2305843009.300000')).toThrow(RangeError)
    expect(() => nanoseconds('99999999999999999999')).toThrow('past what a log can hold')
  })

  it.each(['', '1.', '.5', '1.0000000001', '1e3', ' 1', '1 ', '0x1', '+1', 'NaN'])('%j is no time', (text) => {
    expect(() => nanoseconds(text)).toThrow(`"${text}" is not a time in decimal seconds`)
  })

  it('dataToJson shows microseconds, or nanoseconds when asked', () => {
    const v = only({ fields: { at: f.time('.'), mask: f.flags('.') } })
    expect(dataToJson(v, 't/one', { at: 1_234_567_890, mask: 0x40004 })).toEqual({ at: '1.234568', mask: '0x40004' })
    expect(dataToJson(v, 't/one', { at: 1_234_567_890, mask: null }, 9)).toEqual({ at: '1.234567890', mask: null })
  })
})

describe('reading refuses', () => {
  const wrong: Partial<Record<FieldKind, readonly unknown[]>> = {
    u64: ['1', 1, '0x', '0X1', '0xABC', '0x10000000000000000', '-0x1', {}],
    pfn: [1, '0x20000000000000', '0xg'],
    flags: [1, '0x20000000000000'],
    time: [1, '1', '1.0000000001', '9999999999.0', 'soon'],
    bool: [0, 'true', []],
    enum: ['c', 'constructor', 0],
    string: [1, {}, []],
    text: [true],
    pointer: [0],
    int: ['1', 1.5, 2 ** 53, {}],
    count: ['0x1'],
    device: ['pfn0.0'],
  }
  it.each(Object.entries(wrong))('what is no %s, naming type and field', (kind, bad) => {
    for (const value of bad) {
      const readBad = (): unknown => readAs(fieldOf(kind as FieldKind), value)
      expect(readBad).toThrow(TypeError)
      expect(readBad).toThrow(/^t\/one: field "x" should be /)
      expect(readBad).toThrow(JSON.stringify(value))
    }
  })

  it('a field that is missing, unless it is optional', () => {
    for (const kind of kinds) {
      for (const value of [null, undefined]) {
        expect(() => readAs(fieldOf(kind), value)).toThrow('t/one: field "x" is missing')
        expect(readAs({ ...fieldOf(kind), optional: true }, value)).toBeNull()
      }
    }
  })

  it('an envelope without its number or with one that is none', () => {
    expect(() => read({ seq: undefined })).toThrow('t/one: an event needs a sequence number')
    expect(() => read({ seq: -1 })).toThrow(TypeError)
    expect(() => read({ seq: 1.5 })).toThrow('t/one: "seq" should be a whole number, found 1.5')
    expect(() => read({ entry: 'x' })).toThrow('"entry" should be a whole number')
    expect(() => read({ time: undefined })).toThrow(/^t\/one: "time"/)
    expect(() => read({ time: '99999999999.0' })).toThrow(/^t\/one: "time"/)
  })

  it.each([null, 3, 'x', undefined])('%j, which is no object', (json) => {
    expect(() => eventFromJson(vocabulary, json)).toThrow('an event should be a JSON object')
  })

  it('a type that is not declared', () => {
    for (const type of ['t/two', '__proto__', 'constructor', 5, null]) {
      expect(() => eventFromJson(vocabulary, { type, seq: 1, time: '0.0', data: {} })).toThrow('is not in the vocabulary (t)')
    }
  })
})

describe('hostile data', () => {
  it('keys named like members of every object do no harm', () => {
    const event = eventFromJson(
      only({ fields: { x: f.opt(f.int('.')) } }),
      hostile('"data":{"__proto__":{"x":7},"constructor":1,"toString":2}'),
    )
    expect(event.data).toEqual({ x: null })
    expect(Object.getPrototypeOf(event.data)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('what every object has is no field of its data', () => {
    const v = only({ fields: { constructor: f.opt(f.string('.')), valueOf: f.opt(f.string('.')) } })
    expect(eventFromJson(v, hostile('"data":{}')).data).toEqual({ constructor: null, valueOf: null })
  })

  it('data that is no object has no fields', () => {
    for (const d of ['null', '5', '"abc"', '[1]']) {
      expect(() => eventFromJson(only({ fields: { length: f.int('.'), x: f.int('.') } }), hostile(`"data":${d}`))).toThrow('is missing')
    }
  })
})

describe('older versions', () => {
  const v3 = only({
    version: 3,
    fields: { bytes: f.bytes('.'), kind: f.string('.') },
    upcasts: { 1: ({ kb }) => ({ bytes: Number(kb) * 1024 }), 2: (old) => ({ ...old, kind: 'unknown' }) },
  })

  it('are upcast step by step; without a version it is the first', () => {
    expect(eventFromJson(v3, stored(1, { kb: 4 })).data).toEqual({ bytes: 4096, kind: 'unknown' })
    expect(eventFromJson(v3, stored(undefined, { kb: 4 })).data).toEqual({ bytes: 4096, kind: 'unknown' })
    expect(eventFromJson(v3, stored(2, { bytes: 7 })).data).toEqual({ bytes: 7, kind: 'unknown' })
    expect(eventFromJson(v3, stored(3, { bytes: 7, kind: 'x' })).data).toEqual({ bytes: 7, kind: 'x' })
  })

  it('a newer version is refused with what to do', () => {
    expect(() => eventFromJson(v3, stored(4, {}))).toThrow('t/one is version 4; this devtrail knows up to 3: use a newer one')
  })

  it('a version without an upcast is refused', () => {
    expect(() => eventFromJson(only({ version: 2 }), stored(1, {}))).toThrow('t/one has no upcast from version 1')
    expect(() => eventFromJson(v3, stored(0, {}))).toThrow('no upcast from version 0')
  })

  it('what an upcast gives is checked like anything else', () => {
    const bad = only({ version: 2, fields: { n: f.int('.') }, upcasts: { 1: () => ({ n: 'one' }) } })
    expect(() => eventFromJson(bad, stored(1, {}))).toThrow('t/one: field "n" should be a whole number, found "one"')
  })
})
