/** Vectors are those of the resource-tree notes (core, 2.9), by number; addresses are hex. */
import { describe, expect, test } from 'vitest'
import { ioresDesc, ioresource } from './flags.ts'
import { regionIntersection, type RegionIntersection } from './intersects.ts'
import type { ResourceTree } from './resource-tree.ts'
import { resourceTreeRules, type ResourceTreeRules, type Rules } from './rules.ts'
import type { RootSpec } from './tree-spec.ts'
import { iomem, put, ram } from './vector-trees.test-support.ts'

const { INTERSECTS, DISJOINT, MIXED } = regionIntersection
const { MEM, BUSY, EXCLUSIVE, SYSTEM_RAM } = ioresource
const topLevel: ResourceTreeRules = { ...resourceTreeRules['linux-6.1'], intersects: 'top-level' }
const eras: [name: string, rules: Rules | ResourceTreeRules][] = [
  ['linux-6.1', 'linux-6.1'],
  ['6.1.112', topLevel],
  ['seed', 'seed'],
]

/** Whether the range is System RAM. */
function isRam(tree: ResourceTree, start: bigint, size: bigint): RegionIntersection {
  return tree.regionIntersects(start, size, tree.rules.intersects === 'name' ? { name: 'System RAM' } : { flags: SYSTEM_RAM })
}

describe.each(eras)('region_intersects by the rules of %s', (name, rules) => {
  test('vector 32: RAM, RAM beside a device, a device, and nothing', () => {
    const { tree } = iomem({ rules })
    ram(tree, 0n, 0xfffffn)
    put(tree, 'dev', 0x100000n, 0x1fffffn)
    expect(isRam(tree, 0x1000n, 0x1000n)).toBe(INTERSECTS)
    expect(isRam(tree, 0xff000n, 0x2000n)).toBe(MIXED)
    expect(isRam(tree, 0x100000n, 0x1000n)).toBe(DISJOINT)
    expect(isRam(tree, 0x300000n, 0x1000n)).toBe(DISJOINT)
  })

  test('vector 33: a hole does not matter', () => {
    const { tree } = iomem({ rules })
    ram(tree, 0n, 0xfffffn)
    expect(isRam(tree, 0xff000n, 0x2000n)).toBe(INTERSECTS)
  })

  test('vector 34: RAM below a window is seen since 6.1.113', () => {
    const { tree } = iomem({ rules })
    ram(tree, 0x500000n, 0x5fffffn, put(tree, 'win', 0x400000n, 0x6fffffn))
    const nested = name === 'linux-6.1'
    expect(isRam(tree, 0x500000n, 0x100000n)).toBe(nested ? INTERSECTS : DISJOINT)
    expect(isRam(tree, 0x480000n, 0x100000n)).toBe(nested ? MIXED : DISJOINT)
    expect(isRam(tree, 0x600000n, 0x1000n)).toBe(DISJOINT)
  })

  test('RAM with one flag more is RAM by its flags, and other by its name', () => {
    const { tree } = iomem({ rules })
    ram(tree, 0n, 0xfffffn).flags |= EXCLUSIVE
    expect(isRam(tree, 0n, 0x1000n)).toBe(name === 'seed' ? DISJOINT : INTERSECTS)
  })

  test('a kind that the rules do not know is refused', () => {
    const { tree } = iomem({ rules })
    const kind = name === 'seed' ? { flags: SYSTEM_RAM } : { name: 'System RAM' }
    expect(() => tree.regionIntersects(0n, 1n, kind)).toThrow(TypeError)
  })
})

describe('the KUnit cases of region_intersects (6.12)', () => {
  const MIB = 0x100000n
  function machine(rules: Rules | ResourceTreeRules): ResourceTree {
    const { tree } = iomem({ rules })
    ram(tree, 0n, MIB - 1n)
    put(tree, 'WIN0', 2n * MIB, 3n * MIB - 1n)
    ram(tree, 3n * MIB, 4n * MIB - 1n)
    const win1 = put(tree, 'WIN1', 4n * MIB, 7n * MIB - 1n)
    const ram2 = ram(tree, 4n * MIB, 5n * MIB - 1n, win1)
    put(tree, 'Code', 4n * MIB + 0x20000n, 4n * MIB + 0x3ffffn, SYSTEM_RAM | BUSY, ram2)
    ram(tree, 5n * MIB, 6n * MIB - 1n, win1)
    return tree
  }

  test.each([
    ['the first page of RAM0', 0n, 0x1000n, INTERSECTS, INTERSECTS],
    ['the last page of RAM0 and the next', MIB - 0x1000n, 0x2000n, INTERSECTS, INTERSECTS],
    ['the first page of the hole', MIB, 0x1000n, DISJOINT, DISJOINT],
    ['the last page of the hole and WIN0', 2n * MIB - 0x1000n, 0x2000n, DISJOINT, DISJOINT],
    ['the last of WIN0 and RAM1', 3n * MIB - 0x1000n, 0x2000n, MIXED, MIXED],
    ['the last of RAM1 and RAM2', 4n * MIB - 0x1000n, 0x2000n, INTERSECTS, MIXED],
    ['the last of RAM2 and RAM3', 5n * MIB - 0x1000n, 0x2000n, INTERSECTS, DISJOINT],
    ['a page of Code', 4n * MIB + 0x20000n, 0x1000n, INTERSECTS, DISJOINT],
    ['RAM2 and a page more', 4n * MIB, MIB + 0x1000n, INTERSECTS, DISJOINT],
    ['RAM3 and a page more', 5n * MIB, MIB + 0x1000n, MIXED, DISJOINT],
  ] as const)('%s', (_, start, size, nested, top) => {
    expect(isRam(machine('linux-6.1'), start, size)).toBe(nested)
    expect(isRam(machine(topLevel), start, size)).toBe(top)
  })
})

function pages(tree: ResourceTree, pfn: bigint, count: bigint): [ret: number, visits: string[]] {
  const visits: string[] = []
  return [tree.walkSystemRamRange(pfn, count, (first, n) => (visits.push(`${first.toString(16)},${n}`), 0)), visits]
}

function bytes(tree: ResourceTree, start: bigint, end: bigint): [ret: number, visits: string[]] {
  const visits: string[] = []
  return [tree.walkSystemRamRes(start, end, (r) => (visits.push(`${r.start.toString(16)}-${r.end.toString(16)}`), 0)), visits]
}

describe.each(eras)('walks by the rules of %s', (name, rules) => {
  const nothing = name === 'seed' ? -1 : -22
  function threeChunks(): ResourceTree {
    const { tree } = iomem({ rules })
    ram(tree, 0x1800n, 0x5fffn)
    ram(tree, 0x8000n, 0x8bffn)
    ram(tree, 0xa000n, 0xbfffn)
    return tree
  }

  test('vector 35: whole pages', () => {
    expect(pages(threeChunks(), 0n, 0x100n)).toEqual([0, ['2,4', 'a,2']])
  })

  test('vector 36: a first piece without a page, and nothing at all', () => {
    expect(pages(threeChunks(), 8n, 0xf8n)).toEqual([nothing, []])
    expect(pages(threeChunks(), 0x20n, 0xe0n)).toEqual([nothing, []])
  })

  test('vector 37: by bytes; one byte is never asked, and the seed misses what starts at the last', () => {
    const tree = threeChunks()
    expect(bytes(tree, 0n, 0xfffffn)).toEqual([0, ['1800-5fff', '8000-8bff', 'a000-bfff']])
    expect(bytes(tree, 0x2000n, 0x2000n)).toEqual([nothing, []])
    expect(bytes(tree, 0x7000n, 0x8000n)).toEqual(name === 'seed' ? [-1, []] : [0, ['8000-8000']])
  })

  test('vector 38: page_is_ram', () => {
    const tree = threeChunks()
    expect([1n, 2n, 8n].map((pfn) => tree.pageIsRam(pfn))).toEqual([false, true, false])
  })

  test('what is not 0 ends a walk; RAM at the last address ends it too', () => {
    const { tree } = iomem({ rules })
    ram(tree, 2n ** 64n - 0x2000n, 2n ** 64n - 1n)
    expect(bytes(tree, 0n, 2n ** 64n - 1n)).toEqual([0, ['ffffffffffffe000-ffffffffffffffff']])
    expect(tree.walkSystemRamRes(0n, 2n ** 64n - 1n, () => 7)).toBe(7)
  })

  test('nested RAM is walked by its flags, and was not by its name', () => {
    const { tree } = iomem({ rules })
    ram(tree, 0x10000n, 0x1ffffn, put(tree, 'win', 0x10000n, 0x1ffffn))
    expect(bytes(tree, 0n, 0xfffffn)).toEqual(name === 'seed' ? [-1, []] : [0, ['10000-1ffff']])
  })
})

test('walk_iomem_res_desc of 6.1 and walk_iomem_res of the seed exclude each other', () => {
  const [now, seed] = [iomem().tree, iomem({ rules: 'seed' }).tree]
  for (const tree of [now, seed]) put(tree, 'Crash kernel', 0x1000n, 0x1fffn, MEM | BUSY, put(tree, 'win', 0n, 0xffffn)).desc = 1
  expect(now.walkIomemResDesc(ioresDesc.CRASH_KERNEL, MEM, 0n, 0xffffn, ({ start }) => Number(start))).toBe(0x1000)
  expect(now.walkIomemResDesc(ioresDesc.CXL, MEM, 0n, 0xffffn, () => 1)).toBe(-22)
  expect(now.walkMemRes(0n, 0xffffn, ({ end }) => Number(end))).toBe(0x1fff)
  expect(seed.walkIomemRes('Crash kernel', MEM | BUSY, 0n, 0xffffn, ({ start }) => Number(start))).toBe(0x1000)
  expect(seed.walkIomemRes(null, MEM | BUSY, 0n, 0xffffn, () => 3)).toBe(3)
  expect(seed.walkIomemRes('Crash kernel', MEM, 0n, 0xffffn, () => 1)).toBe(-1)
  expect(() => now.walkIomemRes(null, MEM, 0n, 1n, () => 0)).toThrow('use walkIomemResDesc')
  expect(() => seed.walkIomemResDesc(0, MEM, 0n, 1n, () => 0)).toThrow('use walkIomemRes')
})

function isExclusive(spec: Partial<RootSpec>, flags: bigint): boolean {
  const { tree } = iomem(spec)
  put(tree, 'x', 0x1000n, 0x1fffn, flags)
  return tree.iomemIsExclusive(0x1234n)
}

describe.each(eras)('exclusive ranges by the rules of %s', (name, rules) => {
  test('by BUSY and EXCLUSIVE', () => {
    expect(isExclusive({ rules }, MEM | BUSY | EXCLUSIVE)).toBe(true)
    expect(isExclusive({ rules }, MEM | EXCLUSIVE)).toBe(false)
    expect(isExclusive({ rules }, MEM | BUSY)).toBe(name !== 'seed')
    expect(isExclusive({ rules, ioStrict: false }, MEM | BUSY)).toBe(false)
    expect(isExclusive({ rules, strict: false }, MEM | BUSY | EXCLUSIVE)).toBe(false)
    expect(isExclusive({ rules, strict: false }, SYSTEM_RAM | EXCLUSIVE)).toBe(name !== 'seed')
  })
})

test('vector 40: iomem_map_sanity_check', () => {
  const { tree, events } = iomem()
  const A = put(tree, 'A', 0x1000n, 0x1fffn)
  expect(tree.iomemMapSanityCheck(0x1000n, 0x1000n)).toBe(0)
  expect(tree.iomemMapSanityCheck(0x1800n, 0x1000n)).toBe(-1)
  expect(events.at(-1)!.data['message']).toBe(
    'resource sanity check: requesting [mem 0x00001800-0x000027ff], which spans more than A [mem 0x00001000-0x00001fff]',
  )
  tree.describe(A, { flags: A.flags | BUSY })
  expect(tree.iomemMapSanityCheck(0x1800n, 0x1000n)).toBe(0)
})
