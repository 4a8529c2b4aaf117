/** What a kernel was built with, and the node that memory is put on. */
import { errno } from '@devtrail/events'
import { expect, test } from 'vitest'
import { GIB, Machine, MIB, rangeOf } from '../../test/machine.ts'
import { memoryType } from './memory-type.ts'

const [START, SIZE] = [4n * GIB, 128n * MIB]
const ops = { migrateToRam: () => {}, pageFree: () => {} }
const nodes = (m: Machine): unknown[] => m.events.filter((e) => e.type === 'memremap/memory-add-started').map((e) => e.data['nid'])

test('without DEVICE_PRIVATE there is no private memory, before anything else is asked; coherent memory there is', () => {
  const m = new Machine({ devicePrivate: false })
  expect(m.map(START, SIZE, {}, memoryType.PRIVATE)).toBe(errno.EINVAL)
  expect(m.map(START, SIZE, { ops, owner: 'gpu' }, memoryType.PRIVATE)).toBe(errno.EINVAL)
  expect(m.warnings()).toEqual(Array(2).fill('memremap_pages: Device private memory not supported'))
  expect(m.registry.pagemaps).toEqual([])
  m.mapped(START, SIZE, { ops, owner: 'gpu' }, memoryType.COHERENT)
  expect(new Machine().map(START, SIZE, { ops, owner: 'gpu' }, memoryType.PRIVATE)).toBeTypeOf('object')
})

test('with FS_DAX_LIMITED there is no memory for file systems; other memory there is', () => {
  const m = new Machine({ fsDaxLimited: true })
  expect(m.map(START, SIZE)).toBe(errno.EINVAL)
  expect(m.warnings()).toEqual(['memremap_pages: File system DAX not supported'])
  expect(m.said()).toEqual(['map-requested', 'map-started', 'warned', 'map-failed'])
  m.mapped(START, SIZE, {}, memoryType.GENERIC)
})

test('memory is put on the node that is asked for; for none, on that of the CPU', () => {
  const m = new Machine({ localNode: 2 })
  m.mapped(START, SIZE)
  m.mapped(START + SIZE, SIZE, { nid: 1 })
  m.mapped(START + 2n * SIZE, SIZE, { nid: -1 })
  m.mapped(START + 3n * SIZE, SIZE, { nid: 0 })
  expect(nodes(m)).toEqual([2, 1, 2, 0])
})

test.each(['seed', 'linux-6.1'] as const)('of a managed pagemap it is the node of the device, under the rules of %s', (rules) => {
  const m = new Machine({ rules, localNode: 2 })
  for (const [n, node] of [undefined, 1, -1, 0].entries()) {
    const range = rangeOf(START + BigInt(n) * SIZE, SIZE)
    const device = { ...m.device(n + 1), ...(node !== undefined && { node }) }
    const mapped =
      rules === 'seed'
        ? m.registry.devmMemremapPages(device, range, m.driverRef())
        : m.registry.devmMemremapPages(device, { ranges: [range], type: memoryType.FS_DAX, nid: 3 })
    expect(mapped).toBeTypeOf('object')
  }
  expect(nodes(m)).toEqual([2, 1, 2, 0])
})
