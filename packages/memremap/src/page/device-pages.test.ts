import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DevicePages, RANGE_PAGES_MAX } from './device-pages.ts'
import { Memmap } from './memmap.ts'

test('pages begin idle: 1, 0 where they are handed out one by one, 0 for tails', () => {
  expect(new DevicePages('a', 0x100000, 0x1001ff).count(0x100000)).toBe(1)
  expect(new DevicePages('a', 0x100000, 0x1001ff, { idle: 0 }).count(0x100000)).toBe(0)
  const compound = new DevicePages('a', 0x100000, 0x1003ff, { order: 9 })
  expect([0x100000, 0x100001, 0x1001ff, 0x100200].map((pfn) => compound.count(pfn))).toEqual([1, 0, 0, 1])
  expect([compound.headOf(0x1001ff), compound.headOf(0x1003ff), compound.heads]).toEqual([0x100000, 0x100200, 2])
})

test('a range may be empty, and has a limit', () => {
  expect(new DevicePages('a', 5, 4).heads).toBe(0)
  expect(() => new DevicePages('a', 0, RANGE_PAGES_MAX)).toThrow('map it in several ranges')
})

test('counts are those of a plain map of pages', () => {
  const pfns = fc.integer({ min: 0x100, max: 0x11f })
  fc.assert(
    fc.property(fc.array(fc.tuple(pfns, fc.integer({ min: -2, max: 1024 }))), fc.constantFrom(0, 2), (adds, order) => {
      const pages = new DevicePages('a', 0x100, 0x11f, { order })
      const oracle = new Map<number, number>()
      for (const [pfn, n] of adds) {
        const head = pages.headOf(pfn)
        oracle.set(head, (oracle.get(head) ?? 1) + n)
        expect(pages.add(head, n)).toBe(oracle.get(head)! - 1)
      }
      for (const [pfn, count] of oracle) expect(pages.count(pfn)).toBe(count)
      expect(pages.referenced()).toEqual(new Map([...oracle].filter(([, count]) => count !== 1).toSorted(([a], [b]) => a - b)))
    }),
  )
})

test('a pfn finds its pages until they go; neighbours, and what lies between, are told apart', () => {
  const memmap = new Memmap<string>()
  const [a, b] = [new DevicePages('a', 0x200, 0x3ff), new DevicePages('b', 0x500, 0x5ff)]
  memmap.add(a)
  memmap.add(b)
  expect([0x1ff, 0x200, 0x3ff, 0x400, 0x500, 0x5ff, 0x600].map((pfn) => memmap.at(pfn)?.pagemap ?? null)).toEqual([
    null,
    'a',
    'a',
    null,
    'b',
    'b',
    null,
  ])
  a.setCount(0x3ff, 7)
  expect([memmap.count(0x3ff), memmap.count(0x400)]).toEqual([7, 0])
  memmap.remove(a)
  expect(memmap.at(0x3ff)).toBe(null)
  expect(memmap.at(0x500)).toBe(b)
})

test('where ranges overlap, the page of a pfn is one page: its count stays when the newer pagemap takes it', () => {
  const memmap = new Memmap<string>()
  const [a, b] = [new DevicePages('a', 0x200, 0x3ff), new DevicePages('b', 0x300, 0x4ff)]
  memmap.add(a)
  a.setCount(0x350, 3)
  memmap.add(b)
  expect(memmap.at(0x200)).toBe(a)
  expect([memmap.at(0x350)?.pagemap, memmap.count(0x350), memmap.count(0x400)]).toEqual(['b', 3, 1])
})
