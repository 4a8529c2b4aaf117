import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecordingError } from '../errors.ts'
import { Btf } from './btf.ts'
import { makeBtf, type BtfType } from './btf.test-support.ts'

const INT = 1
const POINTER = 2
const ARRAY = 3
const STRUCT = 4
const UNION = 5
const TYPEDEF = 8
const CONST = 10
const FUNC = 12
const PROTO = 13

const TYPES: BtfType[] = [
  { kind: INT, name: 'int', value: 4, words: [32] },
  { kind: POINTER, value: 1 },
  // struct range { int start; int end }
  { kind: STRUCT, name: 'range', value: 8, members: 2, words: ['start', 1, 0, 'end', 1, 32] },
  // An unnamed union of a range and a pointer, at byte 8 of struct map; behind it a typedef of a const int, and an array.
  { kind: UNION, value: 8, members: 2, words: ['range', 3, 0, 'ops', 2, 0] },
  { kind: CONST, value: 1 },
  { kind: TYPEDEF, name: 'count_t', value: 5 },
  { kind: ARRAY, value: 0, words: [1, 1, 3] },
  { kind: STRUCT, name: 'map', value: 40, members: 4, words: ['owner', 2, 0, 0, 4, 64, 'count', 6, 128, 'slots', 7, 160] },
  // Bit fields: the size of each in the highest byte.
  { kind: STRUCT, name: 'flags', value: 8, members: 2, flag: true, words: ['ready', 1, 3 + 2 * 2 ** 24, 'rest', 1, 32] },
  { kind: PROTO, value: 1, members: 2, words: ['pgmap', 2, 'nid', 1] },
  { kind: FUNC, name: 'memremap_pages', value: 10 },
]

describe.each([true, false])('little-endian: %s', (little) => {
  const btf = new Btf(makeBtf(TYPES, little))

  it('finds members, also of unnamed unions and through typedefs', () => {
    expect(btf.member('map.owner')).toEqual({ offset: 0, size: 8 })
    expect(btf.member('map.range.end')).toEqual({ offset: 12, size: 4 })
    expect(btf.member('map.ops')).toEqual({ offset: 8, size: 8 })
    expect(btf.member('map.count')).toEqual({ offset: 16, size: 4 })
    expect(btf.member('map.slots')).toEqual({ offset: 20, size: 12 })
    expect(btf.sizeOf('map')).toBe(40)
  })

  it('finds nothing where there is nothing, nor an address of a bit field', () => {
    expect(btf.member('map.nothing')).toBeNull()
    expect(btf.member('nothing.owner')).toBeNull()
    expect(btf.member('map.owner.deeper')).toBeNull()
    expect(btf.member('flags.ready')).toBeNull()
    expect(btf.member('flags.rest')).toEqual({ offset: 4, size: 4 })
    expect(btf.sizeOf('nothing')).toBeNull()
  })

  it('names the parameters of functions', () => {
    expect(btf.parameters('memremap_pages')).toEqual(['pgmap', 'nid'])
    expect(btf.parameters('nothing')).toBeNull()
  })
})

describe('what is none', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('not a kernel at all, whatever it is')],
    ['a cut one', makeBtf(TYPES).subarray(0, 100)],
    ['one with a kind that does not exist', makeBtf([{ kind: 30, value: 0 }])],
  ])('%s is refused with what to do', (_, bytes) => {
    expect(() => new Btf(bytes)).toThrow(RecordingError)
    expect(() => new Btf(bytes)).toThrow(/not the BTF of a kernel.*copy \/sys\/kernel\/btf\/vmlinux/)
  })

  it('types that stand for themselves end in an error, not in a loop', () => {
    const btf = new Btf(
      makeBtf([
        { kind: TYPEDEF, name: 'a', value: 1 },
        { kind: STRUCT, name: 's', value: 4, members: 1, words: ['x', 1, 0] },
      ]),
    )
    expect(() => btf.member('s.x')).toThrow('a type stands for itself')
  })

  it('a structure within itself ends', () => {
    const btf = new Btf(makeBtf([{ kind: STRUCT, name: 's', value: 4, members: 1, words: [0, 1, 0] }]))
    expect(btf.member('s.x')).toBeNull()
  })

  it('any bytes changed are refused or answered', () => {
    const whole = makeBtf(TYPES)
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = whole.slice()
        for (const [at, to] of changes) bytes[at] = to
        try {
          const btf = new Btf(bytes)
          btf.member('map.range.end')
          btf.parameters('memremap_pages')
          return true
        } catch (error) {
          return error instanceof RecordingError
        }
      }),
      { numRuns: 3000 },
    )
  })
})

it('unnamed structures that hold each other many times are refused, not followed for ever', () => {
  // Each of twenty structures has four unnamed members of the next one.
  const nested = Array.from({ length: 20 }, (_, i): BtfType => ({
    kind: STRUCT,
    ...(i === 0 ? { name: 'bomb' } : {}),
    value: 8,
    members: 4,
    words: Array.from({ length: 4 }, () => ['', i + 2, 0]).flat(),
  }))
  const btf = new Btf(makeBtf([...nested, { kind: STRUCT, value: 8 }]))
  expect(() => btf.member('bomb.x')).toThrow(RecordingError)
})
