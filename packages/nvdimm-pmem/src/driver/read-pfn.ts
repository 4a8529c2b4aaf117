import { errno } from '@devtrail/events'
import type { NdNamespace } from '../bus/nd-namespace.ts'
import { SUPPORTED_ALIGNMENTS } from '../media/pfn-layout.ts'
import type { PfnSuperblock } from '../media/pfn-superblock.ts'
import { validatePfn, type PfnExpectation } from '../media/pfn-validate.ts'
import { SECTION_BYTES } from '../media/pfn-layout.ts'
import { SUPERBLOCK_AT, SUPERBLOCK_BYTES } from '../media/superblock.ts'

/** `nd_pfn_validate`, reading included: the superblock, or an errno; -ENXIO when it cannot be read. */
export function readPfn(ndns: NdNamespace, want: Pick<PfnExpectation, 'kind' | 'uuid' | 'mode' | 'align'>): PfnSuperblock | number {
  const { rules } = ndns.machine
  if (rules === 'seed' && ndns.size < SECTION_BYTES) return errno.ENODEV
  const block = new Uint8Array(SUPERBLOCK_BYTES)
  if (ndns.rwBytes!(SUPERBLOCK_AT, block, 'read') !== 0) return errno.ENXIO
  const place = { start: Number(ndns.range.start), size: ndns.size, parentUuid: ndns.parentUuid }
  const supported = rules === 'seed' ? {} : { supportedAlignments: SUPPORTED_ALIGNMENTS }
  return validatePfn(block, { ...want, ...place, ...supported }, rules)
}
