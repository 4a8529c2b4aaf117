/** What the fold knows of disks and queues, and what a gap leaves of it. */
import { Emitter, ManualClock } from '@devtrail/events'
import { expect, test } from 'vitest'
import { evolveNvdimmPmem, initialNvdimmPmem, type NvdimmPmemState } from './state.ts'

type Said = readonly [type: string, data: object]
const gap: Said = ['log/gap', { reason: 'lost', lost: null, cpu: null }]
const added = (device: number): Said => ['nvdimm-pmem/disk-added', { device, disk: 'pmem0', parent: 'pfn0.0' }]
const removed = (device: number): Said => ['nvdimm-pmem/disk-removed', { device, disk: 'pmem0' }]
const frozen = (device: number | null, queue = '0xq'): Said => ['nvdimm-pmem/queue-freeze-started', { device, queue }]
const drained: Said = ['nvdimm-pmem/queue-ref-released', { device: null, queue: '0xq', ref: '0xr' }]

function fold(...events: readonly Said[]): NvdimmPmemState {
  const state = initialNvdimmPmem()
  const emitter = new Emitter(new ManualClock(), (event) => evolveNvdimmPmem(state, event))
  for (const [type, data] of events) emitter.emit(type, data)
  return state
}

test('a disk is added, removed, and after a gap neither', () => {
  expect(fold(added(1)).disks.get('pmem0')).toMatchObject({ device: 1, state: 'added' })
  expect(fold(added(1), removed(1)).disks.get('pmem0')).toMatchObject({ device: 1, state: 'removed' })
  expect(fold(added(1), gap).disks.get('pmem0')).toMatchObject({ state: null })
  expect(fold(added(1), gap, added(2)).disks.get('pmem0')).toMatchObject({ device: 2, state: 'added' })
})

test('a queue that is frozen has a dying counter of unknown count, and none once it drained', () => {
  expect(fold(frozen(1)).queues.get('0xq')).toMatchObject({
    device: 1,
    frozen: { atLeast: 1, atMost: null },
    ref: { mode: 'atomic', dying: true, count: null },
  })
  expect(fold(frozen(1), drained).queues.get('0xq')!.ref).toEqual({ id: '0xr', mode: 'atomic', dying: true, count: 0 })
})

test('a pointer seen again after its queue drained is another queue: not frozen twice, not of the same device', () => {
  const again = fold(frozen(1), drained, frozen(2)).queues.get('0xq')!
  expect(again).toMatchObject({ device: 2, frozen: { atLeast: 1, atMost: null }, ref: { count: null } })
  expect(fold(frozen(1), drained, frozen(null)).queues.get('0xq')!.device).toBe(null)
  expect(fold(frozen(1), frozen(null)).queues.get('0xq')!.device).toBe(1)
})

const known = ({ queues, comeBackAs, mountsListed }: NvdimmPmemState): unknown => [queues.size, comeBackAs.get(1), mountsListed]

test('after a gap no queue is known, no list of mounts is complete and no probe is remembered', () => {
  const probed: Said = ['nvdimm-pmem/probe-ended', { device: 1, errno: -6, comeBackAs: 'pfn' }]
  const before = [frozen(1), probed, ['nvdimm-pmem/mounts-listed', { mounts: 0 }]] as const
  expect(known(fold(...before))).toEqual([1, 'pfn', true])
  expect(known(fold(...before, gap))).toEqual([0, undefined, false])
})

test('a new probe forgets what the last one found', () => {
  const probed: Said = ['nvdimm-pmem/probe-ended', { device: 1, errno: -6, comeBackAs: 'btt' }]
  expect(fold(probed, ['nvdimm-pmem/probe-started', { device: 1 }]).comeBackAs.size).toBe(0)
})
