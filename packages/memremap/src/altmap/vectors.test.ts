/** Vectors of the notes on the altmap (memremap, section 2 (c)) that take a mapping, by number. Base 0x100000 is 4 GiB. */
import { describe, expect, test } from 'vitest'
import { GIB, Machine, MIB } from '../../test/machine.ts'
import { pfnEnd, pfnFirst, pfnLen } from '../pagemap/dev-pagemap.ts'
import { altmapAlloc, newAltmap } from './altmap.ts'
import { pmemLayout } from './pmem-layout.ts'

const BASE = 0x100000
const layout = (size: bigint) => pmemLayout(4n * GIB, size, 'dev')!.altmap!
const allocated = (m: Machine): unknown[] =>
  m.events.filter((e) => e.type === 'memremap/altmap-allocated').map((e) => [e.data['blocks'], e.data['pfn'], e.data['pad']])

describe.each(['seed', 'linux-6.1'] as const)('%s', (rules) => {
  const map = (m: Machine, size: bigint, altmap = layout(size)) =>
    rules === 'seed' ? m.seedMapped(4n * GIB, size, m.driverRef(), altmap) : m.mapped(4n * GIB, size, { altmap })

  test('vectors 2, 3 and 4: the struct pages of 1 GiB take eight blocks, to the last page', () => {
    const m = new Machine({ rules })
    const p = map(m, GIB)
    expect(allocated(m)).toEqual([[8, 0x100200, 510]])
    expect(p.altmap).toMatchObject({ alloc: 4096, align: 510 })
    expect(altmapAlloc(p.altmap!, 512)).toBe(null)
    expect([pfnFirst(p), pfnEnd(p), pfnLen(p)]).toEqual([0x101200, 0x140000, 257536])
    expect(m.broken()).toEqual([])
  })

  test.each([
    ['5', 16n * GIB, 128, 0x110200, 4128256],
    ['6', 256n * MIB, 2, 0x100600, 64000],
  ])('vector %s: of other sizes', (_, size, blocks, first, pages) => {
    const m = new Machine({ rules })
    const p = map(m, size)
    expect(allocated(m)).toEqual([[blocks, 0x100200, 510]])
    expect([pfnFirst(p), pfnLen(p)]).toEqual([first, pages])
  })

  test('vector 16: after eight blocks were given back the altmap is added again with the same eight, and no new pad', () => {
    const m = new Machine({ rules })
    const altmap = layout(GIB)
    const p = map(m, GIB, altmap)
    const used = p.altmap!
    if (rules === 'seed') p.ref.kill()
    expect(m.registry.memunmapPages(p)).toBe(true)
    expect(used).toMatchObject({ alloc: 0, align: 510 })
    map(m, GIB, used)
    expect(allocated(m)).toEqual([
      [8, 0x100200, 510],
      [8, 0x100200, 0],
    ])
    expect(m.broken()).toEqual([])
  })

  test('vector 18: one block that is not given back is warned about', () => {
    const m = new Machine({ rules })
    const p = map(m, GIB, newAltmap(BASE, 2, 6000))
    expect(altmapAlloc(p.altmap!, 512)).toBe(0x101200)
    if (rules === 'seed') p.ref.kill()
    expect(m.registry.memunmapPages(p)).toBe(true)
    expect(m.warnings()).toEqual([expect.stringContaining('failed to free all reserved pages')])
    expect(m.broken()).toEqual(['certain memremap/altmap-in-use-at-end'])
  })

  test('a mapping of 1 TiB takes no longer than one of 1 GiB', () => {
    const m = new Machine({ rules })
    map(m, 1024n * GIB)
    expect(allocated(m)).toEqual([[8192, 0x100200, 510]])
    expect(m.events.length).toBeLessThan(20)
  })
})

describe('what is refused', () => {
  test.each([
    ['14: an altmap that begins elsewhere', newAltmap(BASE + 1, 0, 1024), -22],
    ['15: an altmap larger than the range', newAltmap(BASE, 0, 32769), -22],
    ['10 and 11: an altmap with no room for the struct pages', newAltmap(BASE, 0, 511), -12],
    ['12: one whose base is off, so that alignment takes too much', newAltmap(BASE, 1, 1022), -12],
  ])('vector %s', (_, altmap, errno) => {
    const m = new Machine()
    expect(m.map(4n * GIB, 128n * MIB, { altmap })).toBe(errno)
    expect(m.finds(BASE)).toBe(null)
  })

  test('what was taken before it failed stays in use', () => {
    const m = new Machine()
    const altmap = newAltmap(BASE, 0, 1024)
    expect(m.map(4n * GIB, 384n * MIB, { altmap })).toBe(-12)
    expect(altmap).toMatchObject({ alloc: 1024, align: 0 })
    expect(m.registry.machine.sections.present(BASE + 32768)).toBe(true)
    expect(m.registry.machine.sections.present(BASE + 65536)).toBe(false)
    expect(m.warnings()).toEqual(['memunmap_pages: failed to free all reserved pages'])
  })
})

test('vector 15: an altmap as large as the range leaves no page', () => {
  const m = new Machine()
  expect(pfnLen(m.mapped(4n * GIB, 128n * MIB, { altmap: newAltmap(BASE, 0, 32768) }))).toBe(0)
})

test('vector 17: less than a section has its struct pages in RAM, altmap or not', () => {
  const m = new Machine()
  const p = m.mapped(4n * GIB, 2n * MIB, { altmap: newAltmap(BASE, 0, 8) })
  expect(p.altmap).toMatchObject({ alloc: 0 })
  expect(m.events.find((e) => e.type === 'memremap/altmap-ignored')!.data['pages']).toBe(8)
  expect(m.registry.memunmapPages(p)).toBe(true)
  expect(m.broken()).toEqual([])
})
