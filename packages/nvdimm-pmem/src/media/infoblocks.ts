/** Which superblocks a namespace's first 8 KiB hold, and what the namespace is by them. */
import { loaded, type Medium } from './medium.ts'
import { ndctlFields, type NdctlFields } from './ndctl-fields.ts'
import {
  checksumIn,
  checksumOf,
  kindOf,
  SUPERBLOCK_AT,
  SUPERBLOCK_BYTES,
  SuperblockError,
  viewOf,
  type SuperblockKind,
} from './superblock.ts'

/** A superblock as it lies there, good or bad. */
export interface Infoblock {
  readonly kind: SuperblockKind
  /** Byte of the medium. */
  readonly at: number
  readonly block: Uint8Array
  /** Null when an offset is one that no device has; `problem` says which. */
  readonly fields: NdctlFields | null
  readonly checksum: { readonly stored: bigint; readonly computed: bigint }
  /** What is wrong with it: the checksum, or a field. Null: nothing. */
  readonly problem: string | null
}

/** The superblock at a byte; null when no signature is there. */
export function infoblockAt(medium: Medium, at: number): Infoblock | null {
  if (at < 0 || at + SUPERBLOCK_BYTES > medium.size) return null
  const block = loaded(medium, at, SUPERBLOCK_BYTES)
  const kind = kindOf(block)
  if (kind === null) return null
  const checksum = { stored: checksumIn(block), computed: checksumOf(block) }
  const problem =
    checksum.stored === checksum.computed
      ? null
      : `its checksum is 0x${checksum.stored.toString(16)}, computed 0x${checksum.computed.toString(16)}`
  try {
    return { kind, at, block, fields: ndctlFields(block), checksum, problem }
  } catch (error) {
    if (!(error instanceof SuperblockError)) throw error
    return { kind, at, block, fields: null, checksum, problem: problem ?? error.message }
  }
}

/** What the first 8 KiB hold, as ndctl looks for it: at 4096 any kind, at 0 a BTT of version 2.0. In ndctl's order. */
export function infoblocksIn(medium: Medium): Infoblock[] {
  const second = infoblockAt(medium, SUPERBLOCK_AT)
  const first = infoblockAt(medium, 0)
  return [...(second === null ? [] : [second]), ...(first?.kind === 'btt' ? [first] : [])]
}

const MAJOR_AT = 52

/**
 * The superblock that makes a namespace what it is; null for a raw one. A BTT of version 2.0 at byte 0 comes first when it is whole: what
 * lies at 4096 then is a sector's data. A damaged one counts only when there is no whole one.
 */
export function superblockOf(blocks: readonly Infoblock[]): Infoblock | null {
  const whole = blocks.filter(({ problem }) => problem === null)
  const versionOf = ({ block }: Infoblock): number => viewOf(block).getUint16(MAJOR_AT, true)
  return whole.find((b) => b.at === 0 && versionOf(b) === 2) ?? whole.find((b) => b.at === SUPERBLOCK_AT) ?? whole[0] ?? blocks[0] ?? null
}
