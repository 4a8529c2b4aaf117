/** What an image is, as data. */
import { hex, type Json } from '@devtrail/events'
import { arenaBytes, arenaInfoAt, BttError, dataBytesOf, decodeArenaInfo } from '@devtrail/nvdimm-pmem/btt'
import { decodePfn, effective, infoblockAt, pfnMode, type Infoblock, type Medium, type NdctlFields } from '@devtrail/nvdimm-pmem/media'
import type { Image } from './image.ts'

const PAGE = 4096
const RAW_SECTOR = 512

export interface NamespaceShape {
  readonly mode: 'raw' | 'sector' | 'fsdax' | 'devdax'
  /** Bytes of the block device, as far as the image reaches; null when its end is not there. */
  readonly capacity: number | null
  /** Bytes of the namespace by its superblock; null when that does not tell. */
  readonly bytes: number | null
  readonly sectorSize: number | null
  /** Where struct pages are kept. */
  readonly map: 'mem' | 'dev' | null
}

export interface ArenaShape {
  readonly at: number
  readonly fields: NdctlFields
  /** Whether its second info block is the same. */
  readonly copy: 'same' | 'differs' | 'damaged' | 'beyond the image'
}

export interface Described {
  readonly shape: NamespaceShape
  readonly arenas: readonly ArenaShape[]
  /** Why there may be more arenas than these; null: these are all. */
  readonly cut: string | null
}

export function describeImage({ medium, superblock }: Image): Described {
  const raw = {
    mode: 'raw',
    capacity: Math.floor(medium.size / RAW_SECTOR) * RAW_SECTOR,
    bytes: null,
    sectorSize: null,
    map: null,
  } as const
  if (superblock === null) return { shape: raw, arenas: [], cut: null }
  if (superblock.problem !== null) return { shape: { ...raw, mode: modeOf(superblock), capacity: null }, arenas: [], cut: null }
  if (superblock.kind === 'btt') return describeBtt(medium, superblock)
  const { startPad, endTrunc, dataoff, npfns, mode } = effective(decodePfn(superblock.block))
  const map = mode === pfnMode.PMEM ? 'dev' : mode === pfnMode.RAM ? 'mem' : null
  const bytes = startPad + dataoff + npfns * PAGE + endTrunc
  const shape = {
    mode: modeOf(superblock),
    capacity: npfns * PAGE,
    bytes,
    sectorSize: superblock.kind === 'pfn' ? 512 : null,
    map,
  } as const
  return { shape, arenas: [], cut: null }
}

const modeOf = ({ kind }: Infoblock): 'sector' | 'fsdax' | 'devdax' => (kind === 'btt' ? 'sector' : kind === 'pfn' ? 'fsdax' : 'devdax')

function describeBtt(medium: Medium, first: Infoblock): Described {
  const arenas: ArenaShape[] = []
  let sectors = 0
  let at = first.at
  let cut: string | null = null
  /** Whether the last one says that it is. */
  let isAll = false
  const { externalLbasize } = decodeArenaInfo(first.block)
  for (;;) {
    const block = infoblockAt(medium, at)
    if (block?.fields == null || block.kind !== 'btt') {
      cut =
        at + PAGE > medium.size
          ? `the image ends before the arena at byte ${at}`
          : `no arena begins at byte ${at}, where the one before says so`
      break
    }
    const info = decodeArenaInfo(block.block)
    arenas.push({ at, fields: block.fields, copy: copyOf(medium, at + info.info2off, block) })
    sectors += info.externalNlba
    cut = unfit(medium, at)
    at += arenaBytes(info)
    isAll = info.nextoff === 0
    if (isAll || cut !== null) break
  }
  const sectorSize = dataBytesOf(externalLbasize)
  const capacity = isAll ? sectors * sectorSize : null
  return { shape: { mode: 'sector', capacity, bytes: isAll ? at : null, sectorSize, map: null }, arenas, cut }
}

/** Why an arena does not fit into the image; null when it does. */
function unfit(medium: Medium, at: number): string | null {
  try {
    arenaInfoAt(medium, at, null)
    return null
  } catch (error) {
    if (error instanceof BttError) return error.message
    throw error
  }
}

function copyOf(medium: Medium, at: number, first: Infoblock): ArenaShape['copy'] {
  if (at + PAGE > medium.size) return 'beyond the image'
  const copy = infoblockAt(medium, at)
  if (copy === null || copy.problem !== null) return 'damaged'
  return copy.block.every((byte, i) => byte === first.block[i]) ? 'same' : 'differs'
}

export const infoblockJson = ({ at, fields, checksum, problem }: Infoblock): Json => ({
  at,
  valid: problem === null,
  problem,
  checksum: { stored: hex(checksum.stored), computed: hex(checksum.computed) },
  ...fields,
})
