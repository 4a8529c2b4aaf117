/** The functions whose probes have a meaning here, each with the words it may fetch; offsets are those of Linux 6.1 on x86-64. */
import type { Fields, ProbeHit } from './probe-hit.ts'

/** One function: canonical field name → what fetches it. */
const known: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  __request_region: { parent: '$arg1', start: '$arg2', n: '$arg3', name: '+0($arg4)', flags: '$arg5' },
  __release_region: { parent: '$arg1', start: '$arg2', n: '$arg3' },
  request_resource: resourceArgs(2),
  insert_resource: resourceArgs(2),
  request_resource_conflict: resourceArgs(2),
  insert_resource_conflict: resourceArgs(2),
  release_resource: resourceArgs(1),
  remove_resource: resourceArgs(1),
  memremap_pages: {
    pgmap: '$arg1',
    start: '+136($arg1)',
    end: '+144($arg1)',
    type: '+96($arg1)',
    altbase: '+0($arg1)',
    altend: '+8($arg1)',
    reserve: '+16($arg1)',
    free: '+24($arg1)',
    alloc: '+40($arg1)',
    pgmap_flags: '+100($arg1)',
    vmemmap_shift: '+104($arg1)',
  },
  devm_memremap_pages: { dev: '+0(+0($arg1))', pgmap: '$arg2' },
  memunmap_pages: {
    pgmap: '$arg1',
    start: '+136($arg1)',
    end: '+144($arg1)',
    type: '+96($arg1)',
    pgmap_flags: '+100($arg1)',
    nr_range: '+128($arg1)',
    altbase: '+0($arg1)',
    reserve: '+16($arg1)',
    free: '+24($arg1)',
    alloc: '+40($arg1)',
    percpu_count_ptr: '+48($arg1)',
    count: '+0(+56($arg1))',
  },
  get_dev_pagemap: { pfn: '$arg1', cached: '$arg2' },
  devm_memremap: { dev: '+0(+0($arg1))', offset: '$arg2', size: '$arg3', flags: '$arg4' },
  devm_memunmap: { dev: '+0(+0($arg1))', addr: '$arg2' },
  devres_release_all: { dev: '+0(+0($arg1))' },
  nd_pmem_probe: { dev: '+0(+0($arg1))' },
  pmem_attach_disk: { dev: '+0(+0($arg1))' },
  nd_pmem_remove: { dev: '+0(+0($arg1))' },
  nd_pmem_shutdown: { dev: '+0(+0($arg1))' },
  nd_pfn_probe: { dev: '+0(+0($arg1))' },
  nd_btt_probe: { dev: '+0(+0($arg1))' },
  nd_dax_probe: { dev: '+0(+0($arg1))' },
  nvdimm_setup_pfn: { pgmap: '$arg2' },
  nvdimm_namespace_attach_btt: {},
  nvdimm_namespace_detach_btt: {},
  device_add_disk: { parent: '+0(+0($arg1))', disk: '+12($arg2)' },
  del_gendisk: { disk: '+12($arg1)' },
  blk_freeze_queue_start: { q: '$arg1' },
  really_probe: { dev: '+0(+0($arg1))', drv: '+0(+0($arg2))' },
  device_unbind_cleanup: { dev: '+0(+0($arg1))' },
  dev_pagemap_percpu_release: { ref: '$arg1' },
  blk_queue_usage_counter_release: { ref: '$arg1' },
  blk_mq_freeze_queue_wait: { q: '$arg1' },
  free_zone_device_page: { page: '$arg1', pgmap: '+8($arg1)' },
  try_grab_page: { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', flags: '$arg2', vmemmap: '@vmemmap_base' },
  try_grab_folio: grabArgs(),
  // Other kernels' names of it: 5.10, and 6.12 on.
  try_grab_compound_head: grabArgs(),
  try_grab_folio_fast: grabArgs(),
  put_devmap_managed_page: { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', vmemmap: '@vmemmap_base' },
  __put_devmap_managed_folio_refs: {
    page: '$arg1',
    pgmap: '+8($arg1)',
    refcount: '+52($arg1)',
    refs: '$arg2',
    vmemmap: '@vmemmap_base',
  },
  free_zone_device_folio: { page: '$arg1', pgmap: '+8($arg1)' },
  dax_break_layout: { inode: '$arg1' },
  dax_break_layout_final: { inode: '$arg1' },
  __device_release_driver: { dev: '+0(+0($arg1))' },
  add_disk_fwnode: { parent: '+0(+0($arg1))', disk: '+12($arg2)' },
  __put_devmap_managed_page_refs: { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', refs: '$arg2', vmemmap: '@vmemmap_base' },
  __bio_release_pages: {
    bio: '$arg1',
    vcnt: '+104($arg1)',
    page0: '+0(+112($arg1))',
    len0: '+8(+112($arg1))',
    page1: '+16(+112($arg1))',
    len1: '+24(+112($arg1))',
    page2: '+32(+112($arg1))',
    len2: '+40(+112($arg1))',
    vmemmap: '@vmemmap_base',
  },
  page_cache_pipe_buf_release: { page: '+0($arg2)', refcount: '+52(+0($arg2))', ops: '+16($arg2)', vmemmap: '@vmemmap_base' },
  unpin_user_page: { page: '$arg1', vmemmap: '@vmemmap_base' },
  gup_put_folio: { page: '$arg1', refs: '$arg2', flags: '$arg3', vmemmap: '@vmemmap_base' },
  memmap_init_zone_device: { start_pfn: '$arg2', nr_pages: '$arg3', pgmap: '$arg4' },
  arch_add_memory: { nid: '$arg1', start: '$arg2', size: '$arg3' },
  arch_remove_memory: { start: '$arg1', size: '$arg2' },
  devm_memremap_pages_release: { pgmap: '$arg1' },
  kill_dax: { dax_dev: '$arg1' },
  dax_layout_busy_page_range: { mapping: '$arg1', start: '$arg2', end: '$arg3', vmemmap: '@vmemmap_base' },
  ext4_break_layouts: { inode: '$arg1' },
}

function grabArgs(): Record<string, string> {
  return { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', refs: '$arg2', flags: '$arg3', vmemmap: '@vmemmap_base' }
}

function resourceArgs(n: 1 | 2): Record<string, string> {
  const res = `$arg${n}`
  return {
    ...(n === 2 ? { parent: '$arg1' } : {}),
    res,
    start: `+0(${res})`,
    end: `+8(${res})`,
    name: `+0(+16(${res}))`,
    flags: `+24(${res})`,
  }
}

/** Of one function: canonical field name → what fetches it. */
export const knownFetches = (symbol: string): Readonly<Record<string, string>> => (Object.hasOwn(known, symbol) ? known[symbol]! : {})

/** Whether probes of a function have a meaning here. */
export const isKnownFunction = (symbol: string): boolean => Object.hasOwn(known, symbol)

/** Fields without which an entry says nothing that can be followed. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  __request_region: ['parent', 'start', 'n'],
  __release_region: ['parent', 'start', 'n'],
  request_resource: ['parent', 'start', 'end'],
  insert_resource: ['parent', 'start', 'end'],
  request_resource_conflict: ['parent', 'start', 'end'],
  insert_resource_conflict: ['parent', 'start', 'end'],
  release_resource: ['start', 'end'],
  remove_resource: ['start', 'end'],
  memremap_pages: ['pgmap', 'start', 'end'],
  devm_memremap_pages: ['dev', 'pgmap'],
  memunmap_pages: ['pgmap', 'start', 'end'],
  devm_memremap_pages_release: ['pgmap'],
  get_dev_pagemap: ['pfn'],
  devm_memremap: ['dev'],
  devm_memunmap: ['dev'],
  devres_release_all: ['dev'],
  really_probe: ['dev'],
  device_unbind_cleanup: ['dev'],
  nd_pmem_probe: ['dev'],
  nd_pmem_remove: ['dev'],
  nd_pmem_shutdown: ['dev'],
  pmem_attach_disk: ['dev'],
  nd_btt_probe: ['dev'],
  nd_pfn_probe: ['dev'],
  nd_dax_probe: ['dev'],
  device_add_disk: ['parent', 'disk'],
  del_gendisk: ['disk'],
  arch_add_memory: ['start', 'size'],
  arch_remove_memory: ['start', 'size'],
  try_grab_page: ['page', 'flags'],
  try_grab_folio: ['page', 'refs', 'flags'],
  __put_devmap_managed_page_refs: ['page', 'refs'],
  try_grab_compound_head: ['page', 'refs', 'flags'],
  try_grab_folio_fast: ['page', 'refs', 'flags'],
  put_devmap_managed_page: ['page'],
  __put_devmap_managed_folio_refs: ['page', 'refs'],
  __device_release_driver: ['dev'],
  add_disk_fwnode: ['parent', 'disk'],
  __bio_release_pages: ['vcnt', 'page0', 'len0'],
}

/** Fields that a function's entry lacks and cannot do without; a field that faulted is there. */
export function missingFields(hit: Pick<ProbeHit, 'symbol' | 'edge'> & { readonly fields: Pick<Fields, 'has'> }): string[] {
  if (hit.edge === 'return') return []
  return (Object.hasOwn(REQUIRED, hit.symbol) ? REQUIRED[hit.symbol]! : []).filter((name) => !hit.fields.has(name))
}
