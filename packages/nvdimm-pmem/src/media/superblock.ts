/** What the three kinds of superblock have in common: 4 KiB, a signature, two uuids, and a Fletcher64 in the last 8 bytes. */
import { fletcher64WithZeros } from './fletcher64.ts'
import { NULL_UUID, UUID_BYTES, uuidBytes, uuidText } from './uuid.ts'

/** Bytes of a superblock. */
export const SUPERBLOCK_BYTES = 4096
/** Where a pfn or dax superblock, and the first one of a BTT before 2.0, begins. */
export const SUPERBLOCK_AT = 4096
export const CHECKSUM_AT = 4088
const SIGNATURE_BYTES = 16
const UUID_AT = 16
const PARENT_UUID_AT = 32

/** Signatures, without the zeros that fill them up to 16 bytes. */
export const signatures = { btt: 'BTT_ARENA_INFO', pfn: 'NVDIMM_PFN_INFO', dax: 'NVDIMM_DAX_INFO' } as const
export type SuperblockKind = keyof typeof signatures

/** A superblock that cannot be what it says: where, what was expected, and what was found. */
export class SuperblockError extends Error {
  override readonly name = 'SuperblockError'
}

/** What kind of superblock bytes are by their signature; null for none. */
export function kindOf(block: Uint8Array): SuperblockKind | null {
  if (block.length < SUPERBLOCK_BYTES) return null
  for (const kind of ['btt', 'pfn', 'dax'] as const) {
    const signature = signatures[kind]
    const isIt = (i: number): boolean => block[i] === (i < signature.length ? signature.charCodeAt(i) : 0)
    if (Array.from({ length: SIGNATURE_BYTES }, (_, i) => i).every(isIt)) return kind
  }
  return null
}

/** The checksum that a superblock should have. */
export function checksumOf(block: Uint8Array): bigint {
  return fletcher64WithZeros(block.subarray(0, CHECKSUM_AT), (SUPERBLOCK_BYTES - CHECKSUM_AT) / 4)
}

/** The checksum that it has. */
export function checksumIn(block: Uint8Array): bigint {
  return viewOf(block).getBigUint64(CHECKSUM_AT, true)
}

export const isWhole = (block: Uint8Array): boolean => checksumOf(block) === checksumIn(block)

export const viewOf = (block: Uint8Array): DataView => new DataView(block.buffer, block.byteOffset, block.length)

export interface SuperblockUuids {
  readonly uuid: string
  /** Of the namespace; null uuid: of any. */
  readonly parentUuid: string
}

export const uuidsIn = (block: Uint8Array): SuperblockUuids => ({
  uuid: uuidText(block.subarray(UUID_AT, UUID_AT + UUID_BYTES)),
  parentUuid: uuidText(block.subarray(PARENT_UUID_AT, PARENT_UUID_AT + UUID_BYTES)),
})

/** A block with signature and uuids; the rest is zeros. */
export function blankSuperblock(kind: SuperblockKind, { uuid, parentUuid = NULL_UUID }: { uuid: string; parentUuid?: string }): Uint8Array {
  const block = new Uint8Array(SUPERBLOCK_BYTES)
  const signature = signatures[kind]
  for (let i = 0; i < signature.length; i++) block[i] = signature.charCodeAt(i)
  block.set(uuidBytes(uuid), UUID_AT)
  block.set(uuidBytes(parentUuid), PARENT_UUID_AT)
  return block
}

/** Puts the checksum in; returns the block. */
export function sealed(block: Uint8Array): Uint8Array {
  viewOf(block).setBigUint64(CHECKSUM_AT, checksumOf(block), true)
  return block
}

/** A 64-bit size or offset as a number. @throws SuperblockError when it is beyond any device. */
export function bytesIn(view: DataView, at: number, name: string): number {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new SuperblockError(`${name} (byte ${at} of the superblock) is 0x${value.toString(16)}, which no device has`)
  return Number(value)
}
