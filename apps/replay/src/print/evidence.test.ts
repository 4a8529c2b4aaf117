import { Facts, type AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { Names, vocabulary } from '@devtrail/survey'
import { evidenceLines } from './evidence.ts'
import { styleOf } from './style.ts'
import { widthOf } from './text.ts'

const names = new Names(new Facts(vocabulary), new Map(), new Map(), new Map())
const event: AnyEvent = {
  seq: 1,
  entry: 1,
  time: 0,
  device: null,
  cpu: 0,
  actor: null,
  cause: [],
  type: 'kernel/marked',
  data: { text: 'x'.repeat(200) },
}

test('lines are cut to the width of a terminal, and whole in a pipe', () => {
  const [piped] = evidenceLines([event], names, styleOf({}, {}), 6)
  expect(piped).toContain('x'.repeat(200))
  const [shown] = evidenceLines([event], names, styleOf({ isTTY: true, columns: 80 }, {}, false), 6)
  expect(shown).toMatch(/x…$/)
  expect(widthOf(shown!)).toBe(78)
})
