import { expect, test } from 'vitest'
import { closest, didYouMean } from './suggest.ts'

const words = ['memremap/grabbed', 'memremap/put', 'devres/added', 'memremap']

test('the nearest words come first, also by the part behind the slash', () => {
  expect(closest('memrmap', words)[0]).toBe('memremap')
  expect(closest('grabed', words)[0]).toBe('memremap/grabbed')
  expect(closest('devres/aded', words)[0]).toBe('devres/added')
})

test('nothing is suggested for what is nothing like any of them', () => {
  expect(closest('xyzzy', words)).toEqual([])
  expect(didYouMean('xyzzy', words)).toBe('')
  expect(didYouMean('memrmap', ['memremap'])).toBe('; did you mean memremap?')
})
