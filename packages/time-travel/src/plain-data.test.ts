import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BrokenDataError, DEPTH_MAX, decodePlain, encodePlain } from './plain-data.ts'

const scalar = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    -0,
    0,
    Number.NaN,
    Infinity,
    -Infinity,
    1.5,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ),
  fc.constantFrom('', '\uD800', '\0', '__proto__', 'constructor', 'ü💾'),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
)
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a', 'b')), tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(scalar, tie('value'))).map((entries) => new Map(entries)),
    fc.array(scalar).map((values) => new Set(values)),
  ),
})).value

test('plain data comes back exactly', () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(decodePlain(encodePlain(value))).toStrictEqual(value)
    }),
    { numRuns: 1000 },
  )
  const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object
  const back = decodePlain(encodePlain(hostile)) as object
  expect(Object.keys(back)).toStrictEqual(['__proto__', 'constructor'])
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
  expect(({} as { polluted?: true }).polluted).toBeUndefined()
})

test('what is no plain data is refused', () => {
  let deep: unknown = 1
  for (let i = 0; i <= DEPTH_MAX; i++) deep = [deep]
  for (const value of [() => 1, Symbol('x'), new Date(), /x/, [new Uint8Array(1)], deep]) {
    expect(() => encodePlain(value)).toThrow(TypeError)
  }
})

test('other bytes are refused, without hanging or taking more memory than they are worth', () => {
  const good = encodePlain(new Map([[1, { a: [1n, 'x', { a: null }], b: new Set([1.5, 'x']) }]]))
  for (let n = 0; n < good.length; n++) expect(() => decodePlain(good.subarray(0, n))).toThrow(BrokenDataError)
  expect(() => decodePlain(Uint8Array.of(...good, 0))).toThrow('more bytes than data')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => good.with(at, byte)),
      ),
      (bytes) => {
        let thrown: unknown = null
        try {
          decodePlain(bytes)
        } catch (error) {
          thrown = error
        }
        expect(thrown === null || thrown instanceof BrokenDataError).toBe(true)
      },
    ),
    { numRuns: 5000 },
  )
  for (const tag of [8, 10, 13, 14]) {
    expect(() => decodePlain(Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow(BrokenDataError)
  }
})
