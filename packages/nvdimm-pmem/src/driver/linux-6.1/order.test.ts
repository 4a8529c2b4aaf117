/**
 * The order of Linux 6.1, as a recording of it has it (`fsdax-dev`, imported): binding and unbinding an fsdax device with its struct pages on
 * itself. What is left out of the simulated side is what no trace shows.
 */
import { expect, test } from 'vitest'
import { Lab } from '../../../test/machine.ts'

const BOUND = [
  'devres/probe-started',
  'devres/added devm_kzalloc_release 40',
  'devres/added devm_pinctrl_release 8',
  'devres/removed devm_pinctrl_release 8',
  'devres/removed devm_kzalloc_release 40',
  'nvdimm-pmem/probe-started',
  'nvdimm-pmem/attach-disk-started',
  'devres/added devm_kzalloc_release 288',
  'resource-tree/requested',
  'devres/added devm_region_release 24',
  'devres/added devm_kzalloc_release 4096',
  'memremap/range-map-started',
  'devres/added devm_memremap_release 8',
  'memremap/range-mapped',
  'nvdimm-pmem/setup-pfn-started',
  'devres/added devm_kzalloc_release 4096',
  'memremap/range-unmapped',
  'devres/removed devm_memremap_release 8',
  'devres/removed devm_kzalloc_release 4096',
  'resource-tree/released',
  'devres/removed devm_region_release 24',
  'resource-tree/requested',
  'devres/added devm_region_release 24',
  'devres/added devm_kzalloc_release 4096',
  'memremap/range-map-started',
  'devres/added devm_memremap_release 8',
  'memremap/range-mapped',
  'nvdimm-pmem/setup-pfn-ended',
  'memremap/range-unmapped',
  'devres/removed devm_memremap_release 8',
  'devres/removed devm_kzalloc_release 4096',
  'resource-tree/released',
  'devres/removed devm_region_release 24',
  'resource-tree/requested',
  'devres/added devm_region_release 24',
  'memremap/map-requested',
  'memremap/map-started',
  'memremap/memory-added',
  'memremap/pages-initialised',
  'memremap/mapped',
  'devres/added devm_action_release 16',
  'devres/added devm_kzalloc_release 4096',
  'nvdimm-pmem/disk-added',
  'nvdimm-pmem/disk-identified',
  'devres/added devm_action_release 16',
  'nvdimm-pmem/attach-disk-ended',
  'nvdimm-pmem/probe-ended',
  'devres/probe-ended',
]

const UNBOUND = [
  'nvdimm-pmem/remove-started',
  'nvdimm-pmem/remove-ended',
  'devres/unbind-cleanup-started',
  'devres/release-all-started',
  'devres/released devm_action_release 16',
  'nvdimm-pmem/dax-killed',
  'nvdimm-pmem/disk-removed',
  'nvdimm-pmem/queue-freeze-started',
  'nvdimm-pmem/queue-wait-started',
  'nvdimm-pmem/queue-ref-released',
  'nvdimm-pmem/queue-wait-ended',
  'devres/released devm_kzalloc_release 4096',
  'devres/released devm_action_release 16',
  'memremap/release-requested',
  'memremap/unmap-started',
  'memremap/ref-released',
  'memremap/memory-removed',
  'memremap/unmapped',
  'devres/released devm_region_release 24',
  'resource-tree/released',
  'devres/released devm_kzalloc_release 4096',
  'devres/released devm_kzalloc_release 288',
  'devres/release-all-ended',
]

/** Events about a device that a recording has, too, with what devres names. */
function recorded(lab: Lab, device: number, from: number): string[] {
  const shown = new Set([...BOUND, ...UNBOUND].map((line) => line.split(' ')[0]))
  return lab.events.slice(from).flatMap(({ type, device: of, data }) => {
    const isMemory = type === 'resource-tree/requested' || type === 'resource-tree/released'
    if (!shown.has(type) || (of !== device && !isMemory)) return []
    const { release, size } = data as { release?: string; size?: number }
    return [release === undefined ? type : `${type} ${release} ${size}`]
  })
}

test('an fsdax device is bound and unbound as in the recording', () => {
  const lab = new Lab({ region: { pagemap: false } })
  const pfn = lab.pfn('pmem')
  let from = lab.events.length
  expect(lab.machine.bind(pfn)).toBe(0)
  expect(recorded(lab, pfn.id, from)).toEqual(BOUND)
  from = lab.events.length
  expect(lab.machine.unbind(pfn)).toBe(0)
  expect(recorded(lab, pfn.id, from)).toEqual(UNBOUND)
})
