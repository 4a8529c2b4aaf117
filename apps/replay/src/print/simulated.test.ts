import { scenarios } from '@devtrail/simulation'
import { expect, test } from 'vitest'
import { scenariosText } from './simulated.ts'
import { styleOf } from './style.ts'
import { widthOf } from './text.ts'

test.each([60, 80, 200])('the list of scenarios fits 80 columns, all of it, on a terminal of %i', (columns) => {
  const text = scenariosText(scenarios, styleOf({ isTTY: true, columns }, {}, false))
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(Math.min(columns, 80))
  const words = text.split(/\s+/)
  for (const { name, says } of scenarios) for (const word of [name, ...says.split(' ')]) expect(words).toContain(word)
})
