/** What is wrong with a namespace's bytes, in one word. */
import { checkBtt, type BttChecked } from '@devtrail/nvdimm-pmem/btt'
import { decodePfn, effective, pfnMode, type Infoblock } from '@devtrail/nvdimm-pmem/media'
import type { Image } from './image.ts'

const PAGE = 4096
const VERSION_MINOR_MAX = 4

export type Verdict = 'clean' | 'recovery-pending' | 'broken'

export const verdictOf = ({ faults, pending }: BttChecked): Verdict =>
  faults.length > 0 ? 'broken' : pending.length > 0 ? 'recovery-pending' : 'clean'

/** Checks what a good superblock tells of. */
export function checked(image: Image, superblock: Infoblock): BttChecked {
  if (superblock.kind === 'btt') return checkBtt(image.medium, superblock.at)
  return { faults: faultsOf(superblock, image), more: 0, pending: [], arenas: [] }
}

/** Byte at which what a pfn or dax superblock tells of ends, with what it leaves out at the end. */
function endOf(superblock: Infoblock): number {
  const { startPad, endTrunc, dataoff, npfns } = effective(decodePfn(superblock.block))
  return startPad + dataoff + npfns * PAGE + endTrunc
}

/** Whether an image ends before what its good pfn or dax superblock tells of: it was cut. A BTT's arenas tell that themselves. */
export const isCut = (superblock: Infoblock, { medium }: Image): boolean => superblock.kind !== 'btt' && endOf(superblock) > medium.size

/** What of a pfn or dax superblock contradicts itself or the image. */
function faultsOf(superblock: Infoblock, image: Image): BttChecked['faults'] {
  const sb = effective(decodePfn(superblock.block))
  const { startPad, endTrunc, dataoff, npfns, mode, align, versionMajor, versionMinor, pageSize, pageStructSize } = sb
  const start = startPad + dataoff
  const wrong: (string | false)[] = [
    (versionMajor !== 1 || versionMinor > VERSION_MINOR_MAX) && `version ${versionMajor}.${versionMinor} is not known`,
    mode !== pfnMode.RAM && mode !== pfnMode.PMEM && `mode ${mode} is neither RAM (1) nor PMEM (2)`,
    dataoff < 2 * PAGE && `the data begin at byte ${dataoff}, within the first 8 KiB`,
    align < PAGE || !Number.isInteger(Math.log2(align)) ? `the alignment, ${align}, is no power of two from 4096 on` : false,
    isCut(superblock, image) &&
      `the data end at byte ${start + npfns * PAGE}, of ${Math.max(0, image.medium.size - endTrunc)}: the image was cut`,
    npfns === 0 && 'there are no data',
    pageSize < PAGE && `pages of ${pageSize} bytes`,
    mode === pfnMode.PMEM &&
      start < 2 * PAGE + npfns * pageStructSize &&
      `${npfns} struct pages of ${pageStructSize} bytes do not fit before the data`,
  ]
  return wrong.filter((says) => says !== false).map((says) => ({ arena: 0, kind: 'info', at: superblock.at, says }))
}
