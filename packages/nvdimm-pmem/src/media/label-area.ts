/**
 * The label area of an NVDIMM: which namespaces there are on it, and what each is claimed as. Two index blocks, written in turn, say which of
 * the slots behind them are in use; each is a label of 128 bytes (version 1.1) or 256 (1.2, with a checksum and what the namespace is used as).
 *
 * It decides what a namespace's superblock counts for: Linux looks for a BTT of version 2.0 only where the label says so, and for one of 1.1
 * everywhere else.
 */
import { fletcher64 } from './fletcher64.ts'
import { loaded, type Medium } from './medium.ts'
import { uuidText } from './uuid.ts'

const SIGNATURE = new TextEncoder().encode('NAMESPACE_INDEX\0')
/** Index blocks are a multiple of this. */
const INDEX_ALIGN = 256
const INDEX_BYTES_MAX = 64 * 1024
const INDEX_CHECKSUM_AT = 64
const FREE_AT = 72
const LABEL_CHECKSUM_AT = 248
const LABEL_BYTES_MIN = 128
const NAME_BYTES = 64
/** Two sequence numbers: 1, 2, 3, 1, … */
const SEQ_MAX = 3
/** A label that is being written anew beside another one. */
const UPDATING = 8

/** What a namespace is claimed as, by the first four bytes of the GUID in its label. */
const claims: ReadonlyMap<number, LabelClaim> = new Map([
  [0, 'none'],
  [0x8aed63a2, 'btt'],
  [0x18633bfc, 'btt2'],
  [0x266400ba, 'pfn'],
  [0x97a86d9c, 'dax'],
])
export type LabelClaim = 'none' | 'btt' | 'btt2' | 'pfn' | 'dax' | 'other'

export interface NamespaceLabel {
  readonly slot: number
  readonly uuid: string
  readonly name: string
  /** Bytes of a sector in sector mode; 0 or 512 otherwise. */
  readonly lbasize: number
  /** Where it begins on the NVDIMM, and how long it is there. */
  readonly dpa: number
  readonly rawsize: number
  /** Null in version 1.1, whose labels do not say. */
  readonly claim: LabelClaim | null
  readonly isUpdating: boolean
}

export interface LabelArea {
  /** Byte of the medium. */
  readonly at: number
  readonly version: '1.1' | '1.2'
  readonly slots: number
  readonly labels: readonly NamespaceLabel[]
  /** Slots in use whose label is damaged. */
  readonly damaged: readonly number[]
}

/** The label area that begins at a byte; null when no whole index block is there. */
export function labelAreaAt(medium: Medium, at: number): LabelArea | null {
  const index = currentIndex(medium, at)
  if (index === null) return null
  const labels: NamespaceLabel[] = []
  const damaged: number[] = []
  for (let slot = 0; slot < index.slots; slot++) {
    if (!index.isUsed(slot)) continue
    const label = labelIn(loaded(medium, at + index.labelsAt + slot * index.labelBytes, index.labelBytes), slot)
    if (label === null) damaged.push(slot)
    else labels.push(label)
  }
  return { at, version: index.labelBytes > LABEL_BYTES_MIN ? '1.2' : '1.1', slots: index.slots, labels, damaged }
}

interface Index {
  readonly seq: number
  readonly labelsAt: number
  readonly labelBytes: number
  readonly slots: number
  readonly isUsed: (slot: number) => boolean
}

function currentIndex(medium: Medium, at: number): Index | null {
  const head = at >= 0 && at + FREE_AT <= medium.size ? loaded(medium, at, FREE_AT) : null
  if (head === null) return null
  // The first block says how long it is; where it is damaged, the second one is in the usual place, or not found.
  const bytes = Number(viewOf(head).getBigUint64(32, true))
  const [a, b] = [indexAt(medium, at, 0), indexAt(medium, at, bytes) ?? indexAt(medium, at, INDEX_ALIGN)]
  if (a === null || b === null) return a ?? b
  return (a.seq % SEQ_MAX) + 1 === b.seq ? b : a
}

function indexAt(medium: Medium, at: number, offset: number): Index | null {
  if (offset % INDEX_ALIGN !== 0 || offset > INDEX_BYTES_MAX || at + offset + INDEX_ALIGN > medium.size) return null
  const head = viewOf(loaded(medium, at + offset, INDEX_ALIGN))
  if (!SIGNATURE.every((byte, i) => head.getUint8(i) === byte)) return null
  const bytes = Number(head.getBigUint64(32, true))
  if (bytes === 0 || bytes % INDEX_ALIGN !== 0 || bytes > INDEX_BYTES_MAX || at + offset + bytes > medium.size) return null
  const block = loaded(medium, at + offset, bytes)
  const view = viewOf(block)
  const checksum = view.getBigUint64(INDEX_CHECKSUM_AT, true)
  view.setBigUint64(INDEX_CHECKSUM_AT, 0n, true)
  const [seq, slots] = [view.getUint32(20, true), view.getUint32(56, true)]
  const [labelBytes, labelsAt] = [LABEL_BYTES_MIN << (view.getUint8(19) & 1), Number(view.getBigUint64(48, true))]
  const fits = FREE_AT + Math.ceil(slots / 8) <= bytes && at + labelsAt + slots * labelBytes <= medium.size
  if (fletcher64(block) !== checksum || seq < 1 || seq > SEQ_MAX || Number(view.getBigUint64(24, true)) !== offset || !fits) return null
  return { seq, labelsAt, labelBytes, slots, isUsed: (slot) => (view.getUint8(FREE_AT + (slot >> 3)) & (1 << (slot & 7))) === 0 }
}

/** A label; null when it is damaged. */
function labelIn(block: Uint8Array, slot: number): NamespaceLabel | null {
  const view = viewOf(block)
  const isLong = block.length > LABEL_BYTES_MIN
  if (view.getUint32(120, true) !== slot) return null
  if (isLong) {
    const checksum = view.getBigUint64(LABEL_CHECKSUM_AT, true)
    view.setBigUint64(LABEL_CHECKSUM_AT, 0n, true)
    if (fletcher64(block) !== checksum) return null
  }
  const name = block.subarray(16, 16 + NAME_BYTES)
  return {
    slot,
    uuid: uuidText(block),
    name: new TextDecoder().decode(name.subarray(0, name.includes(0) ? name.indexOf(0) : NAME_BYTES)),
    lbasize: Number(view.getBigUint64(96, true)),
    dpa: Number(view.getBigUint64(104, true)),
    rawsize: Number(view.getBigUint64(112, true)),
    claim: isLong ? (claims.get(view.getUint32(144, true)) ?? 'other') : null,
    isUpdating: (view.getUint32(80, true) & UPDATING) !== 0,
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
