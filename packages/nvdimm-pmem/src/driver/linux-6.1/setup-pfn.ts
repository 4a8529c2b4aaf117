/** nvdimm_setup_pfn: where a pfn device's data begin, and where its struct pages go. */
import { errno } from '@devtrail/events'
import { memoryType, newAltmap, type PagemapSpec } from '@devtrail/memremap'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import type { NdPfn } from '../../bus/nd-pfn.ts'
import { RESERVED_BYTES } from '../../media/pfn-layout.ts'
import { pfnMode, type PfnSuperblock } from '../../media/pfn-superblock.ts'
import { initPfn } from '../pfn-init.ts'
import { disable, enable, type Nsio } from './nsio.ts'

/** What is mapped to look for superblocks, bytes (`nd_info_block_reserve`). */
export const INFO_WINDOW_BYTES = 8192
const PAGE = 4096

/** What a pfn device was found, or made, to be. */
export interface PfnSetup {
  readonly pgmap: PagemapSpec
  readonly superblock: PfnSuperblock
  /** The window as it is now. */
  readonly window: Nsio
}

/** `nvdimm_setup_pfn`, or an errno. `pointer`: the struct dev_pagemap that it fills in. */
export function setupPfn(nd: NdPfn, ndns: NdNamespace, window: Nsio, pointer: string): PfnSetup | number {
  const { id, machine } = nd
  const started = machine.say('nvdimm-pmem/setup-pfn-started', { device: id, pagemapPointer: pointer }, id)
  const setup = machine.emitter.because(started, () => (nd.uuid === null ? errno.ENODEV : setUp(nd, ndns, window, pointer)))
  machine.say('nvdimm-pmem/setup-pfn-ended', { device: id, errno: typeof setup === 'number' ? setup : 0 }, id)
  return setup
}

function setUp(nd: NdPfn, ndns: NdNamespace, window: Nsio, pointer: string): PfnSetup | number {
  const superblock = initPfn(nd, ndns)
  if (typeof superblock === 'number') return superblock
  const wider = superblock.mode === pfnMode.PMEM ? widened(nd, ndns, window, superblock) : window
  if (typeof wider === 'number') return wider
  const pgmap = pagemapOf(nd, ndns, superblock, pointer)
  return typeof pgmap === 'number' ? pgmap : { pgmap, superblock, window: wider }
}

/** `nd_pfn_clear_memmap_errors` looks at all that is in front of the data, where the struct pages are going to be. */
function widened(nd: NdPfn, ndns: NdNamespace, window: Nsio, { startPad, dataoff }: PfnSuperblock): Nsio | number {
  disable(window)
  return enable(nd, ndns, startPad + dataoff)
}

/** `__nvdimm_setup_pfn`. */
function pagemapOf(nd: NdPfn, ndns: NdNamespace, sb: PfnSuperblock, pointer: string): PagemapSpec | number {
  const start = ndns.range.start + BigInt(sb.startPad)
  const end = ndns.range.end - BigInt(sb.endTrunc)
  const spec = { ranges: [{ start, end }], type: memoryType.FS_DAX, pointer }
  if (sb.mode === pfnMode.RAM) return sb.dataoff < RESERVED_BYTES ? errno.EINVAL : { ...spec, altmap: null }
  if (sb.mode !== pfnMode.PMEM) return errno.ENXIO
  const fitting = Math.floor((Number(end - start) + 1 - sb.dataoff) / PAGE)
  // Below zero it would be a very large number to the kernel, which finds out when it maps.
  if (fitting >= 0 && sb.npfns > fitting)
    nd.machine.warn(nd.id, '__nvdimm_setup_pfn', `number of pfns truncated from ${sb.npfns} to ${fitting}`)
  return { ...spec, altmap: newAltmap(Number(start >> 12n), RESERVED_BYTES / PAGE, (sb.dataoff - RESERVED_BYTES) / PAGE) }
}
