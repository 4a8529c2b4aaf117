import { errno } from '@devtrail/events'
import type { NdNamespace } from '../bus/nd-namespace.ts'

/** `nvdimm_clear_poison`: bytes that were made good; -ENXIO where the bus has no such command, or for a range that is not of its units. */
export function clearPoison(ndns: NdNamespace, at: number, length: number): number {
  const cleared = asked(ndns, at, length)
  ndns.machine.say('nvdimm-pmem/poison-cleared', { device: ndns.id, offset: at, bytes: length, cleared }, ndns.id)
  if (cleared > 0) ndns.badBlocks.clear(Math.ceil(at / 512), Math.floor(cleared / 512))
  return cleared
}

function asked({ region, at: start }: NdNamespace, at: number, length: number): number {
  const { clearUnit: unit } = region
  if (unit === null) return length
  const isPowerOfTwo = unit > 0 && Number.isInteger(Math.log2(unit))
  if (!isPowerOfTwo || (start + at) % unit !== 0 || length % unit !== 0) return errno.ENXIO
  return length
}
