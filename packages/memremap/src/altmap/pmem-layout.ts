/** Where an fsdax namespace has its info block, its struct pages and its data. */
import { newAltmap, type VmemAltmap } from './altmap.ts'

const PAGE = 4096n
/** Bytes of the info block area in front of the struct pages. */
const INFO_BLOCK = 8192n
const STRUCT_PAGE = 64n
const MIB = 1024n * 1024n

/** Where the data of an fsdax namespace begins. */
export interface PmemLayout {
  /** Pages of the namespace behind its info block. */
  readonly pages: number
  /** Bytes in front of the data. */
  readonly dataOffset: bigint
  readonly altmap: VmemAltmap | null
}

/**
 * The layout of a namespace (`__nvdimm_setup_pfn`, with the info block of `nd_pfn_init`). `map`: whether its struct pages
 * live on the device (`dev`) or in RAM (`mem`). Null when nothing is left for data (-ENXIO).
 */
export function pmemLayout(start: bigint, size: bigint, map: 'dev' | 'mem', align = 2n * MIB): PmemLayout | null {
  const unit = align > 2n * MIB ? align : 2n * MIB
  const pages = (size - INFO_BLOCK) / PAGE
  const needed = start + INFO_BLOCK + (map === 'dev' ? STRUCT_PAGE * pages : 0n)
  const dataOffset = ((needed + unit - 1n) / unit) * unit - start
  if (dataOffset >= size) return null
  const altmap = map === 'mem' ? null : newAltmap(Number(start / PAGE), Number(INFO_BLOCK / PAGE), Number((dataOffset - INFO_BLOCK) / PAGE))
  return { pages: Number(pages), dataOffset, altmap }
}
