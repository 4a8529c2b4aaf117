import { expect, test } from 'vitest'
import { clip, padEnd, padStart, visible, widthOf, wrap } from './text.ts'

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`

test('widths leave colours out', () => {
  expect(widthOf(red('abc'))).toBe(3)
  expect(padEnd(red('ab'), 4)).toBe(`${red('ab')}  `)
  expect(padStart(red('ab'), 4)).toBe(`  ${red('ab')}`)
  expect(padEnd('abcdef', 2)).toBe('abcdef')
})

test('prose is broken at spaces, and never inside a word', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrap('one two three', 8, '  ')).toEqual(['one two', '  three'])
  expect(wrap('averyveryverylongword x', 5)).toEqual(['averyveryverylongword', 'x'])
  expect(wrap('', 5)).toEqual([''])
})

test('no wrapped line is wider than asked for while its words allow it', () => {
  for (const line of wrap('the quick brown fox jumps over the lazy dog '.repeat(5).trim(), 20, '    '))
    expect(widthOf(line)).toBeLessThanOrEqual(20)
})

test('a clipped text keeps its colours closed', () => {
  expect(clip('abcdef', 6)).toBe('abcdef')
  expect(clip('abcdef', 4)).toBe('abc…')
  expect(clip(`${red('abc')}def`, 5)).toBe(`${red('abc')}d…`)
  expect(clip(red('abcdef'), 4)).toBe(red('abc…'))
  expect(widthOf(clip(`x${red('abcdef')}y`, 4))).toBe(4)
})

test('control characters of a recording cannot steer the terminal', () => {
  expect(visible('a\u001b[2Jb\nc\td\u0007')).toBe('a\\x1b[2Jb\\nc\\td\\x07')
})
