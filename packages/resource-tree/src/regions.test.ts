/** Vectors are those of the resource-tree notes (core, 2.9), by number; addresses are hex. */
import { describe, expect, test } from 'vitest'
import { ioresDesc, ioresource } from './flags.ts'
import { MuxedQueue } from './muxed-queue.ts'
import { Resource } from './resource.ts'
import type { ResourceTree } from './resource-tree.ts'
import { iomem, put, range, shown, type Fixture } from './vector-trees.test-support.ts'

const eras = ['linux-6.1', 'seed'] as const
const { MUXED, EXCLUSIVE, MEM, BUSY } = ioresource

describe.each(eras)('__request_region and __release_region by the rules of %s', (rules) => {
  function windowed(): Fixture & { win: Resource } {
    const fixture = iomem({ rules })
    const win = new Resource(0x10000n, 0x1ffffn, 'win', MEM, rules === 'seed' ? 0 : ioresDesc.PERSISTENT_MEMORY)
    fixture.tree.requestResource(win)
    return { ...fixture, win }
  }

  test('vectors 22 and 24: it stands in the window, with its type and its desc', () => {
    const { tree, win } = windowed()
    const region = tree.requestRegion(0x11000n, 0x1000n, 'dev')!
    expect([region.parent, region.flags, region.desc]).toEqual([win, 0x80000200n, rules === 'seed' ? 0 : 4])
    expect(tree.requestRegion(0x12000n, 0x1000n, 'own', EXCLUSIVE)!.flags).toBe(0x88000200n)
  })

  test('vector 23: neither in a busy node nor across the window', () => {
    const { tree } = windowed()
    tree.requestRegion(0x11000n, 0x1000n, 'dev')
    expect(tree.requestRegion(0x11800n, 0x10n, 'x')).toBe(null)
    expect(tree.requestRegion(0x1f000n, 0x2000n, 'x')).toBe(null)
    expect(tree.requestRegion(0xf000n, 0x20000n, 'x')).toBe(null)
  })

  test('vector 25: only exactly what is busy is released; the eras print the warning in their own way', () => {
    const { tree } = windowed()
    const dev = tree.requestRegion(0x11000n, 0x1000n, 'dev')!
    const prefix = rules === 'seed' ? '' : '0x'
    const warning = (from: string, to: string) => ({ warning: `Trying to free nonexistent resource <${prefix}${from}-${prefix}${to}>` })
    expect(tree.releaseRegion(0x11000n, 0x800n)).toEqual(warning('0000000000011000', '00000000000117ff'))
    expect(tree.releaseRegion(0x10000n, 0x10000n)).toEqual(warning('0000000000010000', '000000000001ffff'))
    expect(tree.releaseRegion(0x11000n, 0x1000n)).toEqual({ freed: dev })
    expect(tree.releaseRegion(0x11000n, 0x1000n)).toEqual(warning('0000000000011000', '0000000000011fff'))
  })

  test('the type is that of each node it descends to, in the seed that of the one it was asked of', () => {
    const { tree } = iomem({ rules, flags: ioresource.IO })
    const win = put(tree, 'win', 0x0n, 0xfffn, ioresource.SYSTEM_RAM)
    const region = tree.requestRegion(0n, 0x10n, 'dev')!
    expect(region.parent).toBe(win)
    expect(region.flags).toBe(BUSY | (rules === 'seed' ? ioresource.IO : ioresource.SYSTEM_RAM))
  })

  test('children of a node that is freed are lost with it', () => {
    const { tree } = windowed()
    const dev = tree.requestRegion(0x11000n, 0x1000n, 'dev')!
    const inner = tree.requestRegion(0x11000n, 0x100n, 'inner', 0n, dev)!
    tree.releaseRegion(0x11000n, 0x1000n)
    expect(inner.id).toBe(null)
    expect(tree.releaseResource(inner)).toBe(-22)
  })
})

describe.each(eras)('MUXED regions by the rules of %s', (rules) => {
  test('vector 26: the second waits until the first is released; a plain one, and one behind a plain one, is refused', async () => {
    const { tree, events } = iomem({ rules })
    tree.requestRegion(0x100n, 0x10n, 'first', MUXED)
    let second: Resource | null | undefined
    const waiting = tree.waitForRegion(0x100n, 0x10n, 'second', MUXED).then((region) => (second = region))
    await Promise.resolve()
    expect([tree.muxed.waiting, second]).toEqual([1, undefined])
    expect(tree.requestRegion(0x100n, 0x10n, 'plain')).toBe(null)
    tree.releaseRegion(0x100n, 0x10n)
    await waiting
    expect(second!.name).toBe('second')
    expect(events.map((e) => e.type).filter((type) => type.includes('wait'))).toEqual([
      'resource-tree/wait-started',
      'resource-tree/wait-ended',
    ])
    tree.releaseRegion(0x100n, 0x10n)
    expect(tree.requestRegion(0x100n, 0x10n, 'plain')).not.toBe(null)
    expect(await tree.waitForRegion(0x100n, 0x10n, 'muxed', MUXED)).toBe(null)
  })

  test('several waiters get it one after another; a release of what is not MUXED wakes nobody', async () => {
    const { tree } = iomem({ rules })
    tree.requestRegion(0x100n, 0x10n, 'first', MUXED)
    tree.requestRegion(0x200n, 0x10n, 'plain')
    const got: string[] = []
    const waits = ['b', 'c', 'd'].map(async (name) => {
      got.push((await tree.waitForRegion(0x100n, 0x10n, name, MUXED))!.name!)
      tree.releaseRegion(0x100n, 0x10n)
    })
    tree.releaseRegion(0x200n, 0x10n)
    expect(tree.muxed.waiting).toBe(3)
    tree.releaseRegion(0x100n, 0x10n)
    await Promise.all(waits)
    expect(got.toSorted()).toEqual(['b', 'c', 'd'])
    expect(tree.muxed.waiting).toBe(0)
  })

  test('what it says when it goes on is said by the task that waited and on its CPU, and nothing else is', async () => {
    const { tree, events, emitter } = iomem({ rules })
    tree.requestRegion(0x100n, 0x10n, 'first', MUXED)
    const other = { actor: { pid: 8, comm: 'other' }, cpu: 3 }
    Object.assign(emitter, { actor: { pid: 7, comm: 'waiter' }, cpu: 1 })
    const waiting = tree.waitForRegion(0x100n, 0x10n, 'second', MUXED)
    Object.assign(emitter, other)
    tree.releaseRegion(0x100n, 0x10n)
    await waiting
    expect(events.slice(-2).map((e) => [e.type, e.actor?.pid, e.cpu])).toEqual([
      ['resource-tree/wait-ended', 7, 1],
      ['resource-tree/requested', 7, 1],
    ])
    expect([emitter.actor, emitter.cpu]).toEqual([other.actor, other.cpu])
  })

  test('it looks again below the node it had come to, whatever was put above that meanwhile', async () => {
    const inUse = (): Fixture & { win: Resource; free: () => void } => {
      const fixture = iomem({ rules, sleep: () => free() })
      const { tree } = fixture
      const win = put(tree, 'win', 0n, 0xfffn)
      tree.requestRegion(0x100n, 0x10n, 'first', MUXED)
      const free = (): void => {
        tree.releaseRegion(0x100n, 0x10n)
        tree.insertResource(new Resource(0n, 0xffffn, 'busy', MEM | BUSY))
      }
      return { ...fixture, win, free }
    }
    const awake = inUse()
    const waiting = awake.tree.waitForRegion(0x100n, 0x10n, 'second', MUXED)
    awake.free()
    expect((await waiting)?.parent).toBe(awake.win)
    const asleep = inUse()
    expect(asleep.tree.requestRegion(0x100n, 0x10n, 'second', MUXED)?.parent).toBe(asleep.win)
  })

  test('a caller that cannot wait sleeps as the tree was told to; one that was told nothing is a bug', () => {
    const muxed = new MuxedQueue()
    let slept = 0
    const { tree } = iomem({ rules, muxed, sleep: () => (slept++, tree.releaseRegion(0x100n, 0x10n)) })
    tree.requestRegion(0x100n, 0x10n, 'first', MUXED)
    expect(tree.requestRegion(0x100n, 0x10n, 'second', MUXED)!.name).toBe('second')
    expect(slept).toBe(1)
    const awake = iomem({ rules, muxed }).tree
    awake.requestRegion(0x100n, 0x10n, 'first', MUXED)
    expect(() => awake.requestRegion(0x100n, 0x10n, 'second', MUXED)).toThrow('has to wait for a MUXED region')
  })
})

const warned = ({ events }: Fixture): number => events.filter((e) => e.data['by'] === 'release_mem_region_adjustable').length

describe.each(eras)('release_mem_region_adjustable by the rules of %s', (rules) => {
  function busyRam(): Fixture {
    const fixture = iomem({ rules })
    put(fixture.tree, 'RAM', 0x100000n, 0x4fffffn, MEM | BUSY)
    return fixture
  }
  test('vectors 27 and 28: the middle is a hole, the head and the tail shrink it', () => {
    const { tree } = busyRam()
    const { upper } = tree.releaseMemRegionAdjustable(0x200000n, 0x100000n)
    expect(range(upper!)).toBe('300000-4fffff')
    expect(shown(tree)).toBe('RAM 100000-1fffff, RAM 300000-4fffff')
    tree.releaseMemRegionAdjustable(0x100000n, 0x80000n)
    tree.releaseMemRegionAdjustable(0x1c0000n, 0x40000n)
    expect(shown(tree)).toBe('RAM 180000-1bffff, RAM 300000-4fffff')
    expect(tree.releaseMemRegionAdjustable(0x300000n, 0x200000n).freed).toBe(upper)
  })

  test('vector 29: across a hole nothing is released', () => {
    const fixture = busyRam()
    const { tree } = fixture
    tree.releaseMemRegionAdjustable(0x200000n, 0x100000n)
    expect(tree.releaseMemRegionAdjustable(0x180000n, 0x200000n)).toEqual({ errno: -22, freed: null, upper: null })
    expect(shown(tree)).toBe('RAM 100000-1fffff, RAM 300000-4fffff')
    expect(warned(fixture)).toBe(0)
  })

  test('vector 30: one byte is never found', () => {
    const { tree } = iomem({ rules })
    put(tree, 'byte', 0x5000n, 0x5000n, MEM | BUSY)
    tree.releaseMemRegionAdjustable(0x5000n, 1n)
    expect(shown(tree)).toBe('byte 5000-5000')
  })

  test('vector 31: what is in use below stays; 6.1 warns where the seed returned -EBUSY', () => {
    const fixture = busyRam()
    const { tree } = fixture
    put(tree, 'in use', 0x180000n, 0x18ffffn, MEM, tree.root.children[0]!)
    expect(tree.releaseMemRegionAdjustable(0x180000n, 0x10000n).errno).toBe(-16)
    expect(shown(tree)).toBe('RAM 100000-4fffff{in use 180000-18ffff}')
    expect(warned(fixture)).toBe(rules === 'seed' ? 0 : 1)
    tree.releaseMemRegionAdjustable(0x200000n, 0x100000n)
    expect(shown(tree)).toBe('RAM 100000-1fffff{in use 180000-18ffff}, RAM 300000-4fffff')
  })

  test('a range outside the root is refused', () => {
    const fixture = iomem({ rules, start: 0x1000n, end: 0xffffn })
    expect(fixture.tree.releaseMemRegionAdjustable(0n, 0x2000n).errno).toBe(-22)
    expect(warned(fixture)).toBe(rules === 'seed' ? 0 : 1)
  })
})

/** Every allocation in turn fails, then all succeed. */
function failing(n: number): { mayAllocate: () => boolean; asked: () => number } {
  let asked = 0
  return { mayAllocate: () => ++asked !== n, asked: () => asked }
}

describe.each(eras)('when there is no memory, by the rules of %s', (rules) => {
  test('__request_region is refused and changes nothing; the same call succeeds when there is some', () => {
    const { tree, events } = iomem({ rules, mayAllocate: failing(1).mayAllocate })
    expect(tree.requestRegion(0x1000n, 0x1000n, 'dev')).toBe(null)
    expect([shown(tree), events.slice(-2).map((e) => e.type)]).toEqual(['', ['resource-tree/allocation-failed', 'resource-tree/refused']])
    expect(tree.requestRegion(0x1000n, 0x1000n, 'dev')).not.toBe(null)
  })

  test.each([1, 2, 3])('a split whose allocation %i fails is done anyway by 6.1, and is -ENOMEM to the seed', (n) => {
    const { mayAllocate, asked } = failing(n)
    const { tree } = iomem({ rules, mayAllocate })
    put(tree, 'RAM', 0x100000n, 0x4fffffn, MEM | BUSY)
    const { errno, upper } = tree.releaseMemRegionAdjustable(0x200000n, 0x100000n)
    const fails = rules === 'seed' && n === 1
    expect(errno).toBe(fails ? -12 : 0)
    expect(shown(tree)).toBe(fails ? 'RAM 100000-4fffff' : 'RAM 100000-1fffff, RAM 300000-4fffff')
    expect(upper === null).toBe(fails)
    expect(asked()).toBe(rules === 'linux-6.1' && n === 1 ? 2 : 1)
  })

  test('what needs no new node does without memory', () => {
    const { tree } = iomem({ rules, mayAllocate: () => false })
    put(tree, 'RAM', 0x100000n, 0x4fffffn, MEM | BUSY)
    expect(tree.releaseMemRegionAdjustable(0x100000n, 0x100000n).errno).toBe(0)
    expect(tree.releaseMemRegionAdjustable(0x400000n, 0x100000n).errno).toBe(0)
    expect(tree.releaseMemRegionAdjustable(0x200000n, 0x200000n).errno).toBe(0)
    expect(shown(tree)).toBe('')
  })

  test('a waiter that got its memory before it waited keeps it', async () => {
    const { mayAllocate } = failing(3)
    const { tree } = iomem({ rules, mayAllocate })
    tree.requestRegion(0x100n, 0x10n, 'first', MUXED)
    const waiting = tree.waitForRegion(0x100n, 0x10n, 'second', MUXED)
    tree.releaseRegion(0x100n, 0x10n)
    expect((await waiting)!.name).toBe('second')
    expect(await tree.waitForRegion(0x900n, 0x10n, 'third', MUXED)).toBe(null)
  })
})

function lonely(tree: ResourceTree, ...nodes: Resource[]): boolean {
  return nodes.every((node) => node.parent === null && !node.hasChildren && node.id === null) && tree.root.children.length === 1
}

test.each(eras)('vector 39, by the rules of %s: release_child_resources leaves each on its own, from 0, with its flags', (rules) => {
  const { tree, events } = iomem({ rules })
  const A = put(tree, 'A', 0x1000n, 0x4fffn)
  const b = put(tree, 'b', 0x2000n, 0x2fffn, MEM | BUSY, A)
  const c = put(tree, 'c', 0x2800n, 0x28ffn, MEM, b)
  tree.releaseChildResources(A)
  expect(shown(tree)).toBe('A 1000-4fff')
  expect([range(b), range(c), b.flags, lonely(tree, b, c)]).toEqual(['0-fff', '0-ff', MEM | BUSY, true])
  expect(events.at(-1)).toMatchObject({ type: 'resource-tree/children-released', data: { region: A.id, count: 2 } })
})

test('vector 10, by the rules of the seed: remove_resource came later', () => {
  const { tree } = iomem({ rules: 'seed' })
  const a = put(tree, 'a', 0x1000n, 0x1fffn)
  expect(() => tree.removeResource(a)).toThrow('came with Linux 4.8')
})

test('a descriptor that was removed points at the children it left, and must not be used before it does no longer', () => {
  const { tree } = iomem()
  const a = put(tree, 'a', 0x1000n, 0x1fffn)
  const b = put(tree, 'b', 0x1800n, 0x18ffn, MEM, a)
  tree.removeResource(a)
  expect([a.staleChild, shown(tree)]).toEqual([b, 'b 1800-18ff'])
  tree.describe(a, { start: 0x5000n, end: 0x5fffn })
  expect(() => tree.requestResource(a)).toThrow('set its staleChild to null')
  a.staleChild = null
  expect(tree.requestResource(a)).toBe(0)
})
