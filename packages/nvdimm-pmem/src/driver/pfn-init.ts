/** nd_pfn_init: the superblock of a pfn device, read, or laid out and written where there is none. */
import { errno } from '@devtrail/events'
import type { NdNamespace } from '../bus/nd-namespace.ts'
import type { NdPfn } from '../bus/nd-pfn.ts'
import { pfnLayout, type PfnRequest } from '../media/pfn-layout.ts'
import { encodePfn, PFN_MAJOR, pfnMode, type PfnSuperblock } from '../media/pfn-superblock.ts'
import { SUPERBLOCK_AT, SUPERBLOCK_BYTES } from '../media/superblock.ts'
import { SECTION_BYTES } from '../media/pfn-layout.ts'
import { readPfn } from './read-pfn.ts'

/** The superblock, or an errno: what the eras say of one that does not fit, -ENODEV or -EINVAL (size, alignment), -ENXIO (mode, no room, read-only). */
export function initPfn(nd: NdPfn, ndns: NdNamespace): PfnSuperblock | number {
  const { machine, live } = nd
  if (live.resources.kmalloc(SUPERBLOCK_BYTES) === null) return errno.ENOMEM
  const found = readPfn(ndns, { kind: nd.kind as 'pfn' | 'dax', uuid: nd.uuid, mode: nd.mode, align: nd.align })
  if (typeof found !== 'number') return (nd.superblock = found)
  // The seed's kernel lays out anew whatever it could not use, but for one that does not fit; later ones only where there is none.
  if (machine.rules === 'seed' ? found === errno.EBUSY : found !== errno.ENODEV) return found
  return write(nd, ndns)
}

function write(nd: NdPfn, ndns: NdNamespace): PfnSuperblock | number {
  const { rules } = nd.machine
  const request: PfnRequest = { start: Number(ndns.range.start), size: ndns.size, mode: nd.mode, align: nd.align }
  if (rules === 'seed' && (request.size < SECTION_BYTES || request.start % SECTION_BYTES !== 0)) return errno.ENODEV
  if (ndns.region.readOnly) {
    nd.machine.warn(nd.id, 'nd_pfn_init', `${nd.name} is read-only, and its superblock cannot be written`)
    return errno.ENXIO
  }
  const layout = pfnLayout(request, rules)
  if (typeof layout === 'number') return layout
  const { dataoff, npfns, startPad, endTrunc, versionMinor } = layout
  const sb: PfnSuperblock = {
    kind: nd.kind as 'pfn' | 'dax',
    uuid: nd.uuid!,
    parentUuid: ndns.parentUuid,
    flags: 0,
    versionMajor: PFN_MAJOR,
    versionMinor,
    dataoff,
    npfns,
    mode: nd.mode,
    startPad,
    endTrunc,
    align: rules === 'seed' ? 0 : nd.align,
    pageSize: rules === 'seed' ? 0 : 4096,
    pageStructSize: rules === 'seed' ? 0 : 64,
  }
  const error = ndns.rwBytes!(SUPERBLOCK_AT, encodePfn(sb), 'write')
  const mode = nd.mode === pfnMode.RAM ? 'ram' : 'pmem'
  nd.machine.say('nvdimm-pmem/superblock-written', { device: nd.id, dataoff, npfns, mode, errno: error }, nd.id)
  return error === 0 ? (nd.superblock = sb) : error
}
