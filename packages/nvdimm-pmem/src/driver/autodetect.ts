/**
 * Whether a raw namespace has a superblock (nd_btt_probe, nd_pfn_probe, nd_dax_probe). If so there is a device of its kind that holds the
 * namespace, which the bus binds later: the namespace itself is not bound.
 */
import { DeviceResources } from '@devtrail/devres'
import { errno } from '@devtrail/events'
import { attachNdns, detachNdns, type Claimer } from '../bus/claims.ts'
import { NdBtt } from '../bus/nd-btt.ts'
import type { NdNamespace } from '../bus/nd-namespace.ts'
import { NdPfn } from '../bus/nd-pfn.ts'
import { ARENA_BYTES_MIN } from '../btt/geometry.ts'
import { readArenaInfo } from '../btt/discover.ts'
import { BttError } from '../btt/btt-error.ts'
import type { ArenaInfo } from '../media/arena-info.ts'
import { SUPERBLOCK_AT, SUPERBLOCK_BYTES } from '../media/superblock.ts'
import type { PfnSuperblock } from '../media/pfn-superblock.ts'
import { readPfn } from './read-pfn.ts'

export type Detected = 'btt' | 'pfn' | 'dax'

/** 0 when there is one; -ENODEV for none, -ENXIO for one that cannot be read or makes no sense, -EOPNOTSUPP (6.1) for one that this machine cannot serve. */
export function autodetect(ndns: NdNamespace, kind: Detected): number {
  const { machine, id } = ndns
  const started = machine.say('nvdimm-pmem/autodetect-started', { device: id, kind }, id)
  const error = machine.emitter.because(started, () => (ndns.forceRaw || !ndns.isFor(kind) ? errno.ENODEV : detect(ndns, kind)))
  machine.say('nvdimm-pmem/autodetect-ended', { device: id, kind, errno: error }, id)
  return error
}

function detect(ndns: NdNamespace, kind: Detected): number {
  // As the kernel's, it holds the namespace before it is known whether it may.
  const candidate: Claimer = { name: ndns.region.nextName(kind), ndns: null, drvdata: ndns.drvdata }
  if (!attachNdns(candidate, ndns)) return errno.EBUSY
  if (ndns.live.resources.kmalloc(SUPERBLOCK_BYTES) === null) {
    abandon(candidate, ndns, kind)
    return errno.ENOMEM
  }
  const found = kind === 'btt' ? readBtt(ndns) : readPfn(ndns, { kind, uuid: null })
  if (typeof found === 'number') abandon(candidate, ndns, kind)
  else become(candidate, ndns, kind, found)
  return typeof found === 'number' ? found : 0
}

/** The device that nothing came of: it was never on its bus. */
function abandon(candidate: Claimer, ndns: NdNamespace, kind: Detected): void {
  const { machine } = ndns
  detachNdns(candidate)
  if (!machine.emitter.on) return
  const device = machine.ids.next('device')
  const found = { name: candidate.name, bus: 'nd', kind: `nd-${kind}`, state: null, driver: null, fromStart: false }
  machine.core.say('devres/device-found', device, found)
  new DeviceResources(machine.core, device).releaseAll('device-release')
}

function become(candidate: Claimer, ndns: NdNamespace, kind: Detected, found: ArenaInfo | PfnSuperblock): void {
  const device = ndns.region.make(kind)
  ndns.claim = null
  candidate.ndns = null
  if (device instanceof NdBtt) {
    device.uuid = found.uuid
    device.lbasize = (found as ArenaInfo).externalLbasize
    take(device, ndns)
  } else if (device instanceof NdPfn) {
    const sb = found as PfnSuperblock
    device.uuid = sb.uuid
    device.mode = sb.mode
    if (sb.align > 0) device.align = sb.align
    device.superblock = sb
    take(device, ndns)
  }
  ndns.region.adopt(device)
}

/** The candidate is the device now. */
function take(device: NdBtt | NdPfn, ndns: NdNamespace): void {
  ndns.claim = device
  device.ndns = ndns
}

/** `nd_btt_version` and `nd_btt_arena_is_valid`: of what lies at 4 KiB, or where the label says version 2.0 at 0. */
function readBtt(ndns: NdNamespace): ArenaInfo | number {
  const [at, major] = ndns.claimClass === 'btt2' ? [0, 2] : [SUPERBLOCK_AT, 1]
  const error = ndns.rwBytes!(at, new Uint8Array(SUPERBLOCK_BYTES), 'read')
  if (error !== 0 || ndns.size - at < ARENA_BYTES_MIN) return errno.ENXIO
  try {
    const info = readArenaInfo(ndns.medium, at, ndns.parentUuid)
    return info.versionMajor === major ? info : errno.ENODEV
  } catch (problem) {
    if (problem instanceof BttError) return errno.ENODEV
    throw problem
  }
}
