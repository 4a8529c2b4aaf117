/** Whether an image is of a namespace of some size, and which size it is of. */
import { ARENA_BYTES_MIN, arenaBytes, decodeArenaInfo } from '@devtrail/nvdimm-pmem/btt'
import { decodePfn, effective, infoblockAt, infoblocksIn, superblockOf, type Infoblock, type Medium } from '@devtrail/nvdimm-pmem/media'
import { sizeOf } from '../scenario/units.ts'

const PAGE = 4096
/** Sizes of namespaces are multiples of this. */
const UNIT = 2 ** 21

/** Byte at which the last arena of a BTT ends. */
function endOfBtt(medium: Medium, first: Infoblock): number {
  let at = first.at
  for (let found: Infoblock | null = first; ;) {
    if (found?.kind !== 'btt' || found.problem !== null) return at
    const info = decodeArenaInfo(found.block)
    if (info.nextoff < ARENA_BYTES_MIN) return at + arenaBytes(info)
    at += info.nextoff
    found = infoblockAt(medium, at)
  }
}

/** Byte at which what the superblock tells of ends; null when there is none that is whole. */
function endOf(medium: Medium): { readonly what: string; readonly end: number } | null {
  const found = superblockOf(infoblocksIn(medium))
  if (found === null || found.problem !== null) return null
  if (found.kind === 'btt') return { what: 'BTT', end: endOfBtt(medium, found) }
  const { startPad, dataoff, npfns, endTrunc } = effective(decodePfn(found.block))
  return { what: found.kind, end: startPad + dataoff + npfns * PAGE + endTrunc }
}

/** What is wrong with the size of the namespace that an image is to be; null: nothing. */
export function misfit(medium: Medium, size: number): string | null {
  const told = endOf(medium)
  const right = told === null ? null : Math.ceil(told.end / UNIT) * UNIT
  if (medium.size < size) {
    const whole = Math.floor(medium.size / UNIT) * UNIT
    const how = right === null ? whole : right
    const next = how <= medium.size && how > 0 ? `make it ${sizeOf(how)}` : 'the image was cut: copy all of it'
    return `and its image no more than ${medium.size} bytes; ${next}`
  }
  // A pfn device goes as far as its namespace: the kernel cuts it to that. A BTT it does not take.
  if (told?.what !== 'BTT' || told.end <= size) return null
  return `the BTT on its image ${told.end} bytes; make it ${sizeOf(right!)}`
}
