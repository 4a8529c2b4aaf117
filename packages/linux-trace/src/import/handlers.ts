import type { ProbeHit } from '../probe-hit.ts'
import * as binding from './binding.ts'
import type { ImportContext } from './context.ts'
import * as idleWaits from './idle-waits.ts'
import * as nvdimm from './nvdimm.ts'
import * as pagemaps from './pagemaps.ts'
import * as pages from './pages.ts'
import * as tree from './tree.ts'

export type Handler = (ctx: ImportContext, hit: ProbeHit) => void

const call = (enter: Handler, leave: Handler): { enter: Handler; return: Handler } => ({ enter, return: leave })
const point = (enter: Handler): { enter: Handler } => ({ enter })

const resource = call(tree.resourceRequestStarted, tree.resourceRequestEnded)
const grab = call(pages.grabStarted, pages.grabEnded)
const pmem = call(nvdimm.pairedStarted, nvdimm.pairedEnded)
const detect = call(nvdimm.autodetectStarted, nvdimm.autodetectEnded)

/** What each probed function means, on entry and on return. */
const handlers: Readonly<Record<string, { readonly enter: Handler; readonly return?: Handler }>> = {
  really_probe: call(binding.probeStarted, binding.probeEnded),
  device_unbind_cleanup: point(binding.unbindCleanupStarted),
  __device_release_driver: call(binding.driverReleaseStarted, binding.driverReleaseEnded),
  devres_release_all: call(binding.releaseAllStarted, binding.releaseAllEnded),
  __request_region: call(tree.regionRequestStarted, tree.regionRequestEnded),
  __release_region: point(tree.regionReleased),
  request_resource: resource,
  insert_resource: resource,
  request_resource_conflict: resource,
  insert_resource_conflict: resource,
  release_resource: point(tree.resourceReleased),
  remove_resource: point(tree.resourceReleased),
  devm_memremap_pages: point(pagemaps.mapRequested),
  memremap_pages: call(pagemaps.mapStarted, pagemaps.mapEnded),
  memunmap_pages: call(pagemaps.unmapStarted, pagemaps.unmapped),
  devm_memremap_pages_release: point(pagemaps.releaseRequested),
  dev_pagemap_percpu_release: point(pagemaps.pagemapRefReleased),
  arch_add_memory: call(pagemaps.memoryAddStarted, pagemaps.memoryAdded),
  arch_remove_memory: point(pagemaps.memoryRemoved),
  memmap_init_zone_device: point(pagemaps.pagesInitialised),
  get_dev_pagemap: call(pagemaps.lookupStarted, pagemaps.lookedUp),
  devm_memremap: call(pagemaps.rangeMapStarted, pagemaps.rangeMapped),
  devm_memunmap: point(pagemaps.rangeUnmapped),
  try_grab_page: grab,
  try_grab_folio: grab,
  try_grab_folio_fast: grab,
  try_grab_compound_head: grab,
  put_devmap_managed_page: point(pages.devmapPagePut),
  __put_devmap_managed_folio_refs: point(pages.devmapPagePut),
  __put_devmap_managed_page_refs: point(pages.devmapPagePut),
  __bio_release_pages: point(pages.bioReleased),
  page_cache_pipe_buf_release: point(pages.pipeBufferReleased),
  unpin_user_page: point(pages.gupPut),
  gup_put_folio: point(pages.gupPut),
  free_zone_device_page: point(pages.pageFreed),
  free_zone_device_folio: point(pages.pageFreed),
  ext4_break_layouts: call(idleWaits.idleWaitStarted, idleWaits.idleWaitEnded),
  dax_break_layout: call(idleWaits.idleWaitStarted, idleWaits.idleWaitEnded),
  dax_break_layout_final: call(idleWaits.idleWaitStarted, idleWaits.idleWaitEnded),
  dax_layout_busy_page_range: call(idleWaits.busyLookupStarted, idleWaits.busyLookedUp),
  nd_pmem_probe: call(nvdimm.pmemProbeStarted, nvdimm.pmemProbeEnded),
  pmem_attach_disk: pmem,
  nd_pmem_remove: pmem,
  nd_pmem_shutdown: pmem,
  nd_btt_probe: detect,
  nd_pfn_probe: detect,
  nd_dax_probe: detect,
  nvdimm_setup_pfn: call(nvdimm.setupPfnStarted, nvdimm.setupPfnEnded),
  nvdimm_namespace_attach_btt: call(nvdimm.bttAttachStarted, nvdimm.bttAttachEnded),
  nvdimm_namespace_detach_btt: point(nvdimm.bttDetached),
  device_add_disk: point(nvdimm.diskAdded),
  add_disk_fwnode: point(nvdimm.diskAdded),
  del_gendisk: point(nvdimm.diskRemoved),
  kill_dax: point(nvdimm.daxKilled),
  blk_freeze_queue_start: point(nvdimm.queueFreezeStarted),
  blk_mq_freeze_queue_wait: call(nvdimm.queueWaitStarted, nvdimm.queueWaitEnded),
  blk_queue_usage_counter_release: point(nvdimm.queueRefReleased),
}

/** The handler of a probe's entry; undefined when its function has no meaning here. */
export function handlerOf(hit: ProbeHit): Handler | undefined {
  if (!Object.hasOwn(handlers, hit.symbol)) return undefined
  const h = handlers[hit.symbol]!
  return hit.edge === 'enter' ? h.enter : h.return
}

/** Functions of whose return it matters only that it came. */
const RETURNS_VOID: ReadonlySet<string> = new Set([
  'memunmap_pages',
  'blk_mq_freeze_queue_wait',
  'dax_break_layout_final',
  '__device_release_driver',
])

/** Whether a return matters by its value and the user's probe does not fetch it. */
export const tellsNothing = (hit: ProbeHit): boolean => hit.edge === 'return' && !hit.fields.has('ret') && !RETURNS_VOID.has(hit.symbol)
