/** Vectors are those of the memremap notes, by section and number. Physical 4 GiB is pfn 0x100000. */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { newAltmap, type VmemAltmap } from './altmap/altmap.ts'
import { pmemLayout } from './altmap/pmem-layout.ts'
import { newRef, pageCount, type DevPagemap } from './pagemap/dev-pagemap.ts'
import { foll } from './page/foll.ts'
import { memoryType } from './pagemap/memory-type.ts'
import { PagemapRegistry } from './pagemap-registry.ts'
import type { MapOptions } from './pagemap/pagemap-table.ts'
import type { RulesName } from './rules.ts'

const GIB = 1n << 30n
const MIB = 1n << 20n

function machine(rules: RulesName = 'linux-6.1'): { registry: PagemapRegistry; events: AnyEvent[]; emitter: Emitter } {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  emitter.actor = { pid: 7, comm: 'test' }
  return { registry: new PagemapRegistry(emitter, new Ids(), { rules }), events, emitter }
}
function map(
  registry: PagemapRegistry,
  start: bigint,
  size: bigint,
  options: MapOptions = {},
  type: number = memoryType.FS_DAX,
): DevPagemap | number {
  return registry.memremapPages(1, { start, end: start + size - 1n }, type, options)
}
function mapped(registry: PagemapRegistry, start: bigint, size: bigint, options: MapOptions = {}): DevPagemap {
  const p = map(registry, start, size, options)
  if (typeof p === 'number') throw new Error(`refused with ${p}`)
  return p
}
const finds = (registry: PagemapRegistry, pfn: number): number | null => {
  const p = registry.getDevPagemap(pfn)
  registry.putDevPagemap(p)
  return p?.id ?? null
}
const types = (events: readonly AnyEvent[]): string[] => events.map((e) => e.type.slice('memremap/'.length))

describe('memremap_pages, linux-6.1', () => {
  test('says its steps in the order of the kernel, and holds one reference more than it has pages', () => {
    const { registry, events } = machine()
    const p = mapped(registry, 4n * GIB, GIB, { altmap: pmemLayout(4n * GIB, GIB, 'dev')!.altmap })
    const probe = ['lookup-started', 'looked-up']
    expect(types(events)).toEqual([
      'map-requested',
      'map-started',
      ...probe,
      ...probe,
      'memory-add-started',
      'memory-added',
      'pages-initialised',
      'mapped',
    ])
    expect(p.ref.count).toBe(1 + 257536)
    expect(p.altmap!.alloc).toBe(4096)
  })

  test('section 1, vector 11: a lookup finds the pages of the range and no others', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, 16n * GIB)
    expect([0x13ffff, 0x500000, 0x0fffff].map((pfn) => finds(registry, pfn))).toEqual([p.id, null, null])
  })

  test('section 1, vector 20: a range that is not of whole 2 MiB is refused and leaves nothing', () => {
    const { registry, events } = machine()
    expect(map(registry, 4n * GIB + 4096n, GIB)).toBe(-22)
    expect(finds(registry, 0x100001)).toBe(null)
    expect(events.find((e) => e.type === 'memremap/warned')!.data['message']).toBe('Misaligned range')
    expect(events.some((e) => e.type === 'memremap/map-failed' && e.data['errno'] === -22)).toBe(true)
  })

  test('section 1, vector 21: a range around a live one passes the probes, fails, and wipes out the first', () => {
    const { registry } = machine()
    mapped(registry, 4n * GIB + 256n * MIB, 256n * MIB)
    expect(map(registry, 4n * GIB, GIB)).toBe(-17)
    expect(finds(registry, 0x110000)).toBe(null)
  })

  test('a range that begins or ends in a live one is refused with -ENOMEM and harms nothing', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    const count = p.ref.count
    expect(map(registry, 4n * GIB + 512n * MIB, GIB)).toBe(-12)
    expect(finds(registry, 0x120000)).toBe(p.id)
    expect(p.ref.count).toBe(count)
  })

  test('a type that needs callbacks is refused', () => {
    const { registry } = machine()
    expect(map(registry, 4n * GIB, GIB, {}, memoryType.PRIVATE)).toBe(-22)
  })

  test.each([
    ['14: an altmap that begins elsewhere', newAltmap(0x100001, 0, 1024), -22],
    ['15: an altmap larger than the range', newAltmap(0x100000, 0, 32769), -22],
    ['an altmap with no room for the struct pages', newAltmap(0x100000, 0, 511), -12],
  ])('section 2, vector %s is refused', (_, altmap: VmemAltmap, errno) => {
    expect(map(machine().registry, 4n * GIB, 128n * MIB, { altmap })).toBe(errno)
  })

  test('section 2, vectors 15 and 17: an altmap as large as the range leaves no page; 2 MiB take their struct pages from RAM', () => {
    const { registry } = machine()
    expect(mapped(registry, 4n * GIB, 128n * MIB, { altmap: newAltmap(0x100000, 0, 32768) }).ref.count).toBe(1)
    expect(mapped(registry, 5n * GIB, 2n * MIB, { altmap: newAltmap(0x140000, 0, 8) }).altmap!.alloc).toBe(0)
  })
})

describe('the seed', () => {
  test('section 1, vectors 8 and 10: a reference is handed in, and left alone', () => {
    const { registry } = machine('seed')
    expect(map(registry, 4n * GIB, GIB)).toBe(-22)
    const ref = newRef()
    expect(mapped(registry, 4n * GIB, GIB, { ref }).ref).toBe(ref)
    expect(ref.count).toBe(1)
  })

  test('section 1, vector 12: overlapping pagemaps are let through and the newest is found', () => {
    const { registry } = machine('seed')
    mapped(registry, 4n * GIB, GIB, { ref: newRef() })
    const second = mapped(registry, 4n * GIB + 512n * MIB, GIB, { ref: newRef() })
    expect(finds(registry, 0x120000)).toBe(second.id)
  })

  test('section 1, vector 19: releasing with a live reference warns and goes through', () => {
    const { registry, events } = machine('seed')
    const p = mapped(registry, 4n * GIB, GIB, { ref: newRef() })
    expect(registry.release(p)).toBe(true)
    expect(types(events).slice(-5)).toEqual(['release-requested', 'unmap-started', 'warned', 'memory-removed', 'unmapped'])
    expect(finds(registry, 0x100000)).toBe(null)
  })

  test('section 4, vectors 1 and 2: a page reference holds the pagemap until it is put', () => {
    const { registry } = machine('seed')
    const p = mapped(registry, 4n * GIB, GIB, { ref: newRef() })
    expect(registry.getUserPages(0x100000, 8, foll.GET)).toBe(8)
    expect([p.ref.count, pageCount(p, 0x100007)]).toEqual([9, 2])
    expect(registry.putPages(0x100000, 8, 'get', 'put_page')).toBe('idle')
    expect([p.ref.count, pageCount(p, 0x100007)]).toEqual([1, 1])
  })

  test('section 4, vector 8: a table that runs into a dying pagemap is given back whole', () => {
    const { registry } = machine('seed')
    const [a, b] = [newRef(), newRef()]
    mapped(registry, 4n * GIB, GIB, { ref: a })
    mapped(registry, 5n * GIB, GIB, { ref: b })
    b.dying = true
    expect(registry.getUserPages(0x13fffc, 8, foll.GET)).toBe(0)
    expect([a.count, b.count, registry.countOf(0x13fffc)]).toEqual([1, 1, 1])
  })
})

describe('get_user_pages, linux-6.1', () => {
  test('section 4, vector 4: the walk holds the pagemap once and only as long as it lasts', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    const before = p.ref.count
    expect(registry.getUserPages(0x100000, 8, foll.GET)).toBe(8)
    expect(p.ref.count).toBe(before)
    expect([0x100000, 0x100007, 0x100008].map((pfn) => registry.countOf(pfn))).toEqual([2, 2, 1])
  })

  test('section 4, vector 5: once killed no page is taken', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    const held = registry.getDevPagemap(0x100000)
    registry.kill(p)
    expect(registry.getUserPages(0x100000, 8, foll.GET)).toBe(0)
    registry.putDevPagemap(held)
  })

  test('section 4, vectors 7 and 8: where two pagemaps meet the first is put; a dying second undoes the table', () => {
    const { registry } = machine()
    const [a, b] = [mapped(registry, 4n * GIB, GIB), mapped(registry, 5n * GIB, GIB)]
    const before = [a.ref.count, b.ref.count]
    expect(registry.getUserPages(0x13fffc, 8, foll.PIN)).toBe(8)
    expect([a.ref.count, b.ref.count]).toEqual(before)
    const held = registry.getDevPagemap(0x140000)
    registry.kill(b)
    expect(registry.getUserPages(0x13fff0, 32, foll.GET)).toBe(0)
    expect(registry.countOf(0x13fff0)).toBe(1)
    expect(a.ref.count).toBe(before[0])
    registry.putDevPagemap(held)
  })

  test('section 3, vector 21: a pin counts 1024', () => {
    const { registry } = machine()
    mapped(registry, 4n * GIB, GIB)
    registry.grabPage(0x100000, foll.PIN)
    expect(registry.countOf(0x100000)).toBe(1025)
    expect(registry.putPage(0x100000, 'pin')).toBe('idle')
  })

  test('ordinary memory and the pages of the altmap are not of the device', () => {
    const { registry, events } = machine()
    mapped(registry, 4n * GIB, GIB, { altmap: pmemLayout(4n * GIB, GIB, 'dev')!.altmap })
    expect([0x42, 0x1011ff, 0x101200].map((pfn) => registry.grabPage(pfn, foll.GET))).toEqual([false, false, true])
    expect(events.filter((e) => e.type === 'memremap/grab-refused').length).toBe(2)
  })

  test('a broken promise throws: both kinds at once, steps out of order', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    expect(() => registry.grabPage(0x100000, foll.GET | foll.PIN)).toThrow('FOLL_PIN')
    expect(() => registry.removeMemory(p)).toThrow('still in use')
    expect(() => registry.erase(p)).toThrow('cannot be erased')
  })
})

describe('memunmap_pages, linux-6.1', () => {
  test('waits for a lookup under way, in visible steps', () => {
    const { registry, events } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    const held = registry.getDevPagemap(0x100000)
    events.length = 0
    expect(registry.memunmapPages(p)).toBe(false)
    expect(registry.getDevPagemap(0x100000)).toBe(null)
    registry.putDevPagemap(held)
    expect(registry.memunmapPages(p)).toBe(true)
    expect(types(events)).toEqual(['unmap-started', 'lookup-started', 'looked-up', 'ref-released', 'memory-removed', 'unmapped'])
    expect(p.phase).toBe('removed')
  })

  test('section 4, vector 22: does not wait for a page that somebody still has', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    registry.getUserPages(0x100000, 1, foll.GET)
    expect(registry.memunmapPages(p)).toBe(true)
    expect(pageCount(p, 0x100000)).toBe(2)
    expect(registry.putPage(0x100000)).toBe('gone')
  })

  test('a pagemap is found until it is erased, though no lookup gets it', () => {
    const { registry } = machine()
    const p = mapped(registry, 4n * GIB, GIB)
    registry.kill(p)
    registry.removeMemory(p)
    expect(registry.pagemaps).toEqual([p])
    registry.erase(p)
    expect(registry.pagemaps).toEqual([])
    expect(mapped(registry, 4n * GIB, GIB).id).toBe(2)
  })
})
