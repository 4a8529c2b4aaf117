/** memremap_pages of Linux 6.1 (mm/memremap.c). */
import { errno, hex, type DeviceId } from '@devtrail/events'
import type { VmemAltmap } from '../altmap/altmap.ts'
import type { MemremapMachine } from '../machine.ts'
import type { Steps } from '../tasks.ts'
import { DevPagemap, type PagemapOps, type PhysRange } from './dev-pagemap.ts'
import { mapRange } from './map-range.ts'
import { mapFailed, mapSucceeded, sayMapStarted } from './map-said.ts'
import { memoryType } from './memory-type.ts'
import { ownRef, sampleRef } from './ref.ts'
import { unmapSteps } from './unmap.ts'

/** No node in particular. */
export const NUMA_NO_NODE = -1

/** What a driver fills into its struct dev_pagemap before it is mapped. */
export interface PagemapSpec {
  readonly ranges: readonly PhysRange[]
  /** enum memory_type. */
  readonly type: number
  readonly altmap?: VmemAltmap | null
  readonly ops?: PagemapOps
  readonly owner?: string | null
  /** Order of its compound pages; 0 unless given. */
  readonly vmemmapShift?: number
  /** NUMA node; the local one unless given. devm_memremap_pages takes that of the device instead. */
  readonly nid?: number
  /** The struct itself, where it is used again: its address. A new one unless given. */
  readonly pointer?: string
}

/** The pagemap, or: -EINVAL, -ENOMEM, -ENXIO, -EEXIST, or what adding its memory gave. After an error none of its ranges is mapped. */
export function* memremapPages(m: MemremapMachine, device: DeviceId, spec: PagemapSpec): Steps<DevPagemap | number> {
  const id = m.ids.next('pagemap')
  const pointer = spec.pointer ?? hex(0xffff_8880_0000_0000n + BigInt(id) * 0x100n)
  const { ranges, type, altmap = null, ops = {}, owner = null, vmemmapShift = 0, nid = NUMA_NO_NODE } = spec
  const p = new DevPagemap({ id, pointer, device, ranges, type, altmap, ref: null, ops, owner, vmemmapShift })
  m.say('memremap/map-requested', { pagemap: id, device, pointer }, device)
  const started = sayMapStarted(m, p)
  const refused = refusal(m, p) || reuse(m, p) || (m.faults.refInit?.() ?? 0)
  if (refused !== 0) return mapFailed(m, p, refused, started)
  m.events.because(started, () => p.initRef(ownRef(m, p)))
  sampleRef(m, p, 'entry', started)
  for (const range of p.ranges) {
    const error = yield* mapRange(m, p, range, m.nodeFor(nid))
    if (error === 0) p.mappedRanges++
    else {
      yield* unmapSteps(m, p)
      return mapFailed(m, p, error, started)
    }
  }
  return mapSucceeded(m, p, started)
}

/** A struct that was mapped before: its reference must not be taken for one that the driver set. */
function reuse(m: MemremapMachine, p: DevPagemap): number {
  if (!m.rules.clearsOwnRef && m.mappedStructs.has(p.pointer)) return warned(m, p, 'Missing reference count teardown definition')
  m.mappedStructs.add(p.pointer)
  return 0
}

/** The checks of memremap_pages before anything is set up. */
function refusal(m: MemremapMachine, p: DevPagemap): number {
  const { type, ops, owner } = p
  if (p.ranges.length === 0) return warned(m, p, 'nr_range must be specified')
  if (type === memoryType.PRIVATE && !m.devicePrivate) return warned(m, p, 'Device private memory not supported')
  if (type === memoryType.PRIVATE && ops.migrateToRam === undefined) return warned(m, p, 'Missing migrate_to_ram method')
  if ((type === memoryType.PRIVATE || type === memoryType.COHERENT) && ops.pageFree === undefined)
    return warned(m, p, 'Missing page_free method')
  if ((type === memoryType.PRIVATE || type === memoryType.COHERENT) && owner === null) return warned(m, p, 'Missing owner')
  if (type === memoryType.FS_DAX && m.fsDaxLimited) return warned(m, p, 'File system DAX not supported')
  // As in the kernel, nobody stops a type that does not exist.
  if (type !== null && (type < memoryType.PRIVATE || type > memoryType.PCI_P2PDMA)) warned(m, p, `Invalid pgmap type ${type}`)
  return 0
}

function warned(m: MemremapMachine, p: DevPagemap, message: string): number {
  m.warn(p, 'memremap_pages', message)
  return errno.EINVAL
}
