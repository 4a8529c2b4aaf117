/** The superblock of an fsdax (`NVDIMM_PFN_INFO`) or devdax (`NVDIMM_DAX_INFO`) namespace: struct nd_pfn_sb, versions 1.0 to 1.4. */
import { blankSuperblock, bytesIn, kindOf, sealed, SuperblockError, uuidsIn, viewOf, type SuperblockUuids } from './superblock.ts'

/** Where the struct pages are: in RAM, or in the namespace itself. */
export const pfnMode = { NONE: 0, RAM: 1, PMEM: 2 } as const
export const PFN_MAJOR = 1
export const PFN_MINOR_MAX = 4

/** Every field as it is stored; what a version does not have is filled in by `effective`. */
export interface PfnSuperblock extends SuperblockUuids {
  readonly kind: 'pfn' | 'dax'
  readonly flags: number
  readonly versionMajor: number
  readonly versionMinor: number
  /** Bytes from the namespace's start plus `startPad` to the data. */
  readonly dataoff: number
  readonly npfns: number
  readonly mode: number
  /** Bytes at the start and at the end that are not used; since 1.1. */
  readonly startPad: number
  readonly endTrunc: number
  /** Bytes; since 1.2. */
  readonly align: number
  /** Bytes; since 1.4. */
  readonly pageSize: number
  readonly pageStructSize: number
}

/** @throws SuperblockError when it is no pfn or dax superblock, or has an offset that no device has. */
export function decodePfn(block: Uint8Array): PfnSuperblock {
  const kind = kindOf(block)
  if (kind !== 'pfn' && kind !== 'dax') throw new SuperblockError('a pfn or dax superblock begins with its signature; these bytes do not')
  const view = viewOf(block)
  return {
    kind,
    ...uuidsIn(block),
    flags: view.getUint32(48, true),
    versionMajor: view.getUint16(52, true),
    versionMinor: view.getUint16(54, true),
    dataoff: bytesIn(view, 56, 'dataoff'),
    npfns: bytesIn(view, 64, 'npfns'),
    mode: view.getUint32(72, true),
    startPad: view.getUint32(76, true),
    endTrunc: view.getUint32(80, true),
    align: view.getUint32(84, true),
    pageSize: view.getUint32(88, true),
    pageStructSize: view.getUint16(92, true),
  }
}

/** The 4 KiB block, with its checksum. */
export function encodePfn(sb: PfnSuperblock): Uint8Array {
  const block = blankSuperblock(sb.kind, sb)
  const view = viewOf(block)
  view.setUint32(48, sb.flags, true)
  view.setUint16(52, sb.versionMajor, true)
  view.setUint16(54, sb.versionMinor, true)
  view.setBigUint64(56, BigInt(sb.dataoff), true)
  view.setBigUint64(64, BigInt(sb.npfns), true)
  view.setUint32(72, sb.mode, true)
  view.setUint32(76, sb.startPad, true)
  view.setUint32(80, sb.endTrunc, true)
  view.setUint32(84, sb.align, true)
  view.setUint32(88, sb.pageSize, true)
  view.setUint16(92, sb.pageStructSize, true)
  return sealed(block)
}

/** The largest power of two that is not above n. */
const floorPowerOfTwo = (n: number): number => (n < 1 ? 0 : 2 ** Math.floor(Math.log2(n)))

/**
 * What Linux 6.1 takes an older version to mean (nd_pfn_validate): no padding before 1.1, before 1.2 an alignment read off
 * dataoff, before 1.4 pages of 4 KiB with struct pages of 64 bytes.
 */
export function effective(sb: PfnSuperblock): PfnSuperblock {
  const { versionMinor: minor, dataoff } = sb
  return {
    ...sb,
    startPad: minor < 1 ? 0 : sb.startPad,
    endTrunc: minor < 1 ? 0 : sb.endTrunc,
    align: minor < 2 || sb.align === 0 ? floorPowerOfTwo(dataoff) : sb.align,
    pageSize: minor < 4 ? 4096 : sb.pageSize,
    pageStructSize: minor < 4 ? 64 : sb.pageStructSize,
  }
}
