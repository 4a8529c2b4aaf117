/** What a driver hands in: its managed device, and in the seed a live reference. */
import { DeviceResources, DriverCore } from '@devtrail/devres'
import type { Emitter, Ids } from '@devtrail/events'
import { INIT_ATOMIC, PercpuRef } from '@devtrail/percpu-ref'
import type { ManagedDevice } from '../src/managed/managed-device.ts'
import { Rcu } from '../src/rcu.ts'

/** What the seed's queue does when its counter is released: wake those who freeze it; nobody does here. */
function blk_queue_usage_counter_release(): void {}

/** A live reference as a driver of the seed has one: the usage counter of a queue, atomic unless said otherwise. */
export function driverRef(events: Emitter, ids: Ids, scheduler = new Rcu(), flags = INIT_ATOMIC): PercpuRef {
  const id = `0xd${ids.next('queue')}`
  return new PercpuRef({ events, scheduler, cpus: 1, rules: 'seed' }, { id, release: blk_queue_usage_counter_release, flags })
}

export function managedDevice(events: Emitter, ids: Ids, id = 1): ManagedDevice {
  return { id, resources: new DeviceResources(new DriverCore({ events, ids, rules: 'seed', queueWork: (work) => work() }), id) }
}
