/** nd_pmem of Linux 6.1 (drivers/nvdimm/pmem.c): probe and remove. What a probe got is given back by devres, in the reverse order. */
import { errno } from '@devtrail/events'
import { NdBtt } from '../../bus/nd-btt.ts'
import type { NdDevice } from '../../bus/nd-device.ts'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { NdPfn } from '../../bus/nd-pfn.ts'
import { SUPERBLOCK_BYTES } from '../../media/superblock.ts'
import { attachBtt, detachBtt } from '../attach-btt.ts'
import { autodetect, type Detected } from '../autodetect.ts'
import { commonProbe } from '../common-probe.ts'
import type { PmemDriver } from '../drivers.ts'
import { attachDisk } from './attach-disk.ts'
import { probeDaxPmem } from './dax-pmem.ts'
import { disable, enable } from './nsio.ts'
import { INFO_WINDOW_BYTES } from './setup-pfn.ts'

function probe(device: NdDevice): number {
  if (device instanceof NdPfn && device.kind === 'dax') return probeDaxPmem(device)
  const { id, machine } = device
  const started = machine.say('nvdimm-pmem/probe-started', { device: id }, id)
  const result = machine.emitter.because(started, () => probed(device))
  const [error, comeBackAs] = typeof result === 'number' ? [result, null] : [errno.ENXIO, result]
  machine.say('nvdimm-pmem/probe-ended', { device: id, errno: error, comeBackAs }, id)
  return error
}

/** 0, an errno, or what the namespace was found to be. */
function probed(device: NdDevice): number | Detected {
  const ndns = commonProbe(device)
  if (typeof ndns === 'number') return ndns
  if (device instanceof NdBtt) return attachedBtt(device, ndns)
  if (device instanceof NdPfn) return attachDisk(device, ndns)
  const window = enable(device, ndns, Math.min(INFO_WINDOW_BYTES, ndns.size))
  if (typeof window === 'number') return errno.ENXIO
  for (const kind of ['btt', 'pfn', 'dax'] as const) {
    const error = autodetect(ndns, kind)
    if (error === 0) return kind
    if (error === errno.EOPNOTSUPP) return error
  }
  disable(window)
  return attachDisk(device, ndns)
}

function attachedBtt(nd: NdBtt, ndns: NdNamespace): number {
  const { id, machine } = nd
  const started = machine.say('nvdimm-pmem/btt-attach-started', { device: id }, id)
  const attach = (): number => (nd.uuid === null || nd.lbasize === 0 ? errno.ENODEV : enabledBtt(nd, ndns))
  const error = machine.emitter.because(started, attach)
  machine.say('nvdimm-pmem/btt-attach-ended', { device: id, errno: error }, id)
  return error
}

function enabledBtt(nd: NdBtt, ndns: NdNamespace): number {
  if (nd.live.resources.kmalloc(SUPERBLOCK_BYTES) === null) return errno.ENOMEM
  const window = enable(nd, ndns, ndns.size)
  return typeof window === 'number' ? window : attachBtt(nd, ndns)
}

function remove(device: NdDevice): void {
  const { id, machine } = device
  const started = machine.say('nvdimm-pmem/remove-started', { device: id }, id)
  if (device instanceof NdBtt) machine.emitter.because(started, () => detachBtt(device))
  machine.say('nvdimm-pmem/remove-ended', { device: id, errno: 0 }, id)
}

export const linux61Driver: PmemDriver = { probe, remove }
