import { expect, it } from 'vitest'
import { errno, errnoName } from './errno.ts'

it('a negative errno is named with its sign, as the kernel writes it', () => {
  expect(errnoName(-16)).toBe('-EBUSY')
  expect(errnoName(-517)).toBe('-EPROBE_DEFER')
  expect(errnoName(6)).toBe('ENXIO')
})

it('0 and numbers without a name stay numbers', () => {
  expect(errnoName(0)).toBe('0')
  expect(errnoName(-4000)).toBe('-4000')
  expect(errnoName(4000)).toBe('4000')
})

it('every constant bears the name of its number', () => {
  for (const [name, value] of Object.entries(errno)) expect(errnoName(value)).toBe(`-${name}`)
})
