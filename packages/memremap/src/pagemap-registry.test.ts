/** References to pages. Vectors are those of the memremap notes, by section and number. Physical 4 GiB is pfn 0x100000. */
import { describe, expect, test } from 'vitest'
import { GIB, Machine } from '../test/machine.ts'
import { pmemLayout } from './altmap/pmem-layout.ts'
import { foll } from './page/foll.ts'
import { pageCount, refCount } from './pagemap/dev-pagemap.ts'

describe('the seed', () => {
  test('section 4, vectors 1 and 2: a page reference holds the pagemap until it is put', () => {
    const { registry, ...m } = machine('seed')
    const p = m.map(4n * GIB)
    expect(registry.getUserPages(0x100000, 8, foll.GET)).toBe(8)
    expect([refCount(p), pageCount(p, 0x100007)]).toEqual([9, 2])
    expect(registry.putPages(0x100000, 8, 'get', 'put_page')).toBe('idle')
    expect([refCount(p), pageCount(p, 0x100007)]).toEqual([1, 1])
  })

  test('section 4, vector 8: a table that runs into a dying pagemap is given back whole', () => {
    const { registry, ...m } = machine('seed')
    const [a, b] = [m.map(4n * GIB), m.map(5n * GIB)]
    b.ref.kill()
    expect(registry.getUserPages(0x13fffc, 8, foll.GET)).toBe(0)
    expect([refCount(a), refCount(b), registry.countOf(0x13fffc)]).toEqual([1, 0, 1])
  })
})

describe('get_user_pages, linux-6.1', () => {
  test('section 4, vector 4: the walk holds the pagemap once and only as long as it lasts', () => {
    const { registry, ...m } = machine()
    const p = m.map(4n * GIB)
    const before = refCount(p)
    expect(registry.getUserPages(0x100000, 8, foll.GET)).toBe(8)
    expect(refCount(p)).toBe(before)
    expect([0x100000, 0x100007, 0x100008].map((pfn) => registry.countOf(pfn))).toEqual([2, 2, 1])
  })

  test('section 4, vector 5: once killed no page is taken', () => {
    const { registry, ...m } = machine()
    const p = m.map(4n * GIB)
    const held = registry.getDevPagemap(0x100000)
    expect(registry.memunmapPages(p)).toBe(false)
    expect(registry.getUserPages(0x100000, 8, foll.GET)).toBe(0)
    registry.putDevPagemap(held)
  })

  test('section 4, vectors 7 and 8: where two pagemaps meet the first is put; a dying second undoes the table', () => {
    const { registry, ...m } = machine()
    const [a, b] = [m.map(4n * GIB), m.map(5n * GIB)]
    const before = [refCount(a), refCount(b)]
    expect(registry.getUserPages(0x13fffc, 8, foll.PIN)).toBe(8)
    expect([refCount(a), refCount(b)]).toEqual(before)
    const held = registry.getDevPagemap(0x140000)
    expect(registry.memunmapPages(b)).toBe(false)
    expect(registry.getUserPages(0x13fff0, 32, foll.GET)).toBe(0)
    expect(registry.countOf(0x13fff0)).toBe(1)
    expect(refCount(a)).toBe(before[0])
    registry.putDevPagemap(held)
  })

  test('section 3, vector 21: a pin counts 1024', () => {
    const { registry, ...m } = machine()
    m.map(4n * GIB)
    registry.grabPage(0x100000, foll.PIN)
    expect(registry.countOf(0x100000)).toBe(1025)
    expect(registry.putPage(0x100000, 'pin')).toBe('idle')
  })

  test('ordinary memory and the pages of the altmap are not of the device', () => {
    const m = new Machine()
    m.mapped(4n * GIB, GIB, { altmap: pmemLayout(4n * GIB, GIB, 'dev')!.altmap })
    expect([0x42, 0x1011ff, 0x101200].map((pfn) => m.registry.grabPage(pfn, foll.GET))).toEqual([false, false, true])
    expect(m.events.filter((e) => e.type === 'memremap/grab-refused').length).toBe(2)
  })

  test('section 4, vector 22: unmapping does not wait for a page that somebody still has', () => {
    const { registry, ...m } = machine()
    const p = m.map(4n * GIB)
    registry.getUserPages(0x100000, 1, foll.GET)
    expect(registry.memunmapPages(p)).toBe(true)
    expect(pageCount(p, 0x100000)).toBe(2)
    expect(registry.putPage(0x100000)).toBe('gone')
  })

  test('a broken promise throws: both kinds at once', () => {
    const { registry, ...m } = machine()
    m.map(4n * GIB)
    expect(() => registry.grabPage(0x100000, foll.GET | foll.PIN)).toThrow('FOLL_PIN')
  })
})

/** A machine that maps 1 GiB at an address. */
function machine(rules: 'seed' | 'linux-6.1' = 'linux-6.1') {
  const m = new Machine({ rules })
  const map = (start: bigint) => (rules === 'seed' ? m.seedMapped(start, GIB) : m.mapped(start, GIB))
  return { registry: m.registry, map }
}
