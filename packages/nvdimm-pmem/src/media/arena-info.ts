/** The superblock of a BTT arena (struct btt_sb), kept twice: at its start and, as the last 4 KiB, at `info2off`. */
import { blankSuperblock, bytesIn, kindOf, sealed, SuperblockError, uuidsIn, viewOf, type SuperblockUuids } from './superblock.ts'

/** The arena must not be written any more: set by hand or by other implementations. */
export const FLAG_ERROR = 1
export const INFO_BYTES = 4096

/** Offsets are bytes from the arena's start. */
export interface ArenaInfo extends SuperblockUuids {
  readonly flags: number
  readonly versionMajor: number
  readonly versionMinor: number
  /** Bytes of a sector, metadata included; and what it takes on the medium. */
  readonly externalLbasize: number
  /** Sectors. */
  readonly externalNlba: number
  readonly internalLbasize: number
  /** Blocks: the sectors, and one for each lane that is free. */
  readonly internalNlba: number
  /** Lanes. */
  readonly nfree: number
  readonly infosize: number
  /** To the next arena; 0 for none. */
  readonly nextoff: number
  readonly dataoff: number
  readonly mapoff: number
  readonly logoff: number
  readonly info2off: number
}

/** @throws SuperblockError when it is no arena's, or has an offset that no device has. */
export function decodeArenaInfo(block: Uint8Array): ArenaInfo {
  if (kindOf(block) !== 'btt') throw new SuperblockError('an arena begins with BTT_ARENA_INFO; these bytes do not')
  const view = viewOf(block)
  return {
    ...uuidsIn(block),
    flags: view.getUint32(48, true),
    versionMajor: view.getUint16(52, true),
    versionMinor: view.getUint16(54, true),
    externalLbasize: view.getUint32(56, true),
    externalNlba: view.getUint32(60, true),
    internalLbasize: view.getUint32(64, true),
    internalNlba: view.getUint32(68, true),
    nfree: view.getUint32(72, true),
    infosize: view.getUint32(76, true),
    nextoff: bytesIn(view, 80, 'nextoff'),
    dataoff: bytesIn(view, 88, 'dataoff'),
    mapoff: bytesIn(view, 96, 'mapoff'),
    logoff: bytesIn(view, 104, 'logoff'),
    info2off: bytesIn(view, 112, 'info2off'),
  }
}

/** The 4 KiB block, with its checksum. */
export function encodeArenaInfo(info: ArenaInfo): Uint8Array {
  const block = blankSuperblock('btt', info)
  const view = viewOf(block)
  view.setUint32(48, info.flags, true)
  view.setUint16(52, info.versionMajor, true)
  view.setUint16(54, info.versionMinor, true)
  view.setUint32(56, info.externalLbasize, true)
  view.setUint32(60, info.externalNlba, true)
  view.setUint32(64, info.internalLbasize, true)
  view.setUint32(68, info.internalNlba, true)
  view.setUint32(72, info.nfree, true)
  view.setUint32(76, info.infosize, true)
  view.setBigUint64(80, BigInt(info.nextoff), true)
  view.setBigUint64(88, BigInt(info.dataoff), true)
  view.setBigUint64(96, BigInt(info.mapoff), true)
  view.setBigUint64(104, BigInt(info.logoff), true)
  view.setBigUint64(112, BigInt(info.info2off), true)
  return sealed(block)
}
