/** What the fold knows of disks and queues, and what a gap leaves of it. */
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { evolveNvdimmPmem, initialNvdimmPmem, type NvdimmPmemState } from './state.ts'

let seq = 0
const said = (type: string, data: object): AnyEvent => ({
  seq: ++seq,
  entry: null,
  time: seq,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  type,
  data: data as AnyEvent['data'],
})
const gap = (): AnyEvent => said('log/gap', { reason: 'lost', lost: null, cpu: null })
const added = (device: number): AnyEvent => said('nvdimm-pmem/disk-added', { device, disk: 'pmem0', parent: 'pfn0.0' })
const removed = (device: number): AnyEvent => said('nvdimm-pmem/disk-removed', { device, disk: 'pmem0' })
const frozen = (device: number | null, queue = '0xq'): AnyEvent => said('nvdimm-pmem/queue-freeze-started', { device, queue })
const drained = (): AnyEvent => said('nvdimm-pmem/queue-ref-released', { device: null, queue: '0xq', ref: '0xr' })

function fold(...events: AnyEvent[]): NvdimmPmemState {
  const state = initialNvdimmPmem()
  for (const e of events) evolveNvdimmPmem(state, e)
  return state
}

test('a disk is added, removed, and after a gap neither', () => {
  expect(fold(added(1)).disks.get('pmem0')).toMatchObject({ device: 1, state: 'added' })
  expect(fold(added(1), removed(1)).disks.get('pmem0')).toMatchObject({ device: 1, state: 'removed' })
  expect(fold(added(1), gap()).disks.get('pmem0')).toMatchObject({ state: null })
  expect(fold(added(1), gap(), added(2)).disks.get('pmem0')).toMatchObject({ device: 2, state: 'added' })
})

test('a queue that is frozen has a dying counter of unknown count, and none once it drained', () => {
  expect(fold(frozen(1)).queues.get('0xq')).toMatchObject({
    device: 1,
    frozen: { atLeast: 1, atMost: null },
    ref: { mode: 'atomic', dying: true, count: null },
  })
  expect(fold(frozen(1), drained()).queues.get('0xq')!.ref).toEqual({ id: '0xr', mode: 'atomic', dying: true, count: 0 })
})

test('a pointer seen again after its queue drained is another queue: not frozen twice, not of the same device', () => {
  const again = fold(frozen(1), drained(), frozen(2)).queues.get('0xq')!
  expect(again).toMatchObject({ device: 2, frozen: { atLeast: 1, atMost: null }, ref: { count: null } })
  expect(fold(frozen(1), drained(), frozen(null)).queues.get('0xq')!.device).toBe(null)
  expect(fold(frozen(1), frozen(null)).queues.get('0xq')!.device).toBe(1)
})

test('after a gap no queue is known, no list of mounts is complete and no probe is remembered', () => {
  const probed = said('nvdimm-pmem/probe-ended', { device: 1, errno: -6, comeBackAs: 'pfn' })
  const state = fold(frozen(1), probed, said('nvdimm-pmem/mounts-listed', { mounts: 0 }))
  expect([state.queues.size, state.comeBackAs.get(1), state.mountsListed]).toEqual([1, 'pfn', true])
  evolveNvdimmPmem(state, gap())
  expect([state.queues.size, state.comeBackAs.get(1), state.mountsListed]).toEqual([0, undefined, false])
})

test('a new probe forgets what the last one found', () => {
  const probed = said('nvdimm-pmem/probe-ended', { device: 1, errno: -6, comeBackAs: 'btt' })
  expect(fold(probed, said('nvdimm-pmem/probe-started', { device: 1 })).comeBackAs.size).toBe(0)
})
