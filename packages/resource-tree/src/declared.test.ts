/** When the list of a device's regions is complete. */
import { Facts, Vocabulary } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { resourceTreeCatalogue } from './events.ts'
import { isDeclared } from './declared.ts'
import { resourceTreeModel } from './model.ts'
import { gap, requested, say, type Said } from './said.test-support.ts'
import { evolveResourceTree, initialResourceTree } from './state.ts'

const DEVICE = 3
const created: Said = ['resource-tree/created', { root: 'iomem', start: 0n, end: 0xffffn }]
const named = (said: Said, name: string | null): Said => [said[0], { ...said[1], name }]
const owned = (region: number): Said => ['resource-tree/owner-identified', { region, device: DEVICE }]

function regionsAfter(...events: readonly Said[]): unknown {
  const state = initialResourceTree()
  say((event) => evolveResourceTree(state, event), events)
  return (
    resourceTreeModel.describe!(state, DEVICE, new Facts(new Vocabulary([resourceTreeCatalogue]))) as { regions: { complete: boolean } }
  ).regions.complete
}

describe('of a tree that was made', () => {
  const memory = named(requested(1, null, 0n, 0xfffn, 'request_resource'), 'Persistent Memory')
  const driver = named(requested(2, 1, 0n, 0xfffn), 'namespace0.0')

  test('what the firmware declared is no device’s: the list is complete', () => {
    expect(regionsAfter(created)).toBe(true)
    expect(regionsAfter(created, memory)).toBe(true)
    expect(regionsAfter(created, memory, driver, owned(2))).toBe(true)
  })

  test('a region of a driver that is nobody’s yet, or of no name, may be this one’s', () => {
    expect(regionsAfter(created, memory, driver)).toBe(false)
    expect(regionsAfter(created, named(memory, null))).toBe(false)
    expect(regionsAfter(created, memory, driver, owned(2), gap)).toBe(false)
  })
})

test('names of declared ranges', () => {
  for (const name of ['Persistent Memory', 'Persistent Memory (legacy)', 'System RAM', 'System RAM (kmem)', 'ACPI Tables', 'Kernel code'])
    expect([name, isDeclared(name)]).toEqual([name, true])
  for (const name of ['namespace0.0', 'dax0.0', 'btt0.1', 'pci-Reserved', '', null]) expect([name, isDeclared(name)]).toEqual([name, false])
})
