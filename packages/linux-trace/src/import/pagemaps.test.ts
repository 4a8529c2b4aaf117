import { describe, expect, it } from 'vitest'
import { enter, imported, on, raw, ret, type Step } from './trace.test-support.ts'

const sh = on('sh-102')
const idle = on('<idle>-0', 1)
const P = '0xff3fdf9170e6c0b0'
const RANGE = 'start=0x100000000 end=0x13fffffff'
const ALTMAP = 'altbase=0x100000 altend=0x13ffff reserve=2 free=4606 alloc=0'
const map = (more = `${ALTMAP} pgmap_flags=1`, got = '0xff33153d00000000', pgmap = P): Step[] => [
  sh(enter('devm_memremap_pages', `dev="pfn0.0" pgmap=${pgmap}`)),
  sh(enter('memremap_pages', `pgmap=${pgmap} ${RANGE} type=3 ${more} vmemmap_shift=0`)),
  sh(enter('arch_add_memory', 'nid=0 start=0x100000000 size=0x40000000')),
  sh(ret('arch_add_memory', 0, 'memremap_pages')),
  sh(enter('memmap_init_zone_device', `start_pfn=0x100000 nr_pages=262144 pgmap=${pgmap}`)),
  sh(ret('memremap_pages', got, 'devm_memremap_pages')),
]
const COUNT = 'percpu_count_ptr=0x60213e42a005b8 count=-9223372036854775807'
const unmap = (more = `${ALTMAP} pgmap_flags=1`): Step[] => [
  sh(enter('memunmap_pages', `pgmap=${P} ${RANGE} type=3 nr_range=1 ${more} ${COUNT}`)),
  idle(enter('dev_pagemap_percpu_release', 'ref=0xff3fdf9170e6c0e0')),
  sh(enter('arch_remove_memory', 'start=0x100000000 size=0x40000000')),
  sh(ret('memunmap_pages', null, 'release_nodes')),
]

describe('mapping', () => {
  it('makes one pagemap, of the device that asked, with its range, type and altmap', async () => {
    const { data, pagemap } = await imported(map())
    expect(pagemap).toMatchObject({
      pointer: P,
      device: data('devres/device-found')[0]!['device'],
      start: 0x1_0000_0000n,
      end: 0x1_3fff_ffffn,
      type: 3,
      phase: 'live',
      altmap: { basePfn: 0x10_0000, reserve: 2, free: 4606 },
    })
    expect(data('memremap/mapped')).toEqual([{ pagemap: pagemap.id, address: '0xff33153d00000000' }])
  })

  it('counts the pages behind the altmap as initialised; its own reference is bounded by them', async () => {
    const { pagemap } = await imported(map())
    expect(pagemap.initialised).toBe(262_144 - 4608)
    expect(pagemap.ref).toMatchObject({ mode: 'percpu', dying: false, count: { atLeast: 1 + 262_144 - 4608, atMost: null } })
  })

  it('without an altmap has none, whatever garbage stands in its place', async () => {
    const { pagemap } = await imported(map('altbase=0x5a5a5a altend=0x77 reserve=9 free=9 alloc=9 pgmap_flags=0'))
    expect(pagemap.altmap).toBe(false)
    expect(pagemap.initialised).toBe(262_144)
  })

  it.each([
    ['0xfffffffffffffff4', -12],
    ['-22', -22],
  ])('that returns the ERR_PTR %s has failed', async (got, errno) => {
    const { all, pagemap } = await imported(map(undefined, got))
    expect(all('memremap/map-failed')).toMatchObject([{ data: { errno }, cause: [all('memremap/map-started')[0]!.seq] }])
    expect(all('memremap/mapped')).toEqual([])
    expect(pagemap.phase).toBe('removed')
  })

  it('at a pointer where one was believed to be: that one went unseen', async () => {
    const { all, memremap } = await imported([...map(), ...map()])
    expect(all('memremap/unmapped')).toMatchObject([{ data: { pagemap: 1 }, inferred: true }])
    expect([...memremap.pagemaps.values()].map((p) => p.phase)).toEqual(['removed', 'live'])
  })

  it('of a range where another was believed to be: that one went unseen', async () => {
    const { all, memremap } = await imported([...map(), ...map(undefined, undefined, '0xff3fdf9170000000')])
    expect(all('memremap/unmapped')).toMatchObject([{ data: { pagemap: 1 }, inferred: true }])
    expect([...memremap.pagemaps.values()].map((p) => p.phase)).toEqual(['removed', 'live'])
  })

  it('that failed takes nothing from one that is there', async () => {
    const { memremap } = await imported([...map(), ...map(undefined, '0xfffffffffffffff4', '0xff3fdf9170000000')])
    expect([...memremap.pagemaps.values()].map((p) => p.phase)).toEqual(['live', 'removed'])
  })
})

describe('unmapping', () => {
  it('tells of a pagemap that was there before the recording what it is', async () => {
    const { data, pagemap } = await imported(unmap())
    expect(data('memremap/pagemap-found')).toMatchObject([{ pointer: P, fromStart: true }])
    expect(pagemap).toMatchObject({ start: 0x1_0000_0000n, type: 3, phase: 'removed' })
  })

  it('reads the reference: percpu, bias taken off', async () => {
    const { data } = await imported(unmap())
    expect(data('memremap/unmap-started')).toMatchObject([{ percpuCountPtr: 0x60_213e_42a0_05b8n, refCount: (1n << 63n) + 1n, ranges: 1 }])
  })

  it('goes on with the release of its reference, on whichever CPU, and the removal of the memory', async () => {
    const { all, pagemap } = await imported([...map(), ...unmap()])
    const [started] = all('memremap/unmap-started')
    expect(all('memremap/ref-released')).toMatchObject([
      { data: { pagemap: pagemap.id, ref: '0xff3fdf9170e6c0e0' }, cause: [started!.seq] },
    ])
    expect(all('memremap/memory-removed')).toMatchObject([{ data: { pagemap: pagemap.id, size: 0x4000_0000n }, cause: [started!.seq] }])
    expect(all('memremap/unmapped')).toMatchObject([{ data: { pagemap: pagemap.id }, cause: [started!.seq] }])
  })

  it('a reference that lies in no pagemap being taken down is nobody’s', async () => {
    const { data } = await imported([...map(), idle(enter('dev_pagemap_percpu_release', 'ref=0xff3fdf9170e6c0e0'))])
    expect(data('memremap/ref-released')).toMatchObject([{ pagemap: null }])
  })

  it('names the owner by the managed resource whose callback it runs in', async () => {
    const { data } = await imported([
      sh(enter('devres_release_all', 'dev="pfn0.0"')),
      sh('devres_log: pfn0.0 REL 00000000000000a1 devm_action_release (16 bytes)'),
      sh(enter('devm_memremap_pages_release', `pgmap=${P}`)),
    ])
    const [found] = data('devres/device-found')
    expect(data('memremap/pagemap-identified').map((d) => d['device'])).toContain(found!['device'])
  })

  it('after a gap: memory of a pagemap known by its range goes with it', async () => {
    const { data } = await imported([
      ...map(),
      raw('CPU:0 [LOST 5 EVENTS]'),
      sh(enter('arch_remove_memory', 'start=0x100000000 size=0x40000000')),
    ])
    expect(data('memremap/memory-removed')).toMatchObject([{ pagemap: 1 }])
  })

  it('memory that is no pagemap’s is removed without one', async () => {
    const { data } = await imported([...map(), sh(enter('arch_remove_memory', 'start=0x180000000 size=0x8000000'))])
    expect(data('memremap/memory-removed')).toMatchObject([{ pagemap: null }])
  })
})

const look = (cached: string, got: string): Step[] => [
  sh(enter('get_dev_pagemap', `pfn=0x109300 cached=${cached}`)),
  sh(ret('get_dev_pagemap', got, 'internal_get_user_pages_fast')),
]

describe('looking up', () => {
  it('finds a pagemap that was there before, with a fresh reference', async () => {
    const { data } = await imported(look('0x0', P))
    expect(data('memremap/looked-up')).toEqual([{ pfn: 0x10_9300, pagemap: 1, pointer: P, fresh: true }])
  })

  it('that gives back the cached one takes no reference', async () => {
    const { data } = await imported([...look('0x0', P), ...look(P, P)])
    expect(data('memremap/looked-up').map((d) => d['fresh'])).toEqual([true, false])
    expect(data('memremap/pagemap-found')).toHaveLength(1)
  })

  it('that finds none says so', async () => {
    expect((await imported(look('0x0', '0x0'))).data('memremap/looked-up')).toEqual([
      { pfn: 0x10_9300, pagemap: null, pointer: null, fresh: false },
    ])
  })
})

const range = (got: string): Step[] => [
  sh(enter('devm_memremap', 'dev="pfn0.0" offset=0x100000000 size=0x2000 flags=0x1')),
  sh(ret('devm_memremap', got, 'nsio_rw_bytes')),
]

describe('mapping without struct pages', () => {
  it.each([
    ['0xff3dab60003d2000', '0xff3dab60003d2000', 0],
    ['0xfffffffffffffff0', null, -16],
    ['0x0', null, -12],
  ])('that returns %s', async (got, address, errno) => {
    const { data } = await imported(range(got))
    expect(data('memremap/range-mapped')).toMatchObject([{ address, errno, device: data('memremap/range-map-started')[0]!['device'] }])
  })
})

describe('returns without an entry', () => {
  it.each(['memremap_pages', 'memunmap_pages', 'arch_add_memory', 'devm_memremap'])('%s: nothing is made up', async (fn) => {
    const { data, memremap } = await imported([sh(ret(fn, 0))])
    expect(data('kernel/returned')).toMatchObject([{ function: fn }])
    expect(memremap.pagemaps.size).toBe(0)
  })
})
