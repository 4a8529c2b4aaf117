/** Where an fsdax namespace has its info block, its struct pages and its data. */
import type { RulesName } from '../rules.ts'
import { newAltmap, type VmemAltmap } from './altmap.ts'

const PAGE = 4096n
/** Bytes of the info block area in front of the struct pages. */
const INFO_BLOCK = 8192n
const STRUCT_PAGE = 64n
/** What Linux 6.1 adds memory by. */
const UNIT = 2n * 1024n * 1024n

/** Where the data of an fsdax namespace begins. */
export interface PmemLayout {
  /** Pages of the namespace behind its info block. */
  readonly pages: number
  /** Bytes in front of the data. */
  readonly dataOffset: bigint
  readonly altmap: VmemAltmap | null
}

/**
 * The layout of a namespace (`nvdimm_setup_pfn` with the info block of `nd_pfn_init`): `start` and `size` in bytes. `map`: whether its struct
 * pages live on the device (`dev`) or in RAM (`mem`). Null when nothing is left for data (-ENXIO).
 *
 * Linux 6.1 aligns the address of the data, to 2 MiB at least, and begins the altmap at a multiple of 2 MiB; in the seed's kernel the offset of
 * the data is aligned.
 */
export function pmemLayout(
  start: bigint,
  size: bigint,
  map: 'dev' | 'mem',
  align: bigint = UNIT,
  era: RulesName = 'linux-6.1',
): PmemLayout | null {
  const pages = (size - INFO_BLOCK) / PAGE
  const needed = INFO_BLOCK + (map === 'dev' ? STRUCT_PAGE * pages : 0n)
  const dataOffset = era === 'seed' ? roundUp(needed, align) : roundUp(start + needed, align > UNIT ? align : UNIT) - start
  if (dataOffset >= size) return null
  const slack = era === 'seed' ? 0n : start % UNIT
  const altmap = newAltmap(Number((start - slack) / PAGE), Number((INFO_BLOCK + slack) / PAGE), Number((dataOffset - INFO_BLOCK) / PAGE))
  return { pages: Number(pages), dataOffset, altmap: map === 'mem' ? null : altmap }
}

const roundUp = (n: bigint, unit: bigint): bigint => ((n + unit - 1n) / unit) * unit
