// pagemaps
export {
  altmapAlloc,
  altmapAllocBlocks,
  altmapAllocBuf,
  altmapFree,
  altmapFreePages,
  altmapNextPfn,
  altmapOffset,
  newAltmap,
} from './altmap/altmap.ts'
export type { AltmapBlocks, VmemAltmap } from './altmap/altmap.ts'
export { pmemLayout } from './altmap/pmem-layout.ts'
export type { PmemLayout } from './altmap/pmem-layout.ts'
export { MemorySections } from './hotplug/memory-sections.ts'
export { MemremapMachine } from './machine.ts'
export type { MemremapFaults, MemremapOptions } from './machine.ts'
export type { ManagedPages } from './managed/devm-pages.ts'
export type { ManagedDevice } from './managed/managed-device.ts'
export { Mappings, memremapFlags } from './mapping/memremap.ts'
export { DevPagemap, coversPfn, forEachDevicePfn, pageCount, pfnEnd, pfnFirst, pfnLen, refCount } from './pagemap/dev-pagemap.ts'
export type { LiveRange, PagemapOps, PhysRange } from './pagemap/dev-pagemap.ts'
export type { PagemapSpec } from './pagemap/map-typed.ts'
export { memoryType, memoryTypeName } from './pagemap/memory-type.ts'
export { covers, firstPfn, headOf } from './pagemap/pagemap.ts'
export type { Altmap, Pagemap, PagemapPhase, PagemapRef, Removal } from './pagemap/pagemap.ts'
export { PagemapTable } from './pagemap/pagemap-table.ts'
export type { MapOptions } from './pagemap/pagemap-table.ts'
export { NeverEnds, Rcu } from './rcu.ts'
export { SECTION_PAGES, SUBSECTION_PAGES, memremapRules } from './rules.ts'
export type { MemremapRules, PagemapRules, PageRules, RulesName, UnmapOrder, UnmapStep } from './rules.ts'
export { Progress } from './progress.ts'
export { finish, Tasks } from './tasks.ts'
export type { Pause, Steps } from './tasks.ts'
// pages
export { PfnMap } from './lookup/pfn-map.ts'
export { DevicePages, RANGE_PAGES_MAX } from './page/device-pages.ts'
export type { DevicePagesLayout } from './page/device-pages.ts'
export { foll, follNames } from './page/foll.ts'
export { IdleWaits } from './page/idle-waits.ts'
export type { IdleWaiter, Schedule } from './page/idle-waits.ts'
export { directMap, pageToPfn, pfnToPage, pfnToPhys, pfnToVirt, physToPfn, virtToPfn } from './page/page-address.ts'
export { pfnFlags, pfnTDevmap, pfnTHasPage, pfnToPfnT, pfnTToPage, pfnTToPfn, physToPfnT } from './page/pfn-t.ts'
export type { PfnT } from './page/pfn-t.ts'
export { IDLE, PIN_BIAS, isReferenced } from './page/pages.ts'
export type { Holder, PageRecord, Pages } from './page/pages.ts'
export type { IdleWait } from './page/waits.ts'
export { PagemapRegistry } from './pagemap-registry.ts'
export type { PutHow, PutResult, RegistryOptions } from './pagemap-registry.ts'
// both
export { memremapCatalogue, putHow } from './events.ts'
export type { MemremapEvent, MemremapPayload } from './events.ts'
export { idleWaiterNotWoken, referencedAtRemoval } from './invariants.ts'
export { memremapModel, pagemapOwner, pagemapToJson } from './model.ts'
export { evolveMemremap, initialMemremap } from './state.ts'
export type { MemremapState } from './state.ts'
