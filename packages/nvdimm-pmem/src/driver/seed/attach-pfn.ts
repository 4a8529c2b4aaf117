import { errno } from '@devtrail/events'
import { newAltmap, pfnFlags, type VmemAltmap } from '@devtrail/memremap'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import type { NdPfn } from '../../bus/nd-pfn.ts'
import { RESERVED_BYTES, SECTION_BYTES } from '../../media/pfn-layout.ts'
import { pfnMode, type PfnSuperblock } from '../../media/pfn-superblock.ts'
import { initPfn } from '../pfn-init.ts'
import type { Pmem } from '../pmem.ts'
import { attachDisk, detachDisk } from './attach-disk.ts'

const PAGE = 4096

/**
 * `nvdimm_namespace_attach_pfn`: 0, -ENODEV, -ENXIO, -EINVAL, or what mapping or the disk gave. The queue was made for the device before, and
 * is cleaned up with its disk: where this fails before there is one, nobody does.
 */
export function attachPfn(nd: NdPfn, ndns: NdNamespace, pmem: Pmem): number {
  if (nd.uuid === null) return errno.ENODEV
  const sb = setUp(nd, ndns)
  if (typeof sb === 'number') return sb
  if (ndns.range.start % BigInt(SECTION_BYTES) !== 0n) return errno.ENXIO
  const altmap = altmapOf(nd, ndns, sb)
  if (typeof altmap === 'number') return altmap
  const error = remap(nd, pmem, sb, altmap) || attachDisk(pmem)
  // nvdimm_namespace_detach_pfn.
  if (error !== 0) {
    detachDisk(pmem)
    nd.superblock = null
  }
  return error
}

function setUp(nd: NdPfn, ndns: NdNamespace): PfnSuperblock | number {
  const { id, machine } = nd
  const started = machine.say('nvdimm-pmem/setup-pfn-started', { device: id, pagemapPointer: null }, id)
  const sb = machine.emitter.because(started, () => initPfn(nd, ndns))
  machine.say('nvdimm-pmem/setup-pfn-ended', { device: id, errno: typeof sb === 'number' ? sb : 0 }, id)
  return sb
}

/** Where the struct pages go: null, to RAM; or an errno. */
function altmapOf(nd: NdPfn, ndns: NdNamespace, { dataoff, npfns }: PfnSuperblock): VmemAltmap | null | number {
  if (nd.mode === pfnMode.RAM) {
    if (dataoff !== RESERVED_BYTES) return errno.EINVAL
    return null
  }
  if (nd.mode !== pfnMode.PMEM) return errno.ENXIO
  const fitting = Math.floor((ndns.size - dataoff) / PAGE)
  if (npfns > fitting) nd.machine.warn(nd.id, 'nvdimm_namespace_attach_pfn', `number of pfns truncated from ${npfns} to ${fitting}`)
  return newAltmap(Number(ndns.range.start >> 12n), RESERVED_BYTES / PAGE, (dataoff - RESERVED_BYTES) / PAGE)
}

/** The mapping that the superblock was read through gives way to one with struct pages. */
function remap(nd: NdPfn, pmem: Pmem, { dataoff }: PfnSuperblock, altmap: VmemAltmap | null): number {
  const { registry } = nd.machine
  if (pmem.address !== null) registry.mappings.devmMemunmap(nd.live, pmem.address)
  const mapped = registry.devmMemremapPages(nd.live, pmem.range, pmem.queue!.usage, altmap)
  pmem.pfnFlags |= pfnFlags.MAP
  if (typeof mapped === 'number') return mapped
  pmem.pagemap = mapped.pagemap
  pmem.dataOffset = dataoff
  pmem.setAddress(mapped.address)
  return 0
}
