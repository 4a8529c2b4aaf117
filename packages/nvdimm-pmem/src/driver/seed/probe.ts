/** nd_pmem with the series of October 2015 (drivers/nvdimm/pmem.c): probe and remove. */
import { errno } from '@devtrail/events'
import { NdBtt } from '../../bus/nd-btt.ts'
import type { NdDevice } from '../../bus/nd-device.ts'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { NdPfn } from '../../bus/nd-pfn.ts'
import { attachBtt, detachBtt } from '../attach-btt.ts'
import { autodetect, type Detected } from '../autodetect.ts'
import { commonProbe } from '../common-probe.ts'
import type { PmemDriver } from '../drivers.ts'
import { Pmem } from '../pmem.ts'
import { attachDisk, detachDisk } from './attach-disk.ts'
import { attachPfn } from './attach-pfn.ts'
import { pmemAlloc } from './pmem-alloc.ts'
import { pmemRwBytes } from './rw-bytes.ts'

/** What probing came to, and the superblock that it found. */
interface Probed {
  readonly error: number
  readonly comeBackAs: Detected | null
}

const ended = (error: number, comeBackAs: Detected | null = null): Probed => ({ error, comeBackAs })

function probe(device: NdDevice): number {
  const { id, machine } = device
  const started = machine.say('nvdimm-pmem/probe-started', { device: id }, id)
  const { error, comeBackAs } = machine.emitter.because(started, () => probed(device))
  machine.say('nvdimm-pmem/probe-ended', { device: id, errno: error, comeBackAs }, id)
  return error
}

function probed(device: NdDevice): Probed {
  const ndns = commonProbe(device)
  if (typeof ndns === 'number') return ended(ndns)
  const pmem = pmemAlloc(device, ndns)
  if (typeof pmem === 'number') return ended(pmem)
  device.drvdata = pmem
  ndns.rwBytes = (at, data, rw) => pmemRwBytes(ndns, at, data, rw)
  if (device instanceof NdBtt) {
    cleanUp(pmem)
    return ended(attachedBtt(device, ndns))
  }
  if (device instanceof NdPfn) return ended(attachPfn(device, ndns, pmem))
  for (const kind of ['btt', 'pfn'] as const) {
    if (autodetect(ndns, kind) !== 0) continue
    cleanUp(pmem)
    return ended(errno.ENXIO, kind)
  }
  return ended(attachDisk(pmem))
}

/** BTT has a queue of its own. */
function cleanUp(pmem: Pmem): void {
  pmem.queue!.cleanup()
  pmem.queue = null
}

function attachedBtt(nd: NdBtt, ndns: NdNamespace): number {
  const { id, machine } = nd
  const started = machine.say('nvdimm-pmem/btt-attach-started', { device: id }, id)
  const attach = (): number => (nd.uuid === null || nd.lbasize === 0 ? errno.ENODEV : attachBtt(nd, ndns))
  const error = machine.emitter.because(started, attach)
  machine.say('nvdimm-pmem/btt-attach-ended', { device: id, errno: error }, id)
  return error
}

function remove(device: NdDevice): void {
  const { id, machine } = device
  const started = machine.say('nvdimm-pmem/remove-started', { device: id }, id)
  machine.emitter.because(started, () => {
    if (device instanceof NdBtt) detachBtt(device)
    else if (device.drvdata instanceof Pmem) detachDisk(device.drvdata)
  })
  if (device instanceof NdPfn) device.superblock = null
  machine.say('nvdimm-pmem/remove-ended', { device: id, errno: 0 }, id)
}

export const seedDriver: PmemDriver = { probe, remove }
