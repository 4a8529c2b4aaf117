import { describe, expect, it } from 'vitest'
import { TextFields } from './text/fields.ts'
import { errnoOf, errPtr, int, pointer, string, u64 } from './values.ts'

const fields = new TextFields(
  new Map(
    Object.entries({
      small: '12',
      negative: '-9223372036854775807',
      minusOne: '-1',
      hex: '0xff3fdf9170e6c0b0',
      upper: '0xFF',
      largest: '18446744073709551615',
      unsafe: '9007199254740992',
      safe: '-9007199254740991',
      faulted: '(fault)',
      word: 'pmem0',
      null: '0x0',
      wide: '0x10000000000000000',
      enxio: '0xfffffffa',
      enxio64: '0xfffffffffffffffa',
      positive: '6',
      empty: '',
    }),
  ),
)

describe('a 64-bit word', () => {
  it('wraps when it is printed signed', () => {
    expect(u64(fields, 'negative')).toBe((1n << 63n) + 1n)
    expect(u64(fields, 'minusOne')).toBe((1n << 64n) - 1n)
  })

  it('is exact, in decimal or hex', () => {
    expect(u64(fields, 'hex')).toBe(0xff3fdf9170e6c0b0n)
    expect(u64(fields, 'largest')).toBe((1n << 64n) - 1n)
    expect(u64(fields, 'upper')).toBe(255n)
  })

  it.each(['faulted', 'missing', 'word', 'wide', 'empty'])('is not known of %s', (name) => {
    expect(u64(fields, name)).toBeNull()
    expect(int(fields, name)).toBeNull()
    expect(pointer(fields, name)).toBeNull()
  })
})

describe('a number', () => {
  it('keeps its sign', () => {
    expect(int(fields, 'minusOne')).toBe(-1)
    expect(int(fields, 'safe')).toBe(Number.MIN_SAFE_INTEGER)
  })

  it('that a double cannot hold is not known', () => {
    for (const name of ['unsafe', 'negative', 'hex', 'largest']) expect(int(fields, name)).toBeNull()
  })
})

describe('a pointer', () => {
  it('is lower-case hex, and NULL is none', () => {
    expect(pointer(fields, 'hex')).toBe('0xff3fdf9170e6c0b0')
    expect(pointer(fields, 'upper')).toBe('0xff')
    expect(pointer(fields, 'null')).toBeNull()
  })
})

describe('a returned errno', () => {
  it('is the low 32 bits, signed, however the register was printed', () => {
    for (const name of ['enxio', 'enxio64']) expect(errnoOf(fields, name)).toBe(-6)
    expect(errnoOf(fields, 'minusOne')).toBe(-1)
    expect(errnoOf(fields, 'positive')).toBe(6)
    expect(errnoOf(fields, 'null')).toBe(0)
  })
})

describe('an ERR_PTR', () => {
  it('is one of the last 4095 addresses', () => {
    expect(errPtr(0xffff_ffff_ffff_fff4n)).toBe(-12)
    expect(errPtr(0xffff_ffff_ffff_ffffn)).toBe(-1)
    expect(errPtr(0xffff_ffff_ffff_f001n)).toBe(-4095)
  })

  it('anything below is an ordinary pointer', () => {
    expect(errPtr(0xffff_ffff_ffff_f000n)).toBeNull()
    expect(errPtr(0xff3f_df91_70e6_c0b0n)).toBeNull()
    expect(errPtr(0n)).toBeNull()
  })
})

describe('a string', () => {
  it('is what was printed; a fault is none', () => {
    expect(string(fields, 'word')).toBe('pmem0')
    expect(string(fields, 'empty')).toBe('')
    expect(string(fields, 'faulted')).toBeNull()
    expect(string(fields, 'missing')).toBeNull()
  })
})
