import { expect, test } from 'vitest'
import { bytesFrom, countFrom } from './size.ts'

test.each([
  ['4096', 4096],
  ['0x1000', 4096],
  ['48M', 48 << 20],
  ['1GiB', 2 ** 30],
])('bytes: %s', (text, bytes) => {
  expect(bytesFrom(text, '--size')).toBe(bytes)
})

test.each([
  ['16', 16],
  ['0x10', 16],
])('a count: %s', (text, count) => {
  expect(countFrom(text, '--from')).toBe(count)
})

test('anything else is refused with the option', () => {
  for (const text of ['', '-1', '1.5', '0x', '1e3', '4K', '99999999999999999999'])
    expect(() => countFrom(text, '--from')).toThrow(`--from ${text}: a number was expected`)
})
