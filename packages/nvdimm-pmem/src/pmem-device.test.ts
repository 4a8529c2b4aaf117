import { foll } from '@devtrail/memremap'
import { printTree } from '@devtrail/resource-tree'
import { describe, expect, test } from 'vitest'
import { GIB, Machine, START } from '../test/machine.ts'
import { PmemDevice } from './pmem-device.ts'

const DATA = 0x101200
const without = (types: readonly string[], ...prefixes: string[]): string[] => types.filter((t) => !prefixes.some((p) => t.startsWith(p)))

function bound(): { m: Machine; pmem: PmemDevice } {
  const m = new Machine()
  const pmem = m.devices[0]!
  expect(pmem.probe()).toBe(0)
  return { m, pmem }
}

describe('probe', () => {
  test('claims the range, maps it and adds the disk, in the order of Linux 6.1', () => {
    const { m, pmem } = bound()
    expect(without(m.types(), 'memremap/looked-up', 'memremap/lookup', 'percpu-ref/')).toEqual([
      'nvdimm-pmem/probe-started',
      'nvdimm-pmem/attach-disk-started',
      'nvdimm-pmem/setup-pfn-started',
      'nvdimm-pmem/setup-pfn-ended',
      'resource-tree/requested',
      'resource-tree/owner-identified',
      'memremap/map-requested',
      'memremap/map-started',
      'memremap/ref-sampled',
      'memremap/registered',
      'memremap/memtype-tracked',
      'memremap/memory-add-started',
      'memremap/altmap-allocated',
      'memremap/sections-added',
      'memremap/memory-added',
      'memremap/pages-initialised',
      'memremap/mapped',
      'nvdimm-pmem/queue-allocated',
      'nvdimm-pmem/disk-added',
      'nvdimm-pmem/attach-disk-ended',
      'nvdimm-pmem/probe-ended',
    ])
    expect(pmem.state).toBe('bound')
    expect(printTree(m.states.tree, 'iomem')).toBe('100000000-17fffffff : Persistent Memory\n  100000000-13fffffff : namespace0.0\n')
  })

  test('a range that is claimed is -EBUSY, and nothing is mapped', () => {
    const m = new Machine()
    m.iomem.requestRegion(START + 0x1000n, 0x1000n, 'somebody')
    expect(m.devices[0]!.probe()).toBe(-16)
    expect(m.devices[0]!.state).toBe('unbound')
    expect(m.types().some((t) => t.startsWith('memremap/'))).toBe(false)
    expect(m.events.at(-1)).toMatchObject({ type: 'nvdimm-pmem/probe-ended', device: 1, data: { errno: -16 } })
  })

  test('a range with no room for data is -ENXIO before anything is claimed', () => {
    const m = new Machine()
    const tiny = new PmemDevice(m, { ...m.devices[0]!.spec, range: { start: START, end: START + 0x1fffffn } })
    expect(tiny.probe()).toBe(-6)
    expect(m.types().some((t) => t.startsWith('resource-tree/'))).toBe(false)
  })

  test('when mapping fails the range is given back', () => {
    const m = new Machine()
    const odd = new PmemDevice(m, { ...m.devices[0]!.spec, range: { start: START, end: START + GIB - 0x1001n } })
    expect(odd.probe()).toBe(-22)
    expect(m.window.children).toEqual([])
  })

  test('two namespaces stand side by side; each can be bound again', () => {
    const m = new Machine()
    for (let i = 0; i < 2; i++) {
      expect(m.devices.map((d) => d.probe())).toEqual([0, 0])
      expect(m.devices.map((d) => d.remove())).toEqual([true, true])
    }
    expect(m.violations).toEqual([])
  })
})

describe('remove', () => {
  test('goes back in the order of Linux 6.1', () => {
    const { m, pmem } = bound()
    const from = m.events.length
    expect(pmem.remove()).toBe(true)
    expect(without(m.types(from), 'percpu-ref/')).toEqual([
      'nvdimm-pmem/remove-started',
      'nvdimm-pmem/remove-ended',
      'nvdimm-pmem/dax-killed',
      'nvdimm-pmem/disk-removed',
      'nvdimm-pmem/queue-dying',
      'nvdimm-pmem/queue-freeze-started',
      'nvdimm-pmem/queue-wait-started',
      'nvdimm-pmem/queue-ref-released',
      'nvdimm-pmem/queue-wait-ended',
      'nvdimm-pmem/queue-put',
      'memremap/release-requested',
      'memremap/unmap-started',
      'nvdimm-pmem/queue-usage-exited',
      'memremap/ref-released',
      'memremap/ref-sampled',
      'memremap/struct-page-read',
      'memremap/memory-removed',
      'memremap/sections-removed',
      'memremap/altmap-freed',
      'memremap/memory-remove-ended',
      'memremap/memtype-untracked',
      'memremap/erased',
      'memremap/ref-exited',
      'memremap/unmapped',
      'resource-tree/released',
    ])
    expect(pmem.state).toBe('unbound')
    expect(m.window.children).toEqual([])
  })

  test('waits for a request in flight before any page is touched', () => {
    const { m, pmem } = bound()
    const queue = pmem.queue!
    expect(queue.enter()).toBe(0)
    expect(pmem.remove()).toBe(false)
    expect(queue.enter()).toBe(-19)
    expect(pmem.remove()).toBe(false)
    queue.exit()
    expect(pmem.remove()).toBe(true)
    expect(m.types().filter((t) => t === 'nvdimm-pmem/queue-wait-started').length).toBe(1)
  })

  test('waits for a lookup under way, and keeps its range until then', () => {
    const { m, pmem } = bound()
    const held = m.registry.getDevPagemap(DATA)
    expect(pmem.remove()).toBe(false)
    expect(m.window.children.length).toBe(1)
    expect(pmem.probe.bind(pmem)).toThrow('pfn0.0 is unbinding and cannot be probed')
    m.registry.putDevPagemap(held)
    expect(pmem.remove()).toBe(true)
    expect(m.types().filter((t) => t === 'memremap/release-requested').length).toBe(1)
  })

  test('does not wait for a page that somebody has: the crash of 6.1', () => {
    const { m, pmem } = bound()
    m.emitter.actor = { pid: 135, comm: 'pin' }
    expect(m.registry.getUserPages(DATA, 16, foll.GET)).toBe(16)
    m.emitter.actor = { pid: 102, comm: 'sh' }
    expect(pmem.remove()).toBe(true)
    expect(m.violations).toMatchObject([
      {
        rule: 'memremap/referenced-at-removal',
        certainty: 'certain',
        device: 1,
        data: { pages: { certain: 16 }, takenBy: [{ pid: 135 }] },
      },
    ])
  })

  test('of a device that is not bound is a bug of the caller', () => {
    expect(() => new Machine().devices[0]!.remove()).toThrow('pfn0.0 is not bound and cannot be removed (after event 2)')
  })
})

test('a queue cannot be left more often than it was entered', () => {
  expect(() => bound().pmem.queue!.exit()).toThrow('never entered')
})
