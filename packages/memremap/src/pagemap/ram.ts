/** Where System RAM lies in a range, as memremap and devm_memremap_pages ask (region_intersects). */
import { ioresource, regionIntersection } from '@devtrail/resource-tree'
import { granules } from '../hotplug/hot-add.ts'
import type { MemremapMachine } from '../machine.ts'
import { directMap } from '../page/page-address.ts'
import type { PhysRange } from './dev-pagemap.ts'

/** How much of a range is System RAM. */
export type RamShare = 'ram' | 'none' | 'mixed'

export function ramShare(m: MemremapMachine, start: bigint, size: bigint): RamShare {
  if (m.iomem === null) return 'none'
  const kind = m.iomem.rules.intersects === 'name' ? { name: 'System RAM' } : { flags: ioresource.SYSTEM_RAM }
  const share = m.iomem.regionIntersects(start, size, kind)
  if (share === regionIntersection.DISJOINT) return 'none'
  return share === regionIntersection.INTERSECTS ? 'ram' : 'mixed'
}

/** The same for a range to be mapped: as it is, or as whole sections. */
export function ramShareOf(m: MemremapMachine, range: PhysRange): RamShare {
  if (m.rules.ramTest === 'raw') return ramShare(m, range.start, range.end - range.start + 1n)
  const { first, last } = granules(m, range, m.rules.storesByEnd)
  return ramShare(m, BigInt(first) << 12n, BigInt(last - first + 1) << 12n)
}

/** `__va`: where the direct map has a physical address. */
export const directAddress = (m: MemremapMachine, address: bigint): bigint => directMap[m.percpuRules] + address
