/** The numbered vectors of the notes on memremap, section 1 (c): RAM at [0,4G), other memory at [4G,20G). 4 GiB is pfn 0x100000. */
import { hex } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { GIB, Machine, MIB, rangeOf, type MachineOptions } from '../../test/machine.ts'
import { newAltmap } from '../altmap/altmap.ts'
import { pageCount, forEachDevicePfn, pfnEnd, pfnFirst, pfnLen, refCount } from './dev-pagemap.ts'
import { memremapFlags } from '../mapping/memremap.ts'
import { foll } from '../page/foll.ts'
import { memoryType } from './memory-type.ts'

const { WB, WT } = memremapFlags
const none = (): void => undefined
const BOTH = ['seed', 'linux-6.1'] as const

const box = (rules: 'seed' | 'linux-6.1', more: MachineOptions = {}): Machine =>
  new Machine({ rules, ram: [rangeOf(0n, 4n * GIB)], other: [rangeOf(4n * GIB, 16n * GIB)], ...more })
const va = (rules: 'seed' | 'linux-6.1', address: bigint): string =>
  hex((rules === 'seed' ? 0xffff_8800_0000_0000n : 0xffff_8880_0000_0000n) + address)

describe.each(BOTH)('memremap, %s', (rules) => {
  test('vector 1: System RAM is where the direct map has it, and giving it back does nothing', () => {
    const { mappings } = box(rules).registry
    expect(mappings.memremap(GIB, 16n * MIB, WB)).toBe(va(rules, GIB))
    mappings.memunmap(va(rules, GIB))
    expect(mappings.mapped.size).toBe(0)
  })

  test('vector 2: a range that is partly RAM is refused; the warning comes once', () => {
    const m = box(rules)
    const mixed = (): string | null => m.registry.mappings.memremap(4n * GIB - MIB, 2n * MIB, WB)
    expect([mixed(), m.warnings().length]).toEqual([null, 1])
    expect([mixed(), m.warnings().length]).toEqual([null, 1])
  })

  test('vector 3: managed, that is -ENXIO, and no record stays', () => {
    const m = box(rules)
    const device = m.device()
    expect(m.registry.mappings.devmMemremap(device, 4n * GIB - MIB, 2n * MIB, WB)).toBe(-6)
    expect(device.resources.list()).toEqual([])
  })

  test('vector 4: RAM is not mapped write-through', () => {
    const m = box(rules)
    expect(m.registry.mappings.memremap(GIB, 4096n, WT)).toBe(null)
    expect(m.warnings()).toHaveLength(1)
  })

  test('vector 5: other memory gets a mapping of its own; what a device did not map it cannot give back', () => {
    const m = box(rules)
    const device = m.device()
    const mapped = m.registry.mappings.devmMemremap(device, 5n * GIB, 4096n, WT)
    expect(mapped).toBe('0xffffc90000000000')
    m.registry.mappings.devmMemunmap(device, '0xffffc90000002000')
    expect(m.warnings()).toEqual(['devm_memunmap: nothing is mapped at 0xffffc90000002000'])
    expect(m.registry.mappings.mapped.size).toBe(1)
    expect(m.registry.mappings.devmMemremap(device, 5n * GIB, 1n, WT)).toBe('0xffffc90000002000')
    m.registry.mappings.devmMemunmap(device, '0xffffc90000002000')
    m.registry.mappings.devmMemunmap(device, mapped as string)
    expect(device.resources.list()).toEqual([])
  })

  test('vector 6: what nobody declared counts as nothing', () => {
    const m = new Machine({ rules, ram: [rangeOf(0n, 4n * GIB)] })
    expect(m.registry.mappings.memremap(4n * GIB - MIB, 2n * MIB, WB)).toBe(va(rules, 4n * GIB - MIB))
  })

  test('without flags nothing is mapped, and nobody is told; without memory for the record it is -ENOMEM before anything', () => {
    const m = box(rules, { failsAt: 1 })
    expect([m.registry.mappings.memremap(5n * GIB, 4096n, 0), m.warnings()]).toEqual([null, []])
    expect(m.registry.mappings.devmMemremap(m.device(), 5n * GIB, 4096n, WB)).toBe(-12)
    expect(m.registry.mappings.mapped.size).toBe(0)
  })
})

const mapSeed = (m: Machine, start: bigint, size: bigint, ref = m.driverRef(), device = m.device()): unknown =>
  m.registry.devmMemremapPages(device, rangeOf(start, size), ref, null)

describe('devm_memremap_pages of the seed', () => {
  test('vector 7: System RAM gets its address, whatever the reference, and no pagemap', () => {
    const m = box('seed')
    const device = m.device()
    expect(m.registry.devmMemremapPages(device, rangeOf(GIB, 16n * MIB), null)).toEqual({ address: va('seed', GIB), pagemap: null })
    expect([device.resources.list(), m.finds(0x40000), m.said()]).toEqual([[], null, ['map-requested', 'map-started', 'ram-mapped']])
  })

  test('vectors 8 and 9: without a reference -EINVAL, of mixed memory -ENXIO, and no record of either', () => {
    const m = box('seed')
    const device = m.device()
    expect(m.registry.devmMemremapPages(device, rangeOf(4n * GIB, GIB), null)).toBe(-22)
    expect(mapSeed(m, 4n * GIB - 128n * MIB, 256n * MIB, m.driverRef(), device)).toBe(-6)
    expect(m.registry.devmMemremapPages(device, rangeOf(4n * GIB - 128n * MIB, 256n * MIB), null)).toBe(-6)
    expect(device.resources.list()).toEqual([])
  })

  test('vector 10: 262144 pages are initialised and the reference is left alone', () => {
    const m = box('seed')
    const ref = m.driverRef()
    const p = m.seedMapped(4n * GIB, GIB, ref)
    expect(m.events.find((e) => e.type === 'memremap/pages-initialised')!.data).toMatchObject({ firstPfn: 0x100000, pages: 262144 })
    expect([refCount(p), p.ref]).toEqual([1, ref])
    expect([pfnFirst(p), pfnEnd(p), pfnLen(p), pageCount(p, 0x13ffff)]).toEqual([0x100000, 0x140000, 262144, 1])
  })

  test('vector 12: overlapping ranges are let through and the newest is found; the older one shows again when it goes', () => {
    const m = box('seed')
    const first = m.seedMapped(4n * GIB, GIB)
    for (const pfn of [0x100001, 0x120001]) m.registry.grabPage(pfn, foll.GET)
    const ref = m.driverRef()
    const second = m.seedMapped(4n * GIB + 512n * MIB, GIB, ref)
    expect(m.finds(0x120000)).toBe(second.id)
    expect(m.said()).toContain('pages-unlinked-twice')
    expect([...m.state.pagemaps.get(second.id)!.pages.keys()]).toEqual([0x120001])
    expect([...m.state.pagemaps.get(first.id)!.pages.keys()]).toEqual([0x100001])
    for (const pfn of [0x100001, 0x120001]) m.registry.putPage(pfn)
    ref.kill()
    expect(m.registry.memunmapPages(second)).toBe(true)
    expect([m.finds(0x120000), m.finds(0x140000)]).toEqual([first.id, null])
  })

  test('vector 18: memory that cannot be added is -ENOMEM; the registry is empty, the reference as before, the sections before stay', () => {
    const m = box('seed', { faults: { addMemory: () => ({ pfn: 0x110000, errno: -12 }) } })
    const [ref, device] = [m.driverRef(), m.device()]
    expect(mapSeed(m, 4n * GIB, GIB, ref, device)).toBe(-12)
    expect([m.finds(0x100000), ref.snapshot().count, device.resources.list()]).toEqual([null, 1n, []])
    const { sections } = m.registry.machine
    expect([sections.present(0x10ffff), sections.present(0x110000)]).toEqual([true, false])
    expect(m.broken()).toEqual([])
  })

  test('vector 19: releasing with a live reference warns, and goes all the way', () => {
    const m = box('seed')
    const device = m.device()
    m.seedMapped(4n * GIB, GIB, m.driverRef(), null, device)
    device.resources.releaseAll('unbind')
    expect(m.warnings()).toEqual(['devm_memremap_pages_release: page mapping is still live!'])
    expect([m.finds(0x100000), m.registry.machine.sections.present(0x100000)]).toEqual([null, false])
    expect(m.broken()).toEqual(['certain memremap/ref-dead-at-release'])
  })

  test('without memory for the record it is -ENOMEM, and nothing was registered', () => {
    const m = box('seed', { failsAt: 1 })
    expect(mapSeed(m, 4n * GIB, GIB)).toBe(-12)
    expect(m.said()).toEqual(['map-requested', 'map-started', 'map-failed'])
  })

  test('says its steps in the order of the kernel, and goes in the order of the kernel', () => {
    const m = box('seed')
    const [device, ref] = [m.device(), m.driverRef()]
    m.seedMapped(4n * GIB, GIB, ref, newAltmap(0x100000, 2, 4606), device)
    expect(m.said()).toEqual([
      'map-requested',
      'map-started',
      'ref-sampled',
      'registered',
      'memory-add-started',
      'altmap-allocated',
      'sections-added',
      'memory-added',
      'pages-initialised',
      'mapped',
    ])
    const from = m.events.length
    ref.kill()
    device.resources.releaseAll('unbind')
    expect(m.said(from)).toEqual([
      'release-requested',
      'unmap-started',
      'ref-sampled',
      'struct-page-read',
      'memory-removed',
      'sections-removed',
      'altmap-freed',
      'memory-remove-ended',
      'erased',
      'record-freed',
      'unmapped',
    ])
    expect(m.broken()).toEqual([])
  })

  test('devm_memunmap_pages takes it down before its device goes, and warns when the device has none', () => {
    const m = box('seed')
    const [device, ref] = [m.device(), m.driverRef()]
    const p = m.seedMapped(4n * GIB, GIB, ref, null, device)
    ref.kill()
    m.registry.devmMemunmapPages(device, p)
    expect([p.phase, device.resources.list(), m.warnings()]).toEqual(['removed', [], []])
    m.registry.devmMemunmapPages(device, p)
    expect(m.warnings()).toEqual(['devm_memunmap_pages: the device has no such pagemap'])
  })
})

describe.each(BOTH)('lookups, %s', (rules) => {
  test('vector 11: find the pages of the range and no others; a cached pagemap is asked first', () => {
    const m = box(rules)
    const p = rules === 'seed' ? m.seedMapped(4n * GIB, GIB) : m.mapped(4n * GIB, GIB)
    expect([0x13ffff, 0x140000, 0x0fffff].map((pfn) => m.finds(pfn))).toEqual([p.id, null, null])
    const before = refCount(p)
    const held = m.registry.getDevPagemap(0x100000)
    expect(m.registry.getDevPagemap(0x13ffff, held)).toBe(p)
    expect(refCount(p)).toBe(before + (rules === 'seed' ? 2 : 1))
    // Where the cached one does not answer, the seed leaves it with the caller, 6.1 puts it.
    expect(m.registry.getDevPagemap(0x140000, held)).toBe(null)
    expect(refCount(p)).toBe(before + (rules === 'seed' ? 2 : 0))
    m.registry.putDevPagemap(null)
    expect(m.broken()).toEqual([])
  })

  test('a dying pagemap is found by nobody but those who have it cached', () => {
    const m = box(rules)
    const p = rules === 'seed' ? m.seedMapped(4n * GIB, GIB) : m.mapped(4n * GIB, GIB)
    const held = m.registry.getDevPagemap(0x100000)
    if (rules === 'seed') p.ref.kill()
    else m.registry.memunmapPages(p)
    expect([m.finds(0x100000), m.registry.getDevPagemap(0x100001, held)]).toEqual([null, p])
    expect(m.broken()).toEqual([])
  })

  test('outside of a read section the bare lookup warns, once', () => {
    const m = box(rules)
    expect([m.registry.findDevPagemap(0x100000), m.registry.findDevPagemap(0x100000), m.warnings().length]).toEqual([null, null, 1])
  })
})

describe('memremap_pages of Linux 6.1', () => {
  test('vector 7: RAM is refused', () => {
    expect(box('linux-6.1').map(GIB, 16n * MIB)).toBe(-6)
  })

  test('vector 20: a range that is not of whole 2 MiB is refused and leaves nothing', () => {
    const m = box('linux-6.1')
    expect(m.map(4n * GIB + 4096n, GIB)).toBe(-22)
    expect([m.finds(0x100001), m.warnings()[0]]).toEqual([null, expect.stringContaining('Misaligned')])
    expect(m.broken()).toEqual(['certain memremap/misaligned-hot-add'])
  })

  test('vector 21: a range around a live one passes the probes, fails with -EEXIST, and wipes out the first', () => {
    const m = box('linux-6.1')
    m.mapped(4n * GIB + 256n * MIB, 256n * MIB)
    expect(m.map(4n * GIB, GIB)).toBe(-17)
    expect(m.finds(0x110000)).toBe(null)
    expect(m.broken()).toEqual(['certain memremap/lookup-missed'])
  })

  test('vector 22: an altmap and a second range: the first is mapped and unwound', () => {
    const m = box('linux-6.1')
    const ranges = [rangeOf(4n * GIB, GIB), rangeOf(6n * GIB, GIB)]
    expect(m.registry.memremapPages(1, ranges, memoryType.GENERIC, { altmap: newAltmap(0x100000, 2, 4606) })).toBe(-22)
    expect([m.finds(0x102000), m.registry.machine.sections.present(0x102000)]).toEqual([null, false])
    expect(m.said().filter((name) => ['memory-added', 'memory-removed', 'erased', 'map-failed'].includes(name))).toEqual([
      'memory-added',
      'memory-removed',
      'erased',
      'map-failed',
    ])
    expect(m.broken()).toEqual([])
    // The struct is as it was, and can be used again.
    expect(typeof m.registry.memremapPages(1, ranges, memoryType.GENERIC)).not.toBe('number')
  })

  test('vector 23: without ZONE_DEVICE there is nothing but -ENXIO and one warning', () => {
    const m = box('linux-6.1', { zoneDevice: false })
    const spec = { ranges: [rangeOf(4n * GIB, GIB)], type: memoryType.FS_DAX }
    expect([m.map(4n * GIB, GIB), m.registry.devmMemremapPages(m.device(), spec)]).toEqual([-6, -6])
    expect(m.warnings()).toHaveLength(1)
    expect([m.registry.getDevPagemap(0x100000), m.registry.vmemAltmapOffset(newAltmap(0, 2, 8)), m.registry.memremapCompatAlign]).toEqual([
      null,
      0,
      4096,
    ])
    expect(box('linux-6.1').registry.memremapCompatAlign).toBe(0x200000)
    const seed = box('seed', { zoneDevice: false })
    expect(seed.registry.devmMemremapPages(seed.device(), rangeOf(4n * GIB, GIB), seed.driverRef())).toBe(-6)
  })

  test('a range that begins or ends in a live one is refused with -ENOMEM and harms nothing; around a dying one it is not probed', () => {
    const m = box('linux-6.1')
    const p = m.mapped(4n * GIB, GIB)
    const before = refCount(p)
    expect(m.map(4n * GIB + 512n * MIB, GIB)).toBe(-12)
    expect([m.finds(0x120000), refCount(p)]).toEqual([p.id, before])
    const held = m.registry.getDevPagemap(0x100000)
    expect(m.registry.memunmapPages(p)).toBe(false)
    expect(m.map(4n * GIB + 512n * MIB, GIB)).toBe(-17)
    m.registry.putDevPagemap(held)
    expect(m.registry.memunmapPages(p)).toBe(true)
  })

  test('several ranges are found, counted and taken down one by one; a cached pagemap answers for its first range only', () => {
    const m = box('linux-6.1')
    const p = m.registry.memremapPages(1, [rangeOf(4n * GIB, GIB), rangeOf(6n * GIB, 512n * MIB)], memoryType.GENERIC)
    if (typeof p === 'number') throw new Error(`refused with ${p}`)
    expect(refCount(p)).toBe(1 + 262144 + 131072)
    expect([0x100000, 0x140000, 0x180000, 0x19ffff, 0x1a0000].map((pfn) => m.finds(pfn))).toEqual([p.id, null, p.id, p.id, null])
    const held = m.registry.getDevPagemap(0x180000)
    // Put, looked up again and taken: the same count.
    expect(m.registry.getDevPagemap(0x180001, held)).toBe(p)
    m.registry.putDevPagemap(p)
    const from = m.events.length
    expect(m.registry.memunmapPages(p)).toBe(true)
    const one = [
      'ref-sampled',
      'struct-page-read',
      'memory-removed',
      'sections-removed',
      'memory-remove-ended',
      'memtype-untracked',
      'erased',
    ]
    expect(m.said(from)).toEqual(['unmap-started', 'ref-released', ...one, ...one, 'ref-exited', 'unmapped'])
    expect(m.broken()).toEqual([])
  })

  test.each([
    ['no range', { ranges: [], type: memoryType.FS_DAX }, 'nr_range must be specified'],
    [
      'PRIVATE without migrate_to_ram',
      { type: memoryType.PRIVATE, ops: { pageFree: none }, owner: 'gpu' },
      'Missing migrate_to_ram method',
    ],
    ['PRIVATE without page_free', { type: memoryType.PRIVATE, ops: { migrateToRam: none }, owner: 'gpu' }, 'Missing page_free method'],
    ['PRIVATE without owner', { type: memoryType.PRIVATE, ops: { migrateToRam: none, pageFree: none } }, 'Missing owner'],
    ['COHERENT without page_free', { type: memoryType.COHERENT, owner: 'gpu' }, 'Missing page_free method'],
    ['COHERENT without owner', { type: memoryType.COHERENT, ops: { pageFree: none } }, 'Missing owner'],
  ])('%s is -EINVAL with a warning, before anything is set up', (_, spec, message) => {
    const m = box('linux-6.1')
    const { type, ranges = [rangeOf(4n * GIB, GIB)], ...options } = { ranges: undefined, ...spec }
    expect(m.registry.memremapPages(1, ranges, type, options)).toBe(-22)
    expect([m.warnings(), m.said()]).toEqual([[`memremap_pages: ${message}`], ['map-requested', 'map-started', 'warned', 'map-failed']])
  })

  test('a type that does not exist is warned about, and mapped', () => {
    const m = box('linux-6.1')
    expect(typeof m.map(4n * GIB, GIB, {}, 9)).toBe('object')
    expect(m.warnings()).toEqual(['memremap_pages: Invalid pgmap type 9'])
  })

  test('pages that are given out one by one hold no reference until they are', () => {
    const m = box('linux-6.1')
    const ops = { migrateToRam: none, pageFree: none }
    expect(refCount(m.mapped(4n * GIB, GIB, { ops, owner: 'gpu' }, memoryType.PRIVATE))).toBe(1)
  })

  test('section 3, vector 20: of compound pages each head counts once', () => {
    const m = box('linux-6.1')
    const p = m.mapped(4n * GIB, GIB, { vmemmapShift: 9 }, memoryType.GENERIC)
    expect([pfnLen(p), refCount(p), [...forEachDevicePfn(p)].length]).toEqual([512, 513, 512])
  })

  test('waits for a lookup under way, in visible steps, and is found until it is erased', () => {
    const m = box('linux-6.1')
    const p = m.mapped(4n * GIB, GIB)
    const held = m.registry.getDevPagemap(0x100000)
    const from = m.events.length
    expect(m.registry.memunmapPages(p)).toBe(false)
    expect(m.said(from)).toEqual(['unmap-started'])
    m.registry.putDevPagemap(held)
    expect(m.registry.memunmapPages(p)).toBe(true)
    expect(m.registry.pagemaps).toEqual([])
    expect(m.mapped(4n * GIB, GIB).id).toBe(2)
    expect(() => m.registry.memunmapPages(p)).toThrow(
      /^pagemap 1 \[0x100000000-0x13fffffff\] is not live and cannot be unmapped \(after event \d+\)$/,
    )
  })

  test('a function of the other era is a TypeError', () => {
    const m = box('seed')
    expect(() => m.map(4n * GIB, GIB)).toThrow('is not in the kernel of the seed')
    expect(() => m.registry.devmMemremapPages(m.device(), { ranges: [], type: 3 })).toThrow('takes a resource and a reference')
  })
})
