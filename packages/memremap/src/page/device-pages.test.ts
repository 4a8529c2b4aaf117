import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryType } from '../pagemap/memory-type.ts'
import { PagemapRegistry } from '../pagemap-registry.ts'
import { DevicePages, RANGE_PAGES_MAX } from './device-pages.ts'
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import { memremapRules } from '../rules.ts'
import { StructPages, type PageOwner } from './struct-pages.ts'

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

test('of 1 TiB only what lies about a touched page is looked through, also where references are counted without a look-up', () => {
  const registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
  const p = registry.memremapPages(1, { start: 0x100000000n, end: 0x100000000n + (1n << 40n) - 1n }, memoryType.FS_DAX)
  if (typeof p === 'number') throw new Error(`refused with ${p}`)
  const last = 0x100000 + 2 ** 28 - 1
  for (const pfn of [0x100000, 0x3456789, last]) registry.references.getPage(pfn)
  const { pages } = p.range
  expect(pages!.touchedBlocks).toBe(3)
  expect([...pages!.referenced()]).toEqual([
    [0x100000, 2],
    [0x3456789, 2],
    [last, 2],
  ])
})

const owner = (id: number): PageOwner => ({ id, pointer: `0x${id}`, type: 3 })
const structPages = (): StructPages<PageOwner> => new StructPages(new Emitter(new ManualClock()), memremapRules.seed)

test('a pfn finds its pages until they go; neighbours, and what lies between, are told apart', () => {
  const all = structPages()
  const a = all.initDevice(owner(1), { devFirst: 0x200, last: 0x3ff })
  const b = all.initDevice(owner(2), { devFirst: 0x500, last: 0x5ff })
  const finds = [0x1ff, 0x200, 0x3ff, 0x400, 0x500, 0x5ff, 0x600].map((pfn) => all.at(pfn)?.pagemap.id ?? null)
  expect(finds).toEqual([null, 1, 1, null, 2, 2, null])
  a.setCount(0x3ff, 7)
  expect([all.count(0x3ff), all.count(0x400)]).toEqual([7, 0])
  all.removed(0x100, 0x400)
  expect(all.at(0x3ff)).toBe(null)
  expect(all.at(0x500)).toBe(b)
})

test('section 1, vector 12: where ranges overlap the page of a pfn is one page, and its count stays when the newer pagemap takes it', () => {
  const all = structPages()
  const a = all.initDevice(owner(1), { devFirst: 0x200, last: 0x3ff })
  a.setCount(0x350, 3)
  all.initDevice(owner(2), { devFirst: 0x300, last: 0x4ff })
  expect(all.at(0x200)).toBe(a)
  expect([all.at(0x350)?.pagemap.id, all.count(0x350), all.count(0x400)]).toEqual([2, 3, 1])
})
