/** Addresses, sizes and flags are 64 bits: what is more, or negative, wraps alike in every call. */
import { describe, expect, test } from 'vitest'
import { ioresource } from './flags.ts'
import { regionIntersection } from './intersects.ts'
import { Resource } from './resource.ts'
import { releaseWarning } from './busy-regions.ts'
import { iomem, put, range, shown } from './vector-trees.test-support.ts'
import type { WalkedRange } from './walk.ts'

const OVER = 2n ** 64n
const { MEM, BUSY, SYSTEM_RAM } = ioresource

/** An address, and what else is the same address. */
describe.each([0n, OVER, -OVER, 3n * OVER])('with %i added', (more) => {
  test('what is asked for is the same', () => {
    const { tree } = iomem()
    const region = tree.requestRegion(0x200n + more, 0x10n + more, 'r', more)!
    expect([range(region), region.flags]).toEqual(['200-20f', MEM | BUSY])
    expect(tree.adjustResource(region, 0x100n + more, 8n + more)).toBe(0)
    expect(shown(tree)).toBe('r 100-107')
    expect(tree.lookupResource(0x100n + more)).toBe(region)
    expect(tree.releaseRegion(0x100n + more, 8n + more)).toEqual({ freed: region })
  })

  test('so is a descriptor, as it is made, as it is described and as it was written into', () => {
    const { tree } = iomem()
    const a = new Resource(0x1000n + more, 0x1fffn + more, 'a', MEM + more)
    expect([range(a), a.flags]).toEqual(['1000-1fff', MEM])
    Object.assign(a, { start: 0x2000n + more, end: 0x2fffn + more, flags: MEM + more })
    tree.insertResource(a)
    expect([shown(tree), a.flags]).toEqual(['a 2000-2fff', MEM])
    tree.releaseResource(a)
    tree.describe(a, { start: 0x3000n + more, end: 0x3fffn + more, flags: BUSY + more })
    expect([range(a), a.flags]).toEqual(['3000-3fff', BUSY])
    Object.assign(a, { flags: MEM + more })
    const limits = { min: 0x8000n + more, max: 0x9fffn + more, align: 0x1000n + more }
    expect(tree.allocateResource(a, 0x1000n + more, limits)).toBe(0)
    expect([shown(tree), a.flags]).toEqual(['a 8000-8fff', MEM])
  })

  test('so is what is taken out of memory', () => {
    const { tree } = iomem()
    put(tree, 'RAM', 0x100000n, 0x4fffffn, MEM | BUSY)
    tree.releaseMemRegionAdjustable(0x200000n + more, 0x100000n + more)
    expect(shown(tree)).toBe('RAM 100000-1fffff, RAM 300000-4fffff')
  })

  test('so are the answers', () => {
    const { tree, events } = iomem()
    put(tree, 'System RAM', 0x1000n, 0x2fffn, SYSTEM_RAM | BUSY)
    put(tree, 'window', 0x8000n, 0x8fffn)
    expect(tree.regionIntersects(0x1000n + more, 0x800n + more, { flags: SYSTEM_RAM })).toBe(regionIntersection.INTERSECTS)
    expect([tree.resourceIsExclusive(0x1000n + more, 0x10n + more), tree.iomemIsExclusive(0x1010n + more)]).toEqual([true, true])
    expect([tree.resourceIsExclusive(0x5000n + more, 0x10n + more), tree.iomemIsExclusive(0x5010n + more)]).toEqual([false, false])
    expect([tree.pageIsRam(1n + more), tree.pageIsRam(3n + more)]).toEqual([true, false])
    expect(tree.iomemMapSanityCheck(0x7000n + more, 0x2000n + more)).toBe(-1)
    expect(events.at(-1)!.data).toMatchObject({ start: 0x7000n, end: 0x8fffn })
    const seen: string[] = []
    const visit = (found: WalkedRange): number => (seen.push(range(found)), 0)
    tree.walkIomemResDesc(0, MEM + more, 0x1800n + more, 0x87ffn + more, visit)
    tree.walkSystemRamRange(more, 8n + more, (pfn, pages) => (seen.push(`page ${pfn}: ${pages}`), 0))
    expect(seen).toEqual(['1800-2fff', '8000-87ff', 'page 1: 2'])
  })

  test('so is a warning', () => {
    const { tree } = iomem()
    const warning = 'Trying to free nonexistent resource <0xffffffffffffff00-0xffffffffffffff0f>'
    expect(tree.releaseRegion(more - 0x100n, 0x10n)).toEqual({ warning })
    expect(releaseWarning(more - 0x100n, more - 0xf1n)).toBe(warning)
  })
})

test('below zero are the last addresses, for who asks for them and for who releases them', () => {
  const { tree, events } = iomem()
  const region = tree.requestRegion(-0x100n, 0x10n, 'r')!
  expect(events.at(-1)!.data).toMatchObject({ start: 0xffffffffffffff00n, end: 0xffffffffffffff0fn })
  expect(tree.releaseRegion(-0x100n, 0x10n)).toEqual({ freed: region })
})

test('what an alignment function and what the architecture say wraps too', () => {
  const { tree } = iomem({ reservations: () => ({ start: 0x4000n + OVER, end: 0xffffn + OVER }) })
  const a = new Resource(0n, 0n, 'a')
  expect(tree.allocateResource(a, 0x100n, { alignf: ({ start }) => start + 0x10n - OVER })).toBe(0)
  expect(shown(tree)).toBe('a 4010-410f')
})
