/** Once a node reaches outside its parent or ends before it starts, nothing may be left out of a search: all is looked at, as the kernel does. */
import { expect, test } from 'vitest'
import { ioresource } from './flags.ts'
import { regionIntersection } from './intersects.ts'
import { iomem, MAX, put, range } from './vector-trees.test-support.ts'

const { MEM, BUSY, SYSTEM_RAM } = ioresource
const RAM = { flags: SYSTEM_RAM }

test('a node adjusted across the end of the address space hides none of those that stand behind it', () => {
  const { tree } = iomem()
  const window = put(tree, 'window', 0n, MAX)
  const wraps = put(tree, 'wraps', 0x10n, 0x1fn, MEM, window)
  put(tree, 'System RAM', 0x1000n, 0x1fffn, SYSTEM_RAM | BUSY, window)
  expect(tree.adjustResource(wraps, -0x10n, 0x16n)).toBe(0)
  expect(range(wraps)).toBe('fffffffffffffff0-5')
  expect(tree.regionIntersects(0x1000n, 0x1000n, RAM)).toBe(regionIntersection.INTERSECTS)
})

test('a node that came along below one that does not hold it is found', () => {
  const { tree } = iomem()
  const window = put(tree, 'window', 0n, 0xffffn)
  const moved = put(tree, 'moved', 0x1000n, 0x1fffn, MEM, window)
  put(tree, 'System RAM', 0x1000n, 0x1fffn, SYSTEM_RAM | BUSY, moved)
  tree.releaseResource(moved)
  tree.describe(moved, { start: 0x100n, end: 0x1ffn })
  expect(tree.requestResource(moved, window)).toBe(0)
  expect(tree.regionIntersects(0x1000n, 0x1000n, RAM)).toBe(regionIntersection.INTERSECTS)
})
