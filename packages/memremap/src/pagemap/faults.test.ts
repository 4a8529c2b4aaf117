/** What fails on the way in, and that nothing of it is left: the registry, the memory type and the reference are as before (I4). */
import { describe, expect, test } from 'vitest'
import { GIB, Machine, rangeOf, type MachineOptions } from '../../test/machine.ts'
import type { MemremapFaults } from '../machine.ts'
import { refCount } from './dev-pagemap.ts'
import { memoryType } from './memory-type.ts'

const ENOMEM = -12
/** A fault that happens once. */
const once = <T>(value: T, otherwise: T): (() => T) => {
  let left = 1
  return () => (left-- > 0 ? value : otherwise)
}

const six: readonly (readonly [string, MemremapFaults, number])[] = [
  ['percpu_ref_init', { refInit: once(ENOMEM, 0) }, ENOMEM],
  ['storing the range in the registry', { storeRange: once(ENOMEM, 0) }, ENOMEM],
  ['track_pfn_remap', { trackMemtype: once(-22, 0) }, -22],
  ['mhp_range_allowed', { rangeAllowed: once(false, true) }, -22],
  ['kasan_add_zero_shadow', { zeroShadow: once(ENOMEM, 0) }, ENOMEM],
  ['arch_add_memory, of the first section', { addMemory: once<ReturnType<Add>>({ pfn: 0x100000, errno: ENOMEM }, null) }, ENOMEM],
]
type Add = NonNullable<MemremapFaults['addMemory']>

/** devm_memremap_pages of a device, again and again. */
const managed = (m: Machine, ranges = [rangeOf(4n * GIB, GIB)]) => {
  const device = m.device()
  const map = () => m.registry.devmMemremapPages(device, { ranges, type: memoryType.GENERIC })
  return { device, map }
}

describe('linux-6.1', () => {
  test.each(six)('%s fails: nothing is left, and the next one succeeds', (_, faults, errno) => {
    const m = new Machine({ faults })
    const { device, map } = managed(m)
    expect(map()).toBe(errno)
    expect([m.finds(0x100000), device.resources.list(), m.registry.pagemaps, m.broken()]).toEqual([null, [], [], []])
    const { registered, tracked, added } = m.state.pagemaps.get(1)!.stages ?? { registered: 0, tracked: 0, added: 0 }
    expect([registered, tracked, added]).toEqual([0, 0, 0])
    const mapped = map()
    expect(typeof mapped === 'number' ? mapped : refCount(mapped.pagemap!)).toBe(1 + 262144)
  })

  test.each(six.slice(1))('%s fails for the second range: the first is mapped and unwound', (_, faults, errno) => {
    const only = { ...faults }
    // The first range passes.
    for (const name of ['storeRange', 'trackMemtype', 'zeroShadow'] as const)
      if (only[name]) Object.assign(only, { [name]: (start: bigint) => (start === 6n * GIB ? errno : 0) })
    if (only.rangeAllowed) Object.assign(only, { rangeAllowed: (start: bigint) => start !== 6n * GIB })
    if (only.addMemory) Object.assign(only, { addMemory: (first: number) => (first === 0x180000 ? { pfn: first, errno } : null) })
    const m = new Machine({ faults: only })
    const { device, map } = managed(m, [rangeOf(4n * GIB, GIB), rangeOf(6n * GIB, GIB)])
    expect(map()).toBe(errno)
    expect([m.finds(0x100000), m.finds(0x180000), device.resources.list(), m.broken()]).toEqual([null, null, [], []])
    expect(m.registry.machine.sections.count(0, 2 ** 40 - 1)).toBe(0)
    expect(m.said().filter((name) => name === 'unmap-started' || name === 'unmapped' || name === 'ref-exited')).toEqual([
      'unmap-started',
      'ref-exited',
      'unmapped',
    ])
  })

  test('no memory for the action: the pagemap is taken down at once', () => {
    const m = new Machine({ failsAt: 1 })
    const { device, map } = managed(m)
    expect(map()).toBe(ENOMEM)
    expect([m.finds(0x100000), device.resources.list(), m.broken()]).toEqual([null, [], []])
    expect(m.said().slice(-2)).toEqual(['unmapped', 'managed-map-failed'])
    expect(typeof map()).toBe('object')
  })
})

describe('the seed', () => {
  const cases: readonly (readonly [string, MachineOptions, number])[] = [
    ['no memory for the record', { failsAt: 1 }, ENOMEM],
    ['arch_add_memory, of the first section', { faults: { addMemory: once<ReturnType<Add>>({ pfn: 0x100000, errno: -17 }, null) } }, -17],
  ]
  test.each(cases)('%s fails: nothing is left, and the next one succeeds', (_, options, errno) => {
    const m = new Machine({ rules: 'seed', ...options })
    const [device, ref] = [m.device(), m.driverRef()]
    const map = () => m.registry.devmMemremapPages(device, rangeOf(4n * GIB, GIB), ref)
    expect(map()).toBe(errno)
    expect([m.finds(0x100000), device.resources.list(), ref.snapshot().count, m.broken()]).toEqual([null, [], 1n, []])
    expect(typeof map()).toBe('object')
    expect(device.resources.list()).toHaveLength(1)
  })

  test('the record of a mapping that failed is freed at once: a walker that found it reads freed memory', () => {
    const m = new Machine({ rules: 'seed', faults: { addMemory: () => ({ pfn: 0x100000, errno: ENOMEM }) } })
    const steps = m.registry.devmMemremapPagesSteps(m.device(), rangeOf(4n * GIB, GIB), m.driverRef())
    steps.next() // registered, and about to add memory
    const walk = m.registry.lookupSteps(0x100000)
    walk.next()
    expect(steps.next()).toEqual({ done: true, value: ENOMEM })
    expect(m.broken()).toEqual(['certain memremap/freed-under-lookup'])
  })
})
