import { expect, test } from 'vitest'
import type { AnyEvent } from './envelope.ts'
import { declareEvents } from './declare.ts'
import { EventRow, placesOf } from './event-row.ts'
import { f } from './f.ts'

const { declarations } = declareEvents('sample', {
  measured: {
    version: 1,
    doc: 'Everything was measured at once.',
    fields: {
      pagemap: f.opt(f.pagemap('a pagemap')),
      pointer: f.opt(f.pointer('an identity')),
      word: f.opt(f.u64('a 64-bit word')),
      delta: f.int('a signed number'),
      sure: f.opt(f.bool('whether it is sure')),
      mode: f.opt(f.oneOf(['percpu', 'atomic'], 'the mode')),
    },
  },
  said: { version: 1, doc: 'Something was said.', fields: { text: f.text('what') } },
})

const full = { pagemap: 3, pointer: '0xff3fdf9170e6c0b0', word: 0xffff_fff0_0000_0001n, delta: -7, sure: false, mode: 'atomic' }
const event = (data: AnyEvent['data'], more: Partial<AnyEvent> = {}): AnyEvent => ({
  seq: 8,
  entry: 5,
  time: 12_000,
  device: null,
  cpu: 1,
  actor: { pid: 7, comm: 'pin' },
  cause: [6],
  context: 'd....',
  source: 'grab',
  where: 'try_grab_page+0x0/0x10',
  type: 'sample/measured',
  data,
  ...more,
})

test.each([
  ['all there', full],
  ['nulls', { pagemap: null, pointer: null, word: null, delta: 0, sure: null, mode: null }],
  ['a pointer of one digit', { ...full, pointer: '0x0', word: 0n }],
  ['a pointer of 33 bits, whose lower half has zeros in front', { ...full, pointer: '0x10000000a', sure: true, mode: 'percpu' }],
])('an event is the same after it was numbers: %s', (_, data) => {
  const row = new EventRow('sample/measured', declarations.measured)
  expect(row.become(event(data))).toBe(true)
  expect(row.event()).toEqual(event(data))
  expect(row.become(event(full, { cause: [], seq: 9 }))).toBe(true)
  expect(row.event()).toEqual(event(full, { cause: [], seq: 9 }))
})

test('fields stand in the order in which they are declared', () => {
  expect(placesOf(declarations.measured)).toEqual({ pagemap: 0, pointer: 1, word: 2, delta: 3, sure: 4, mode: 5 })
})

test('what has no form in numbers is said to have none', () => {
  const row = new EventRow('sample/measured', declarations.measured)
  expect(row.become(event({ ...full, pointer: 'somewhere' }))).toBe(false)
  expect(row.become(event({ ...full, pointer: '0x01' }))).toBe(false)
  for (const odd of [
    { device: 1 },
    { entry: null },
    { cpu: null },
    { actor: null },
    { cause: [1, 2] },
    { inferred: true as const },
    { host: 1 },
  ])
    expect(row.become(event(full, odd))).toBe(false)
  expect(() => new EventRow('sample/said', declarations.said)).toThrow('sample/said has no rows: text is text')
})
