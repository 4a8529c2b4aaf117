/** Vectors are those of the resource-tree notes (core, 2.9), by number; addresses are hex. */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { ioresource } from './flags.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import type { Rules } from './rules.ts'

const MAX = 2n ** 64n - 1n

const eras = ['linux-6.1', 'seed'] as const

function fresh({ start = 0n, end = MAX, rules = 'linux-6.1' as Rules } = {}): { tree: ResourceTree; events: AnyEvent[] } {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  return { tree: new ResourceTree(emitter, new Ids(), { name: 'iomem', start, end, rules }), events }
}

const node = (name: string, start: bigint, end: bigint, flags?: bigint): Resource => new Resource(start, end, name, flags)

/** `D{a{E},b}` */
const shape = (list: readonly Resource[]): string =>
  list.map((r) => `${r.name}${r.children.length > 0 ? `{${shape(r.children)}}` : ''}`).join(',')
const under = (tree: ResourceTree): string => shape(tree.root.children)

describe.each(eras)('request_resource by the rules of %s', (rules) => {
  test('vectors 1 and 2: a range in use is refused with the node in the way, the one beside it is granted', () => {
    const { tree } = fresh({ rules })
    const a = node('a', 0x1000n, 0x1fffn)
    expect(tree.requestResource(a)).toBe(0)
    expect(tree.requestResource(node('b', 0x1fffn, 0x2fffn))).toBe(-16)
    expect(tree.requestResourceConflict(node('b', 0x1fffn, 0x2fffn))).toBe(a)
    expect(tree.requestResource(node('b', 0x2000n, 0x2fffn))).toBe(0)
    expect(under(tree)).toBe('a,b')
  })

  test('vectors 3 and 4: for a range that ends before it starts or leaves the root, the conflict is the root', () => {
    const { tree } = fresh({ start: 0x1000n, end: 0xffffn, rules })
    for (const [start, end] of [
      [0x5000n, 0x4fffn],
      [0xfffn, 0x1000n],
      [0xf000n, 0x10000n],
    ] as const) {
      expect(tree.requestResourceConflict(node('x', start, end))).toBe(tree.root)
    }
  })

  test('vector 5: a node that is in the tree is refused', () => {
    const { tree } = fresh({ rules })
    const a = node('a', 0x1000n, 0x1fffn)
    tree.requestResource(a)
    expect(tree.requestResource(a)).toBe(-16)
  })

  test('a linked node cannot be linked somewhere else as well', () => {
    const { tree } = fresh({ rules })
    const a = node('a', 0x1000n, 0x1fffn)
    const b = node('b', 0x0n, 0xfffffn)
    tree.requestResource(a)
    tree.insertResource(b)
    expect(() => tree.requestResource(b, new Resource(0n, MAX, 'other'))).toThrow(
      'b [0x0-0xfffff] is linked already and would be linked twice (after event 3)',
    )
  })
})

function nested(rules: Rules): { tree: ResourceTree; a: Resource; b: Resource; C: Resource; D: Resource; events: AnyEvent[] } {
  const { tree, events } = fresh({ rules })
  const [a, b, C, D] = [node('a', 0x1000n, 0x1fffn), node('b', 0x3000n, 0x3fffn), node('C', 0x1000n, 0x3fffn), node('D', 0x1000n, 0x3fffn)]
  for (const r of [a, b]) tree.requestResource(r)
  for (const r of [C, D]) expect(tree.insertResource(r)).toBe(0)
  return { tree, a, b, C, D, events }
}

describe.each(eras)('insert_resource by the rules of %s', (rules) => {
  test('vectors 6 and 7: it adopts what it covers, and goes above a node of the identical range', () => {
    expect(under(nested(rules).tree)).toBe('D{C{a,b}}')
  })

  test('vector 8: it is refused by a node that it covers in part', () => {
    const { tree, a, D } = nested(rules)
    expect(tree.insertResourceConflict(node('E', 0x1800n, 0x4fffn))).toBe(D)
    expect(tree.insertResourceConflict(node('E', 0x1800n, 0x27ffn))).toBe(a)
    expect(tree.insertResource(node('E', 0x1800n, 0x27ffn))).toBe(-16)
    expect(under(tree)).toBe('D{C{a,b}}')
  })

  test('vectors 9 and 11: it descends; release_resource takes the children along', () => {
    const { tree, a } = nested(rules)
    tree.insertResource(node('E', 0x1800n, 0x18ffn))
    expect(under(tree)).toBe('D{C{a{E},b}}')
    expect(tree.releaseResource(a)).toBe(0)
    expect(under(tree)).toBe('D{C{b}}')
    expect(shape(a.children)).toBe('E')
    expect(a.parent).toBe(null)
  })

  test('vector 12: a node that is in the tree is refused with a warning', () => {
    const { tree, a, events } = nested(rules)
    expect(tree.insertResourceConflict(a)).toBe(a)
    expect(tree.insertResource(a)).toBe(-16)
    expect(events.filter((e) => e.type === 'resource-tree/warned').map((e) => e.data['by'])).toEqual([
      '__insert_resource',
      '__insert_resource',
    ])
  })

  test('outside of its parent it is refused by the parent', () => {
    const { tree } = fresh({ start: 0x1000n, end: 0xffffn, rules })
    expect(tree.insertResourceConflict(node('x', 0x0n, 0x1000n))).toBe(tree.root)
  })
})

describe('release_resource and remove_resource', () => {
  test('vectors 10 and 11: remove_resource leaves the children, which release_resource then takes along', () => {
    const { tree, a, C } = nested('linux-6.1')
    tree.insertResource(node('E', 0x1800n, 0x18ffn))
    expect(tree.removeResource(C)).toBe(0)
    expect(under(tree)).toBe('D{a{E},b}')
    expect(tree.releaseResource(a)).toBe(0)
    expect(under(tree)).toBe('D{b}')
  })

  test('a descriptor that was released brings its children back', () => {
    const { tree, events } = fresh()
    const [a, E] = [node('a', 0x1000n, 0x1fffn), node('E', 0x1800n, 0x18ffn)]
    tree.requestResource(a)
    tree.requestResource(E, a)
    tree.releaseResource(a)
    expect(E.id).toBe(null)
    tree.requestResource(a)
    expect(under(tree)).toBe('a{E}')
    expect(events.slice(-2).map((e) => [e.type, e.data['region'], e.data['parent']])).toEqual([
      ['resource-tree/requested', 3, null],
      ['resource-tree/carried', 4, 3],
    ])
  })

  test('what happens in a released subtree is no event of the tree', () => {
    const { tree, events } = fresh()
    const a = node('a', 0x1000n, 0x1fffn)
    tree.requestResource(a)
    tree.releaseResource(a)
    const before = events.length
    expect(tree.requestResource(node('E', 0x1800n, 0x18ffn), a)).toBe(0)
    expect(events.length).toBe(before)
  })

  test('a node that its parent does not list gets -EINVAL, one without a parent is a bug of the caller', () => {
    const { tree, events } = fresh()
    const a = node('a', 0x1000n, 0x1fffn)
    expect(() => tree.releaseResource(a)).toThrow('is in no tree')
    a.parent = tree.root
    expect(tree.releaseResource(a)).toBe(-22)
    expect(tree.removeResource(a)).toBe(-22)
    expect(events.at(-1)).toMatchObject({ type: 'resource-tree/release-refused', data: { how: 'remove_resource', errno: -22 } })
  })

  test('lookup_resource finds a direct child by its exact start', () => {
    const { tree } = fresh()
    const a = node('a', 0x1000n, 0x1fffn)
    tree.requestResource(a)
    expect(tree.lookupResource(0x1000n)).toBe(a)
    expect(tree.lookupResource(0x1001n)).toBe(null)
    expect(tree.lookupResource(0x1000n, a)).toBe(null)
  })
})

function windowed(): { tree: ResourceTree; win: Resource; events: AnyEvent[] } {
  const { tree, events } = fresh()
  const win = node('win', 0x10000n, 0x1ffffn)
  tree.requestResource(win)
  return { tree, win, events }
}

const warning = (start: string, end: string): string => `Trying to free nonexistent resource <0x${start}-0x${end}>`

describe('__request_region and __release_region', () => {
  test('vectors 22 and 24: it descends into a node that is not busy and takes its type', () => {
    const { tree, win } = windowed()
    const region = tree.requestRegion(0x11000n, 0x1000n, 'dev')!
    expect(region.parent).toBe(win)
    expect(region.flags).toBe(0x80000200n)
    expect(tree.requestRegion(0x12000n, 0x1000n, 'own', ioresource.EXCLUSIVE)!.flags).toBe(0x88000200n)
  })

  test('vector 23: a busy node is not entered, and a range that straddles a window does not fit', () => {
    const { tree, events } = windowed()
    tree.requestRegion(0x11000n, 0x1000n, 'dev')
    for (const [start, size] of [
      [0x11800n, 0x10n],
      [0x1f000n, 0x2000n],
      [0xf000n, 0x20000n],
    ] as const) {
      expect(tree.requestRegion(start, size, 'x')).toBe(null)
      expect(events.at(-1)).toMatchObject({ type: 'resource-tree/refused', data: { start, end: start + size - 1n, errno: null } })
    }
  })

  test('vector 25: only the exact range of a busy node is released', () => {
    const { tree } = windowed()
    const dev = tree.requestRegion(0x11000n, 0x1000n, 'dev')!
    expect(tree.releaseRegion(0x11000n, 0x800n)).toEqual({ warning: warning('0000000000011000', '00000000000117ff') })
    expect(tree.releaseRegion(0x10000n, 0x10000n)).toEqual({ warning: warning('0000000000010000', '000000000001ffff') })
    expect(tree.releaseRegion(0x11000n, 0x1000n)).toEqual({ freed: dev })
    expect(tree.releaseRegion(0x11000n, 0x1000n)).toEqual({ warning: warning('0000000000011000', '0000000000011fff') })
  })

  test('a size of 0 makes no range', () => {
    expect(windowed().tree.requestRegion(0x11000n, 0n, 'x')).toBe(null)
  })
})

test('with no sink nothing is said and nothing else changes', () => {
  const tree = new ResourceTree(new Emitter(new ManualClock()), new Ids(), { name: 'iomem', start: 0n, end: MAX })
  expect(tree.requestRegion(0x1000n, 0x1000n, 'a')!.id).toBe(1)
  expect(tree.requestRegion(0x1000n, 0x1000n, 'a')).toBe(null)
})
