/** Whether a pfn or dax superblock is taken for the namespace it lies in: nd_pfn_validate, in its order. */
import { errno } from '@devtrail/events'
import { SECTION_BYTES, SUBSECTION_BYTES } from './pfn-layout.ts'
import { decodePfn, effective, pfnMode, type PfnSuperblock } from './pfn-superblock.ts'
import { isWhole, kindOf, SuperblockError } from './superblock.ts'

const PAGE_BYTES = 4096
const PAGE_STRUCT_BYTES = 64
const ENOTTY = -25

/** The namespace, and what the pfn device that is probed was configured with. */
export interface PfnExpectation {
  readonly kind: 'pfn' | 'dax'
  /** Physical address and bytes of the namespace. */
  readonly start: number
  readonly size: number
  /** The namespace's uuid; the null uuid of one without labels. */
  readonly parentUuid: string
  /** The device's; null: take what the superblock says. */
  readonly uuid: string | null
  readonly mode?: number
  readonly align?: number
  /** Mappings that the machine can make, bytes. Only a devdax superblock is held to them. */
  readonly supportedAlignments?: readonly number[]
}

export type PfnRules = 'seed' | 'linux-6.1'

function decoded(block: Uint8Array, kind: 'pfn' | 'dax'): PfnSuperblock | null {
  if (kindOf(block) !== kind || !isWhole(block)) return null
  try {
    return decodePfn(block)
  } catch (error) {
    if (error instanceof SuperblockError) return null
    throw error
  }
}

/**
 * The superblock as it is taken, or an errno: -ENODEV for none (another signature, checksum, parent or uuid), -ENXIO for a
 * mode that is unknown; and under the rules of 6.1 -EOPNOTSUPP for one that this machine cannot serve, under those of the
 * seed -EBUSY for one that does not fit, -EINVAL for another uuid, and -ENOTTY for mode PMEM, which nothing there reads.
 */
export function validatePfn(block: Uint8Array, want: PfnExpectation, rules: PfnRules): PfnSuperblock | number {
  return rules === 'seed' ? validateSeed(block, want) : validate61(block, want)
}

function validateSeed(block: Uint8Array, want: PfnExpectation): PfnSuperblock | number {
  if (want.size < SECTION_BYTES) return errno.ENODEV
  const sb = decoded(block, want.kind)
  if (sb === null) return errno.ENODEV
  if (sb.mode === pfnMode.PMEM) return ENOTTY
  if (sb.mode !== pfnMode.RAM) return errno.ENXIO
  if (want.uuid !== null && want.uuid !== sb.uuid) return errno.EINVAL
  if (sb.dataoff >= want.size || want.start % SECTION_BYTES !== 0) return errno.EBUSY
  return sb
}

function validate61(block: Uint8Array, want: PfnExpectation): PfnSuperblock | number {
  const stored = decoded(block, want.kind)
  if (stored === null) return errno.ENODEV
  if (stored.parentUuid !== want.parentUuid) return errno.ENODEV
  const sb = effective(stored)
  if (sb.mode !== pfnMode.RAM && sb.mode !== pfnMode.PMEM) return errno.ENXIO
  if (sb.pageSize > PAGE_BYTES || sb.pageStructSize < PAGE_STRUCT_BYTES) return errno.EOPNOTSUPP
  if (sb.kind === 'dax' && want.supportedAlignments?.includes(sb.align) === false) return errno.EOPNOTSUPP
  if (want.uuid !== null) {
    if (want.uuid !== sb.uuid) return errno.ENODEV
    if ((want.align ?? sb.align) !== sb.align || (want.mode ?? sb.mode) !== sb.mode) return errno.EOPNOTSUPP
  }
  return fits(sb, want) ? sb : errno.EOPNOTSUPP
}

/**
 * Whether what it says lies within the namespace, and begins and ends where mappings can. `npfns` is not looked at: the device
 * gets what is there, and the kernel tells that it is fewer.
 */
function fits(sb: PfnSuperblock, { start, size }: PfnExpectation): boolean {
  return (
    sb.align <= size &&
    sb.dataoff < size &&
    (start + sb.startPad + sb.dataoff) % sb.align === 0 &&
    sb.dataoff % PAGE_BYTES === 0 &&
    (start + sb.startPad) % SUBSECTION_BYTES === 0 &&
    (start + size - sb.endTrunc) % SUBSECTION_BYTES === 0
  )
}
