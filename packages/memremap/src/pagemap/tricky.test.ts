/** What is easily got wrong (the notes on memremap, section 1 (b)), and seen only between two steps. */
import { describe, expect, test } from 'vitest'
import { GIB, Machine, MIB, rangeOf } from '../../test/machine.ts'
import { memoryType } from './memory-type.ts'
import { NeverEnds } from '../rcu.ts'
import type { Steps } from '../tasks.ts'

/** Runs steps until the pause of this name comes next. */
function until<T>(steps: Steps<T>, what: string): void {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) throw new Error(`ended before ${what}`)
    if (value?.what === what) return
  }
}

describe('linux-6.1', () => {
  const spec = { ranges: [rangeOf(4n * GIB, GIB)], type: memoryType.FS_DAX }

  test('an entry is found before its pages are initialised, and there is no page then', () => {
    const m = new Machine()
    const steps = m.registry.memremapPagesSteps(1, spec)
    until(steps, 'memmap_init_zone_device')
    expect([m.finds(0x100000), m.registry.countOf(0x100000)]).toEqual([1, 0])
  })

  test('an entry is still there when its memory is gone, though no lookup gets it', () => {
    const m = new Machine()
    const p = m.mapped(4n * GIB, GIB)
    const steps = m.registry.memunmapPagesSteps(p)
    until(steps, 'wait')
    m.rcu.drain()
    until(steps, 'erase')
    const unlock = m.rcu.readLock()
    expect([p.memory, m.registry.findDevPagemap(0x100000), m.finds(0x100000)]).toEqual([false, p, null])
    unlock()
    expect(m.broken()).toEqual([])
  })

  test('the range is erased, and its reference stays until every lookup that found it is over', () => {
    const m = new Machine()
    const p = m.mapped(4n * GIB, GIB)
    const steps = m.registry.memunmapPagesSteps(p)
    until(steps, 'wait')
    m.rcu.drain()
    until(steps, 'erase')
    const lookup = m.registry.lookupSteps(0x100000)
    lookup.next()
    until(steps, 'synchronize_rcu')
    m.rcu.drain()
    expect(p.exited).toBe(false)
    expect(lookup.next().value).toBe(null)
    m.rcu.drain()
    until(steps, 'exit')
    expect(m.broken()).toEqual([])
  })

  test('the reference that a lookup took in time holds the memory', () => {
    const m = new Machine()
    const p = m.mapped(4n * GIB, GIB)
    const held = m.registry.getDevPagemap(0x100000)
    expect(m.registry.memunmapPages(p)).toBe(false)
    expect(p.memory).toBe(true)
    m.registry.putDevPagemap(held)
    expect(m.registry.memunmapPages(p)).toBe(true)
  })

  test('a managed pagemap whose reference is never put hangs its device: the wait can never end', () => {
    const m = new Machine()
    const device = m.device()
    m.registry.devmMemremapPages(device, spec)
    m.registry.getDevPagemap(0x100000)
    expect(() => device.resources.releaseAll('unbind')).toThrow(NeverEnds)
    expect(m.said().at(-1)).toBe('unmap-started')
  })

  test('a failure of memory around a live mapping is not seen by the probes of its ends; a dying one is no conflict', () => {
    const m = new Machine()
    m.mapped(4n * GIB + 256n * MIB, 256n * MIB)
    expect(m.map(4n * GIB, 512n * MIB)).toBe(-12)
    expect(m.map(4n * GIB, 768n * MIB)).toBe(-17)
  })
})

describe('the seed', () => {
  test('the end of a range is inclusive: its last byte is found, the next is not', () => {
    const m = new Machine({ rules: 'seed' })
    const p = m.seedMapped(4n * GIB, 128n * MIB + 4096n)
    expect([0x108000, 0x108001].map((pfn) => m.finds(pfn))).toEqual([p.id, null])
  })

  test('release finds the reference live, says so, and goes on; pages that are referenced it names', () => {
    const m = new Machine({ rules: 'seed' })
    const p = m.seedMapped(4n * GIB, GIB)
    m.registry.grabPage(0x100005, 4)
    expect(m.registry.memunmapPages(p)).toBe(true)
    expect(m.warnings()).toEqual([
      'devm_memremap_pages_release: page mapping is still live!',
      'devm_memremap_pages_release: page 0x100005 is still referenced: 2',
    ])
    expect(m.broken().toSorted()).toEqual(['certain memremap/ref-dead-at-release', 'certain memremap/referenced-at-removal'])
  })

  test('success over foreign pages: sections that are there count as added, and go with whoever goes first', () => {
    const m = new Machine({ rules: 'seed' })
    const [a, b] = [m.seedMapped(4n * GIB, GIB), m.seedMapped(4n * GIB, GIB)]
    expect(m.events.filter((e) => e.type === 'memremap/sections-added').map((e) => e.data['pages'])).toEqual([262144])
    for (const p of [b, a]) {
      p.ref.kill()
      m.registry.memunmapPages(p)
    }
    expect(m.broken()).toContain('certain memremap/sections-left')
  })
})
