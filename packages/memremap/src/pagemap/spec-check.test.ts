/** What no pagemap can be is refused before anything is done. */
import { expect, test } from 'vitest'
import { GIB, Machine, MIB, rangeOf } from '../../test/machine.ts'
import { RANGE_PAGES_MAX } from '../page/device-pages.ts'
import type { RulesName } from '../rules.ts'
import { memoryType } from './memory-type.ts'

const TIB = 1n << 40n
/** What is left of an attempt: events, sections, pagemaps. */
const left = (m: Machine): number[] => [m.events.length, m.registry.machine.sections.count(0, 2 ** 40 - 1), m.registry.pagemaps.length]

test('a range has up to 16 TiB, whichever way it comes', () => {
  const m = new Machine()
  const seed = new Machine({ rules: 'seed' })
  const tooLarge = rangeOf(4n * GIB, 16n * TIB + 2n * MIB)
  const managed = { ranges: [rangeOf(64n * TIB, GIB), tooLarge], type: memoryType.FS_DAX }
  expect(() => m.map(tooLarge.start, 16n * TIB + 2n * MIB)).toThrow('map it in several ranges')
  expect(() => m.registry.devmMemremapPages(m.device(), managed)).toThrow('map it in several ranges')
  const ref = seed.driverRef()
  seed.events.length = 0
  expect(() => seed.registry.devmMemremapPages(seed.device(), tooLarge, ref)).toThrow('map it in several ranges')
  expect([left(m), left(seed)]).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ])
})

test('one of exactly 16 TiB is mapped, and unmapped', () => {
  const m = new Machine()
  const p = m.mapped(4n * GIB, 16n * TIB)
  expect([p.range.pages!.heads, m.registry.memunmapPages(p), m.registry.pagemaps.length]).toEqual([RANGE_PAGES_MAX, true, 0])
})

test.each([
  [undefined, {}],
  [Number.NaN, {}],
  [2.5, {}],
  [memoryType.FS_DAX, { vmemmapShift: 60 }],
  [memoryType.FS_DAX, { vmemmapShift: -1 }],
  [memoryType.FS_DAX, { vmemmapShift: 0.5 }],
])('type %s with %o is no pagemap', (type, options) => {
  const m = new Machine()
  expect(() => m.registry.memremapPages(1, rangeOf(4n * GIB, GIB), type as number, options)).toThrow(RangeError)
  expect(left(m)).toEqual([0, 0, 0])
})

test('a range that ends before it begins is none', () => {
  expect(() => new Machine().registry.memremapPages(1, { start: 4n * GIB, end: 3n * GIB }, memoryType.FS_DAX)).toThrow(RangeError)
})

test('a pagemap is unmapped where it was mapped', () => {
  const [m, other] = [new Machine(), new Machine()]
  const p = m.mapped(4n * GIB, GIB)
  other.mapped(4n * GIB, GIB)
  expect(() => other.registry.memunmapPages(p)).toThrow('of another machine')
  expect([p.phase, other.registry.pagemaps.length, m.registry.memunmapPages(p)]).toEqual(['live', 1, true])
})

test('rules that are not known are named, with those that are', () => {
  expect(() => new Machine({ rules: 'linux-9' as RulesName })).toThrow("no rules 'linux-9'; known are seed, linux-6.1")
})
