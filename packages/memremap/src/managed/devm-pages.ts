/**
 * devm_memremap_pages and its release. In the seed's kernel it is all there is; since Linux 5.2 it is memremap_pages with an
 * action on the list of the device.
 */
import { errno, hex, type Pointer } from '@devtrail/events'
import type { PercpuRef } from '@devtrail/percpu-ref'
import type { VmemAltmap } from '../altmap/altmap.ts'
import { addMemory } from '../hotplug/hot-add.ts'
import type { MemremapMachine } from '../machine.ts'
import { DevPagemap, type PhysRange } from '../pagemap/dev-pagemap.ts'
import { erase, initPages, register } from '../pagemap/map-range.ts'
import { mapFailed, mapSucceeded, sayMapStarted } from '../pagemap/map-said.ts'
import { memremapPages, NUMA_NO_NODE, type PagemapSpec } from '../pagemap/map-typed.ts'
import { directAddress, ramShareOf } from '../pagemap/ram.ts'
import { sampleRef } from '../pagemap/ref.ts'
import { unmapSteps } from '../pagemap/unmap.ts'
import { finish, type Steps } from '../tasks.ts'
import type { ManagedDevice } from './managed-device.ts'

/** What devm_memremap_pages gives: where the range is mapped, and its pagemap; null for System RAM, which has struct pages already. */
export interface ManagedPages {
  readonly address: Pointer
  readonly pagemap: DevPagemap | null
}

/** Bytes of the seed's record: resource, percpu_ref pointer, struct dev_pagemap and vmem_altmap. */
const RECORD_SIZE = 136

/** What stands on the list of the device. */
interface Release {
  readonly machine: MemremapMachine
  readonly pagemap: DevPagemap | null
}

/**
 * Runs when the device goes: waits where the era does. @throws NeverEnds when what it waits for cannot come any more; Error when
 * the pagemap was unmapped behind the back of its device.
 */
export function devm_memremap_pages_release({ machine: m, pagemap: p }: Release): void {
  if (p === null) return
  if (p.phase !== 'live')
    throw new Error(
      `pagemap ${p.id} [${hex(p.range.start)}-${hex(p.range.end)}] is not live and cannot be released: a pagemap that its device manages is unmapped by devmMemunmapPages (after event ${m.events.seq})`,
    )
  const seq = m.say('memremap/release-requested', { pagemap: p.id }, p.device)
  finish(unmapSteps(m, p, seq), m.rcu)
}

/** CONFIG_ZONE_DEVICE=n. */
export function notConfigured(m: MemremapMachine): number {
  m.warn(null, 'devm_memremap_pages', 'ZONE_DEVICE is not configured', true)
  return errno.ENXIO
}

/**
 * `devm_memremap_pages(dev, res, ref, altmap)` of the seed: -ENXIO (a part is System RAM), -EINVAL (no reference), -ENOMEM, or
 * what adding memory gave. `ref` must be live; nobody checks. After an error what was hot-added before it stays.
 */
export function* devmMemremapPagesSeed(
  m: MemremapMachine,
  dev: ManagedDevice,
  res: PhysRange,
  ref: PercpuRef | null,
  altmap: VmemAltmap | null,
): Steps<ManagedPages | number> {
  const id = m.ids.next('pagemap')
  const pointer = hex(0xffff_8800_0000_0000n + BigInt(id) * 0x100n)
  const map = { id, pointer, device: dev.id, ranges: [res], type: null, ops: {}, owner: null, vmemmapShift: 0 }
  // The altmap is copied into the record.
  const p = new DevPagemap({ ...map, altmap: altmap && { ...altmap }, ref })
  m.say('memremap/map-requested', { pagemap: id, device: dev.id, pointer }, dev.id)
  const started = sayMapStarted(m, p)
  const share = ramShareOf(m, res)
  const address = hex(directAddress(m, res.start))
  if (share === 'mixed') {
    m.warn(p, 'devm_memremap_pages', 'attempted on mixed region', true)
    return mapFailed(m, p, errno.ENXIO, started)
  }
  if (share === 'ram') {
    p.phase = 'removed'
    m.say('memremap/ram-mapped', { pagemap: id, address }, dev.id, started)
    return { address, pagemap: null }
  }
  if (ref === null) return mapFailed(m, p, errno.EINVAL, started)
  const record = dev.resources.alloc<Release>(devm_memremap_pages_release, { machine: m, pagemap: p }, RECORD_SIZE)
  if (record === null) return mapFailed(m, p, errno.ENOMEM, started)
  sampleRef(m, p, 'entry', started)
  const error = yield* registerAndAdd(m, p, m.nodeFor(dev.node ?? NUMA_NO_NODE))
  if (error !== 0) {
    dev.resources.free(record)
    m.say('memremap/record-freed', { pagemap: p.id, readers: p.readers }, p.device)
    return mapFailed(m, p, error, started)
  }
  m.pages.added(p.range.first, p.range.last + 1)
  yield { what: 'for_each_device_pfn' }
  initPages(m, p, p.range)
  p.mappedRanges = 1
  dev.resources.addEntry(record)
  return { address, pagemap: mapSucceeded(m, p, started) }
}

function* registerAndAdd(m: MemremapMachine, p: DevPagemap, nid: number): Steps<number> {
  const { range } = p
  const clash = register(m, p, range)
  if (clash !== 0) return clash
  const error = yield* addMemory(m, p, range, nid)
  if (error !== 0) erase(m, p, range)
  return error
}

/** `devm_memremap_pages(dev, pgmap)` of Linux 6.1: what memremap_pages gives, or -ENOMEM when there is no memory for the action. */
export function* devmMemremapPages(m: MemremapMachine, dev: ManagedDevice, spec: PagemapSpec): Steps<ManagedPages | number> {
  const p = yield* memremapPages(m, dev.id, { ...spec, nid: dev.node ?? NUMA_NO_NODE })
  if (typeof p === 'number') return p
  const release = { machine: m, pagemap: p }
  const { resources } = dev
  const error = m.rules.undoesUnmanaged
    ? resources.addActionOrReset(devm_memremap_pages_release, release)
    : resources.addAction(devm_memremap_pages_release, release)
  if (error === 0) {
    releases.set(p, release)
    return { address: hex(directAddress(m, p.range.start)), pagemap: p }
  }
  m.say('memremap/managed-map-failed', { pagemap: p.id, errno: error }, p.device)
  return error
}

/** The action of each managed pagemap, by which devm_memunmap_pages finds it. */
const releases = new WeakMap<DevPagemap, Release>()

/** `devm_memunmap_pages`: releases a pagemap before its device goes; a warning when the device has no such release. */
export function devmMemunmapPages(m: MemremapMachine, dev: ManagedDevice, p: DevPagemap): void {
  if (m.rules.typed) return dev.resources.releaseAction(devm_memremap_pages_release, releases.get(p) ?? { machine: m, pagemap: p })
  if (dev.resources.release<Release>(devm_memremap_pages_release, ({ pagemap }) => pagemap === p) !== 0)
    m.warn(p, 'devm_memunmap_pages', 'the device has no such pagemap')
}
