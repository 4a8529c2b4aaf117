/** Vectors are those of the resource-tree notes (core, 2.9), by number; addresses are hex. */
import { describe, expect, test } from 'vitest'
import { ioresource } from './flags.ts'
import { Resource } from './resource.ts'
import type { ResourceTree } from './resource-tree.ts'
import { iomem, MAX, put, range, shown } from './vector-trees.test-support.ts'

const eras = ['linux-6.1', 'seed'] as const

const expanded = (events: readonly { type: string }[]): number => events.filter(({ type }) => type === 'resource-tree/expanded').length

describe.each(eras)('insert_resource_expand_to_fit by the rules of %s', (rules) => {
  test('vector 13: it grows over what it meets', () => {
    const { tree, events } = iomem({ rules })
    put(tree, 'a', 0x1000n, 0x1fffn)
    tree.insertResourceExpandToFit(new Resource(0x1800n, 0x2fffn, 'B'))
    expect(shown(tree)).toBe('B 1000-2fff{a 1000-1fff}')
    expect(expanded(events)).toBe(1)
  })

  test('vector 14: over both neighbours, and says each', () => {
    const { tree, events } = iomem({ rules })
    put(tree, 'a', 0x1000n, 0x1fffn)
    put(tree, 'c', 0x3000n, 0x3fffn)
    tree.insertResourceExpandToFit(new Resource(0x1800n, 0x37ffn, 'B'))
    expect(shown(tree)).toBe('B 1000-3fff{a 1000-1fff, c 3000-3fff}')
    expect(expanded(events)).toBe(2)
  })

  test('outside of the root it stays as it is, and so does one that is in the tree', () => {
    const { tree } = iomem({ rules, end: 0xffffn })
    const a = put(tree, 'a', 0x1000n, 0x1fffn)
    const far = new Resource(0x1800n, 0x10000n, 'B')
    tree.insertResourceExpandToFit(far)
    tree.insertResourceExpandToFit(a)
    expect([shown(tree), range(far)]).toEqual(['a 1000-1fff', '1800-10000'])
  })
})

describe.each(eras)('adjust_resource by the rules of %s', (rules) => {
  function three(): { tree: ResourceTree; b: Resource } {
    const { tree } = iomem({ rules })
    put(tree, 'a', 0x1000n, 0x1fffn)
    const b = put(tree, 'b', 0x3000n, 0x3fffn)
    put(tree, 'c', 0x5000n, 0x5fffn)
    return { tree, b }
  }

  test('vector 15: it may touch its neighbours and not meet them', () => {
    const { tree, b } = three()
    expect(tree.adjustResource(b, 0x2000n, 0x3000n)).toBe(0)
    expect(tree.adjustResource(b, 0x1fffn, 0x10n)).toBe(-16)
    expect(tree.adjustResource(b, 0x2000n, 0x3001n)).toBe(-16)
    expect(range(b)).toBe('2000-4fff')
  })

  test('vector 16: it has to hold its children', () => {
    const { tree, b } = three()
    tree.adjustResource(b, 0x2000n, 0x3000n)
    put(tree, 'd', 0x2800n, 0x28ffn, undefined, b)
    expect(tree.adjustResource(b, 0x2801n, 0x100n)).toBe(-16)
    expect(tree.adjustResource(b, 0x2800n, 0x100n)).toBe(0)
  })

  test('one whose parent does not list it is a bug of the caller', () => {
    const { tree, b } = three()
    expect(() => tree.adjustResource(b.copy(), 0x3000n, 0x10n)).toThrow('its parent does not list it')
  })
})

describe.each(eras)('allocate_resource by the rules of %s', (rules) => {
  function gaps(): { tree: ResourceTree; N: Resource } {
    const { tree } = iomem({ rules, start: 0x1000n, end: 0x8fffn })
    put(tree, 'a', 0x1000n, 0x1fffn)
    put(tree, 'b', 0x3000n, 0x3fffn)
    return { tree, N: new Resource(0xdeadn, 0xbeefn, 'N') }
  }

  test('vector 17: it takes the first gap', () => {
    const { tree, N } = gaps()
    expect(tree.allocateResource(N, 0x1000n, { align: 0x1000n })).toBe(0)
    expect(range(N)).toBe('2000-2fff')
  })

  test('vector 18: that is large enough, within the bounds; one refused stays as it was', () => {
    const { tree, N } = gaps()
    put(tree, 'x', 0x2000n, 0x2fffn)
    expect(tree.allocateResource(N, 0x1001n, { align: 0x1000n })).toBe(0)
    expect(range(N)).toBe('4000-5000')
    const M = new Resource(0n, 0n, 'M')
    expect(tree.allocateResource(M, 0x1000n, { min: 0x7000n, max: 0x7fffn })).toBe(0)
    expect(range(M)).toBe('7000-7fff')
    const L = new Resource(0xdeadn, 0xbeefn, 'L')
    expect(tree.allocateResource(L, 0x2000n, { align: 1n })).toBe(-16)
    expect([range(L), L.parent]).toEqual(['dead-beef', null])
  })

  test('vector 19: no alignment, no size, and a large alignment', () => {
    const { tree, N } = gaps()
    expect(tree.allocateResource(N, 0x100n, { align: 0n })).toBe(-16)
    expect(tree.allocateResource(N, 0n, {})).toBe(-16)
    // Before 6.1's guard against wrapping, size 0 was found and could not be linked.
    expect(range(N)).toBe(rules === 'seed' ? '2000-1fff' : 'dead-beef')
    put(tree, 'x', 0x4000n, 0x4fffn)
    expect(tree.allocateResource(N, 0x100n, { align: 0x4000n })).toBe(0)
    expect(range(N)).toBe('8000-80ff')
  })

  test('vectors 20 and 21: again, it grows and shrinks in place, and moves without children', () => {
    const { tree, N } = gaps()
    tree.allocateResource(N, 0x1001n, { min: 0x4000n })
    const id = N.id
    expect(tree.allocateResource(N, 0x1800n, { min: 0x4000n })).toBe(0)
    expect(range(N)).toBe('4000-57ff')
    expect(tree.allocateResource(N, 0x800n, { min: 0x4000n })).toBe(0)
    expect(range(N)).toBe('4000-47ff')
    const child = put(tree, 'child', 0x4000n, 0x40ffn, undefined, N)
    expect(tree.allocateResource(N, 0x800n, { min: 0x6000n })).toBe(-16)
    tree.releaseResource(child)
    expect(tree.allocateResource(N, 0x800n, { min: 0x6000n })).toBe(0)
    expect([shown(tree), N.id]).toEqual(['a 1000-1fff, b 3000-3fff, N 6000-67ff', id])
  })

  test('the callback moves a candidate, and the architecture keeps space out', () => {
    const { tree } = iomem({ rules, reservations: ({ start, end }) => ({ start: start < 0x100000n ? 0x100000n : start, end }) })
    const N = new Resource(0n, 0n, 'N')
    expect(tree.allocateResource(N, 0x100n, { max: 0xfffffn })).toBe(-16)
    expect(tree.allocateResource(N, 0x100n, { alignf: ({ start }) => start + 0x30n })).toBe(0)
    expect(range(N)).toBe('100030-10012f')
  })

  test('what is UNSET is fitted as if it were not, and stays so', () => {
    const { tree, N } = gaps()
    N.flags |= ioresource.UNSET
    expect(tree.allocateResource(N, 0x1000n)).toBe(0)
    expect([range(N), N.flags & ioresource.UNSET]).toEqual(['2000-2fff', ioresource.UNSET])
  })

  test('a first child up to the last address wraps the search: refused, but the range is overwritten', () => {
    const { tree } = iomem({ rules })
    put(tree, 'all', 0n, MAX)
    const N = new Resource(0xdeadn, 0xbeefn, 'N')
    expect(tree.allocateResource(N, 0x10n, { min: 0x100n })).toBe(-16)
    expect(range(N)).toBe('100-10f')
  })
})
