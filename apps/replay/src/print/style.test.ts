import { expect, test } from 'vitest'
import { styleOf, wantsColour } from './style.ts'

test('colour needs a terminal, and nobody who forbids it', () => {
  expect(wantsColour({ isTTY: true }, { TERM: 'xterm' })).toBe(true)
  expect(wantsColour({}, { TERM: 'xterm' })).toBe(false)
  expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
  expect(wantsColour({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' })).toBe(false)
  expect(wantsColour({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '' })).toBe(true)
  expect(wantsColour({ isTTY: true }, { TERM: 'xterm' }, false)).toBe(false)
})

test('FORCE_COLOR gives colour to a pipe, NO_COLOR outranks it', () => {
  expect(wantsColour({}, { FORCE_COLOR: '1' })).toBe(true)
  expect(wantsColour({}, { FORCE_COLOR: '0' })).toBe(false)
  expect(wantsColour({}, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
})

test('without colour a style adds nothing; with it, text is wrapped in escapes', () => {
  expect(styleOf({}, {}).bad('x')).toBe('x')
  expect(styleOf({}, { FORCE_COLOR: '1' }).bad('x')).toContain('\u001b[')
  expect(styleOf({}, { FORCE_COLOR: '1' }).bad('')).toBe('')
})

test('prose is as wide as the terminal, within limits; 100 columns for a pipe', () => {
  expect(styleOf({}, {}).width).toBe(100)
  expect(styleOf({ isTTY: true, columns: 80 }, {}).width).toBe(80)
  expect(styleOf({ isTTY: true, columns: 300 }, {}).width).toBe(120)
  expect(styleOf({ isTTY: true, columns: 10 }, {}).width).toBe(60)
})
