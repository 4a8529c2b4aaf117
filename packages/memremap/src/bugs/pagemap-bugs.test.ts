// oxlint-disable unicorn/consistent-function-scoping -- a story stands in its test
/**
 * Bugs of the kernel's history that pagemaps had (numbers of section 6 of the notes on memremap). Each is played twice: with the
 * rule or the order of its time the named rule of the model is broken, with the fix none is.
 */
import { Resource, ResourceTree, ioresource, resourceTreeRules } from '@devtrail/resource-tree'
import { describe, expect, test } from 'vitest'
import { GIB, Machine, MIB, rangeOf } from '../../test/machine.ts'
import { seed, six, sixInOrder, v4_16, v4_9, v5_2 } from '../../test/kernels.ts'
import { newAltmap } from '../altmap/altmap.ts'
import { memremapFlags } from '../mapping/memremap.ts'
import { PagemapRegistry } from '../pagemap-registry.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import type { MemremapRules } from '../rules.ts'
import { Tasks } from '../tasks.ts'

/** What the model says of a run: its rules that were broken. */
const told = (rules: MemremapRules, run: (m: Machine) => void, options: ConstructorParameters<typeof Machine>[0] = {}): string[] => {
  const m = new Machine({ rules, ...options })
  run(m)
  return m.broken()
}
const breaks = (rule: string): string[] => [`certain memremap/${rule}`]
const PMEM = { ram: [rangeOf(0n, 4n * GIB)], other: [rangeOf(4n * GIB, 16n * GIB)] }

test('bug 1: the release of devm_memremap unmapped the address of its own record', () => {
  const run = (m: Machine): void => {
    const device = m.device()
    m.registry.mappings.devmMemremap(device, 5n * GIB, 4096n, memremapFlags.WB)
    device.resources.releaseAll('unbind')
  }
  expect(told({ ...seed, unmapsWhatWasMapped: false }, run)).toEqual(breaks('mapping-left'))
  expect(told({ ...seed, unmapsWhatWasMapped: true }, run)).toEqual([])
})

test('bug 2: erased before its memory was removed, the altmap was not found: device pages went to the page allocator', () => {
  const run = (m: Machine): void => {
    const p = m.seedMapped(4n * GIB, GIB, m.driverRef(), newAltmap(0x100000, 2, 4606))
    p.ref.kill()
    m.registry.memunmapPages(p)
  }
  const old = { ...seed, unmap: { before: [], eachRange: ['erase', 'remove'], after: ['check-altmap', 'free'] } } as const
  expect(told(old, run)).toEqual([...breaks('stages-out-of-order'), ...breaks('altmap-in-use-at-end')])
  expect(told(seed, run)).toEqual([])
})

test('bug 4: System RAM was looked for in the range, not in the sections that it touches', () => {
  const run = (m: Machine): void => {
    m.registry.devmMemremapPages(m.device(), rangeOf(4n * GIB + 64n * MIB, 64n * MIB), m.driverRef())
    m.finds(0x100000)
  }
  const shared = { ram: [rangeOf(0n, 4n * GIB + 64n * MIB)], other: [rangeOf(4n * GIB + 64n * MIB, GIB)] }
  expect(told({ ...v4_9, ramTest: 'raw' }, run, shared)).toEqual(breaks('lookup-wrong'))
  expect(told(v4_9, run, shared)).toEqual([])
})

test('bug 5: a driver tore its reference down while lookups could still find it', () => {
  const run = (order: 'exit first' | 'unmap first') => (m: Machine) => {
    const p = m.seedMapped(4n * GIB, GIB)
    p.ref.kill()
    const steps = [() => p.ref.exit(), () => m.finds(0x100000), () => m.registry.memunmapPages(p)]
    for (const step of order === 'exit first' ? steps : steps.toReversed()) step()
  }
  expect(told(seed, run('exit first'))).toEqual(breaks('ref-used-after-exit'))
  expect(told(seed, run('unmap first'))).toEqual([])
})

test('bug 6: two hot-adds at once', () => {
  const run = (m: Machine): void => {
    const tasks = new Tasks(m.emitter)
    for (const at of [4n, 8n]) {
      const spec = { ranges: [rangeOf(at * GIB, GIB)], type: memoryType.FS_DAX }
      tasks.spawn({ pid: Number(at), comm: 'ndctl' }, m.registry.memremapPagesSteps(Number(at), spec))
    }
    for (let turn = 0; tasks.step(turn); turn++) continue
    expect(m.registry.pagemaps).toHaveLength(2)
  }
  expect(told({ ...six, hotplugLocked: false }, run)).toEqual(breaks('hotplug-overlaps'))
  expect(told(six, run)).toEqual([])
})

describe('bug 9: keys by section, and no grace period', () => {
  const falseHit = (m: Machine): void => {
    m.seedMapped(4n * GIB + 4n * MIB, 4n * MIB)
    m.finds(0x104000)
  }
  test('vector 16: a page of the section that is not in the range was found', () => {
    expect(told(v4_9, falseHit, PMEM)).toEqual(breaks('lookup-wrong'))
    expect(told(v4_16, falseHit, PMEM)).toEqual([])
  })

  test('the record was freed under a lookup that had found it', () => {
    const run = (m: Machine): void => {
      const p = m.seedMapped(4n * GIB, GIB)
      const lookup = m.registry.lookupSteps(0x100000)
      lookup.next()
      p.ref.kill()
      const tasks = new Tasks(m.emitter)
      tasks.spawn({ pid: 2, comm: 'ndctl' }, m.registry.memunmapPagesSteps(p))
      while (tasks.step(0)) m.rcu.drain()
      lookup.next()
      while (tasks.step(0)) m.rcu.drain()
      m.rcu.drain()
      while (tasks.step(0)) m.rcu.drain()
      expect(p.phase).toBe('removed')
    }
    expect(told(v4_9, run)).toEqual(breaks('freed-under-lookup'))
    expect(told(v4_16, run)).toEqual([])
  })
})

test('bug 10: set-up and release rounded a range that straddles a section differently', () => {
  const run = (m: Machine): void => {
    const p = m.seedMapped(4n * GIB + 100n * MIB, 100n * MIB)
    p.ref.kill()
    m.registry.memunmapPages(p)
    // Vector 15: its last section is taken for ever.
    const again = m.registry.devmMemremapPages(m.device(), rangeOf(4n * GIB + 128n * MIB, 128n * MIB), m.driverRef())
    expect(typeof again === 'number').toBe(!m.registry.rules.erasesByEnd)
  }
  expect(told({ ...v4_9, erasesByEnd: false }, run)).toEqual(breaks('sections-left'))
  expect(told(v4_9, run)).toEqual([])
})

test('bug 11: taking back a mapping that clashed erased keys of the other (vector 13)', () => {
  const run = (m: Machine): void => {
    m.seedMapped(4n * GIB, GIB)
    expect(m.registry.devmMemremapPages(m.device(), rangeOf(4n * GIB + 512n * MIB, GIB), m.driverRef())).toBe(-16)
    m.finds(0x120000)
  }
  expect(told({ ...v4_9, rollbackErasesAll: true }, run)).toEqual(breaks('lookup-missed'))
  expect(told(v4_9, run)).toEqual([])
})

test('vector 14: keys counted by size alone miss the end of a range that straddles', () => {
  const run = (m: Machine): void => {
    m.seedMapped(4n * GIB + 100n * MIB, 100n * MIB)
    m.finds(0x109600)
  }
  expect(told({ ...v4_9, storesByEnd: false, erasesByEnd: false }, run)).toEqual(breaks('lookup-missed'))
  expect(told(v4_9, run)).toEqual([])
})

test('bug 15: when its release could not be noted the pagemap stayed, and nobody knew', () => {
  const run = (m: Machine): void => {
    const device = m.device()
    const spec = { ranges: [rangeOf(4n * GIB, GIB)], type: memoryType.FS_DAX }
    expect(m.registry.devmMemremapPages(device, spec)).toBe(-12)
    // Later maps of the range fail for ever, or work.
    expect(typeof m.registry.devmMemremapPages(device, spec) === 'number').toBe(!m.registry.rules.undoesUnmanaged)
  }
  expect(told({ ...six, undoesUnmanaged: false }, run, { failsAt: 1 })).toEqual(breaks('failed-map-left-traces'))
  expect(told(six, run, { failsAt: 1 })).toEqual([])
})

describe('bugs 17, 25 and 27: what unmapping does in which order', () => {
  /** A lookup is under way while somebody unbinds. */
  const unbound = (m: Machine): void => {
    const p = m.mapped(4n * GIB, GIB)
    const held = m.registry.getDevPagemap(0x100000)
    const done = m.registry.memunmapPages(p)
    m.registry.putDevPagemap(held)
    if (!done) m.registry.memunmapPages(p)
    expect(p.phase).toBe('removed')
  }

  test('bug 17: memory was removed before the wait for its reference', () => {
    const late = { ...six, unmap: { ...six.unmap, before: ['kill', 'put-pages'], after: ['wait', 'exit', 'check-altmap'] } } as const
    expect(told(late, unbound)).toEqual(breaks('ref-held-at-removal'))
    expect(told(six, unbound)).toEqual([])
  })

  test('bug 27, and section 5, vector 23: the reference was torn down before the registry was erased', () => {
    expect(told(sixInOrder(['kill', 'put-pages', 'wait', 'exit'], ['check-altmap']), unbound)).toEqual(breaks('ref-used-after-exit'))
    expect(told(six, unbound)).toEqual([])
  })

  test('bug 25: the device went before its queue was closed, so that I/O was in flight', () => {
    const run = (queueFirst: boolean) => (m: Machine) => {
      const [device, ref] = [m.device(), m.driverRef()]
      const closeQueue = (): void => ref.kill()
      // What is added last is released first.
      if (!queueFirst) device.resources.addAction(closeQueue, null)
      m.seedMapped(4n * GIB, GIB, ref, null, device)
      if (queueFirst) device.resources.addAction(closeQueue, null)
      device.resources.releaseAll('unbind')
    }
    expect(told(seed, run(false))).toEqual(breaks('ref-dead-at-release'))
    expect(told(seed, run(true))).toEqual([])
  })
})

test('bug 18: one reference for several pagemaps: unmapping one waited for the users of all', () => {
  const run = (shared: boolean) => (m: Machine) => {
    const ref = m.driverRef()
    const [a] = [m.seedMapped(4n * GIB, GIB, ref), m.seedMapped(5n * GIB, GIB, shared ? ref : m.driverRef())]
    const held = m.registry.getDevPagemap(0x140000)
    expect([m.registry.memunmapPages(a), m.finds(0x140000) === null]).toEqual([!shared, shared])
    m.registry.putDevPagemap(held)
  }
  expect(told(v5_2, run(true))).toEqual(breaks('ref-shared'))
  expect(told(v5_2, run(false))).toEqual([])
})

test('bug 19: a struct with a reference of its own could be mapped only once: mapped again is as mapped first', () => {
  const run = (m: Machine): void => {
    const spec = { pointer: '0xffff888000abc000' }
    const types = (from: number): string[] => m.said(from)
    const p = m.mapped(4n * GIB, GIB, spec)
    const first = types(0)
    m.registry.memunmapPages(p)
    const from = m.events.length
    const again = m.map(4n * GIB, GIB, spec)
    const refused = { errno: -22, warnings: ['memremap_pages: Missing reference count teardown definition'] }
    const asFirst = { types: first, warnings: [] }
    const now = typeof again === 'number' ? { errno: again } : { types: types(from) }
    expect({ ...now, warnings: m.warnings() }).toEqual(m.registry.rules.clearsOwnRef ? asFirst : refused)
  }
  expect(told({ ...six, clearsOwnRef: false }, run)).toEqual([])
  expect(told(six, run)).toEqual([])
})

test('bug 20: unmapping read the zone of a page of the altmap, which nobody had initialised', () => {
  const run = (m: Machine): void => {
    m.registry.memunmapPages(m.mapped(4n * GIB, GIB, { altmap: newAltmap(0x100000, 2, 4606) }))
  }
  expect(told({ ...six, readsInitialisedZone: false }, run)).toEqual(breaks('uninitialised-page-read'))
  expect(told(six, run)).toEqual([])
})

test('bug 21: a misaligned namespace got as far as hot-add', () => {
  const run = (checks: boolean) => (m: Machine) => {
    const start = 4n * GIB + MIB
    if (checks && start % BigInt(m.registry.memremapCompatAlign) !== 0n) return
    expect(m.map(start, GIB)).toBe(-22)
  }
  expect(told(six, run(false))).toEqual(breaks('misaligned-hot-add'))
  expect(told(six, run(true))).toEqual([])
})

test('bug 23: a failure of memory that holds struct pages was taken for one of data', () => {
  const run = (m: Machine): void => {
    m.mapped(4n * GIB, GIB, { altmap: newAltmap(0x100000, 2, 4606) })
    expect([0x100300, 0x101200, 0x140000].map((pfn) => m.registry.memoryFailure(pfn))).toEqual([
      m.registry.rules.sparesMetadata ? -6 : 0,
      0,
      -6,
    ])
  }
  expect(told({ ...six, sparesMetadata: false }, run)).toEqual(breaks('uninitialised-page-read'))
  expect(told(six, run)).toEqual([])
})

test('bug 26: a range that may not be hot-added kept its memory type', () => {
  const run = (m: Machine): void => expect(m.map(4n * GIB, GIB)).toBe(-22)
  const faults = { rangeAllowed: () => false }
  expect(told({ ...six, untracksRefused: false }, run, { faults })).toEqual(breaks('failed-map-left-traces'))
  expect(told(six, run, { faults })).toEqual([])
})

test('bug 31: System RAM under a window was not seen, and a pagemap came to lie over it', () => {
  const run = (intersects: 'top-level' | 'nested') => (m: Machine) => {
    const rules = { ...resourceTreeRules['linux-6.1'], intersects }
    const iomem = new ResourceTree(m.emitter, m.ids, { name: 'iomem', start: 0n, end: 2n ** 64n - 1n, rules })
    const window = new Resource(4n * GIB, 8n * GIB - 1n, 'CXL Window 0', ioresource.MEM)
    iomem.requestResource(window)
    const flags = ioresource.SYSTEM_RAM | ioresource.BUSY | ioresource.SYSRAM_DRIVER_MANAGED
    iomem.requestResource(new Resource(4n * GIB, 5n * GIB - 1n, 'System RAM (kmem)', flags), window)
    const registry = new PagemapRegistry(m.emitter, m.ids, { iomem })
    const mapped = registry.memremapPages(1, rangeOf(4n * GIB, GIB), memoryType.GENERIC)
    expect(typeof mapped === 'number' ? mapped : 'over RAM').toBe(intersects === 'nested' ? -6 : 'over RAM')
    const plain = registry.mappings.memremap(4n * GIB, 4096n, memremapFlags.WB)
    expect(plain).toBe(intersects === 'nested' ? '0xffff888100000000' : '0xffffc90000000000')
  }
  // What RAM is, is known to the resource tree alone: it is the answers that differ, no rule of pagemaps is broken.
  expect(told(six, run('top-level'))).toEqual([])
  expect(told(six, run('nested'))).toEqual([])
})
