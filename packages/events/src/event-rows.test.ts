import { expect, test } from 'vitest'
import type { AnyEvent } from './envelope.ts'
import { declareEvents, Vocabulary } from './declare.ts'
import { placesOf, rowsOf, TypeRows } from './event-rows.ts'
import { f } from './f.ts'

const catalogue = declareEvents('sample', {
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

const { declarations } = catalogue
const vocabulary = new Vocabulary([catalogue])
const again = (...events: AnyEvent[]): AnyEvent[] | undefined => {
  const rows = rowsOf(events, vocabulary)
  return rows === null ? undefined : [...rows.events()]
}

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
  const events = [
    event(data),
    event(full, { cause: [], seq: 9, source: 'put' }),
    event(data, { seq: 10, actor: { pid: 8, comm: 'pin' }, context: '.....', entry: 7, time: 1, cpu: 0 }),
  ]
  expect(again(...events)).toEqual(events)
})

test('fields stand in the order in which they are declared', () => {
  expect(placesOf(declarations.measured)).toEqual({ pagemap: 0, pointer: 1, word: 2, delta: 3, sure: 4, mode: 5 })
})

test('what has no form in numbers is said to have none', () => {
  const has = (...events: AnyEvent[]): boolean => again(event(full, { seq: 7 }), ...events) !== undefined
  expect(has(event(full))).toBe(true)
  expect(has(event({ ...full, pointer: 'somewhere' }))).toBe(false)
  expect(has(event({ ...full, pointer: '0x01' }))).toBe(false)
  for (const odd of [
    { device: 1 },
    { entry: null },
    { cpu: null },
    { actor: null },
    { cause: [1, 2] },
    { inferred: true as const },
    { host: 1 },
    { type: 'sample/said', data: { text: 'hello' } },
  ])
    expect(has(event(full, odd))).toBe(false)
  expect(() => new TypeRows('sample/said', declarations.said, 1)).toThrow('sample/said has no rows: text is text')
})
