import { expect, test } from 'vitest'
import { bytes, count, number, plural, range } from './units.ts'

test('bytes are said in the largest unit that fits, with one digit behind the point at most', () => {
  expect([0, 24, 4096, 1054867456, 2 ** 40, 1536].map(bytes)).toEqual(['0 B', '24 B', '4 KiB', '1006 MiB', '1 TiB', '1.5 KiB'])
  expect(bytes(1n << 30n)).toBe('1 GiB')
})

test('numbers from 10 000 on are set in groups of three', () => {
  expect([0, 9999, 10_000, 154_768, 1_234_567].map(number)).toEqual(['0', '9999', '10 000', '154 768', '1 234 567'])
  expect(plural(1, 'entry', 'entries')).toBe('1 entry')
  expect(plural(2, 'entry', 'entries')).toBe('2 entries')
})

test('a count is exact, bounded or unknown', () => {
  expect(count(2)).toBe('2')
  expect(count({ atLeast: 1, atMost: null })).toBe('≥ 1')
  expect(count({ atLeast: 1, atMost: 3 })).toBe('1–3')
  expect(count(null)).toBe('?')
  expect(count(undefined)).toBe('?')
})

test("a range's end is inclusive", () => {
  expect(range('0x100000000', '0x13fffffff')).toBe('0x100000000–0x13fffffff (1 GiB)')
  expect(range('0x0', '0xffffffffffffffff')).toBe('0x0–0xffffffffffffffff (16384 PiB)')
})
