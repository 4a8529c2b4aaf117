/** What is on a namespace that was made before the machine starts, by the kernel whose rules are in force. */
import { Btt } from '@devtrail/nvdimm-pmem/btt'
import { encodePfn, NULL_UUID, pfnLayout, pfnMode, put } from '@devtrail/nvdimm-pmem/media'
import type { RulesName } from '@devtrail/memremap'
import { kindOf } from '../scenario/claimants.ts'
import { ScenarioError } from '../scenario/place.ts'
import type { Placed } from './regions.ts'

const SUPERBLOCK_AT = 4096
const ALIGN = 2 << 20

/** Writes its superblock. @throws ScenarioError where the kernel would refuse. */
export function format(ns: Placed, uuid: string, rules: RulesName): void {
  const kind = kindOf(ns.spec)
  if (kind === 'btt') formatBtt(ns, uuid, rules)
  else if (kind !== null) formatPfn(ns, kind, uuid, rules)
}

/** Labels of later kernels than the seed's know a BTT that begins where its namespace does. */
function formatBtt({ spec, place, medium, uuid: parent }: Placed, uuid: string, rules: RulesName): void {
  const { sectorSize = 4096 } = spec
  try {
    Btt.create(medium, { sectorSize, uuid, parentUuid: parent ?? NULL_UUID, version: parent === null || rules === 'seed' ? '1.1' : '2.0' })
  } catch (error) {
    throw new ScenarioError(place, `${spec.name} cannot have a BTT: ${(error as Error).message}`, { cause: error })
  }
}

function formatPfn({ spec, place, start, size, medium, uuid: parent }: Placed, kind: 'pfn' | 'dax', uuid: string, rules: RulesName): void {
  const mode = spec.map === 'mem' ? pfnMode.RAM : pfnMode.PMEM
  const layout = pfnLayout({ start, size, mode, align: ALIGN }, rules)
  if (typeof layout === 'number')
    throw new ScenarioError(place, `${spec.name} has no room for data behind its struct pages, or is misaligned (${layout})`)
  const { dataoff, npfns, startPad, endTrunc, versionMinor } = layout
  const since61 = rules === 'seed' ? { align: 0, pageSize: 0, pageStructSize: 0 } : { align: ALIGN, pageSize: 4096, pageStructSize: 64 }
  const who = { kind, uuid, parentUuid: parent ?? NULL_UUID, flags: 0, versionMajor: 1, versionMinor } as const
  put(medium, SUPERBLOCK_AT, encodePfn({ ...who, ...since61, dataoff, npfns, mode, startPad, endTrunc }))
}
