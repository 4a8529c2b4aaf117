/**
 * The probes of a recording: which functions, and what they fetch. `$name` is the parameter of that name (`$page|folio`: the
 * first of them there is), `{struct.member}` where a member lies; both are looked up in the kernel's own type information.
 */
export interface ProbeTemplate {
  /** Its event's name. */
  readonly event: string
  readonly symbol: string
  /** The module that the function is in. */
  readonly module?: string
  readonly fetch: Readonly<Record<string, string>>
  /** How what it returns is printed; `void`: only that it returned; absent: no return probe. */
  readonly returns?: 'x64' | 's32' | 'void'
  /** Of functions that have the same name and do something else in other kernels: a member or function that must (not) be there. */
  readonly only?: string
  readonly unless?: string
}

const deviceName = (parameter = '$dev'): string => `+0(+{device.kobj.name}(${parameter})):string`
const VMEMMAP = '@vmemmap_base:x64'

const resource = (symbol: string): ProbeTemplate => ({
  event: symbol,
  symbol,
  fetch: {
    parent: '$root|parent:x64',
    res: '$new:x64',
    start: '+{resource.start}($new):x64',
    end: '+{resource.end}($new):x64',
    name: '+0(+{resource.name}($new)):string',
    flags: '+{resource.flags}($new):x64',
  },
  returns: symbol.endsWith('conflict') ? 'x64' : 's32',
})

const released = (symbol: string): ProbeTemplate => ({
  event: symbol,
  symbol,
  fetch: {
    res: '$old:x64',
    start: '+{resource.start}($old):x64',
    end: '+{resource.end}($old):x64',
    name: '+0(+{resource.name}($old)):string',
  },
})

const pagemap = {
  pgmap: '$pgmap:x64',
  start: '+{dev_pagemap.range.start}($pgmap):x64',
  end: '+{dev_pagemap.range.end}($pgmap):x64',
  type: '+{dev_pagemap.type}($pgmap):u32',
  pgmap_flags: '+{dev_pagemap.flags}($pgmap):u32',
  altbase: '+{dev_pagemap.altmap.base_pfn}($pgmap):x64',
  reserve: '+{dev_pagemap.altmap.reserve}($pgmap):u64',
  free: '+{dev_pagemap.altmap.free}($pgmap):u64',
  alloc: '+{dev_pagemap.altmap.alloc}($pgmap):u64',
}

const page = (parameter: string): Readonly<Record<string, string>> => ({
  page: `${parameter}:x64`,
  pgmap: `+{page.pgmap|folio.pgmap}(${parameter}):x64`,
  refcount: `+{page._refcount}(${parameter}):s32`,
})

const driver = (symbol: string, module: string, parameter = '$dev'): ProbeTemplate => ({
  event: symbol,
  symbol,
  module,
  fetch: { dev: deviceName(parameter) },
  returns: 's32',
})

/** Vectors of a bio that are fetched; the end of a bio of more is told with a bound. */
const vectors = Object.fromEntries(
  [0, 1, 2].flatMap((i) => [
    [`page${i}`, `+{bio_vec.bv_page+${i}*bio_vec}(+{bio.bi_io_vec}($bio)):x64`],
    [`len${i}`, `+{bio_vec.bv_len+${i}*bio_vec}(+{bio.bi_io_vec}($bio)):u32`],
  ]),
)

export const catalogue: readonly ProbeTemplate[] = [
  {
    event: 'request_region',
    symbol: '__request_region',
    fetch: { parent: '$parent:x64', start: '$start:x64', n: '$n:x64', name: '+0($name):string', flags: '$flags:x32' },
    returns: 'x64',
  },
  { event: 'release_region', symbol: '__release_region', fetch: { parent: '$parent:x64', start: '$start:x64', n: '$n:x64' } },
  ...['request_resource', 'insert_resource', 'request_resource_conflict', 'insert_resource_conflict'].map(resource),
  ...['release_resource', 'remove_resource'].map(released),
  {
    event: 'memremap_pages',
    symbol: 'memremap_pages',
    fetch: { ...pagemap, altend: '+{dev_pagemap.altmap.end_pfn}($pgmap):x64', vmemmap_shift: '+{dev_pagemap.vmemmap_shift}($pgmap):u64' },
    returns: 'x64',
  },
  { event: 'devm_memremap_pages', symbol: 'devm_memremap_pages', fetch: { dev: deviceName(), pgmap: '$pgmap:x64' } },
  {
    event: 'memunmap_pages',
    symbol: 'memunmap_pages',
    fetch: {
      ...pagemap,
      nr_range: '+{dev_pagemap.nr_range}($pgmap):s32',
      percpu_count_ptr: '+{dev_pagemap.ref.percpu_count_ptr}($pgmap):x64',
      count: '+{percpu_ref_data.count}(+{dev_pagemap.ref.data}($pgmap)):s64',
    },
    returns: 'void',
  },
  { event: 'memremap_release', symbol: 'devm_memremap_pages_release', fetch: { pgmap: '$data:x64' } },
  { event: 'get_dev_pagemap', symbol: 'get_dev_pagemap', fetch: { pfn: '$pfn:x64', cached: '$pgmap:x64' }, returns: 'x64' },
  {
    event: 'devm_memremap',
    symbol: 'devm_memremap',
    fetch: { dev: deviceName(), offset: '$offset:x64', size: '$size:x64', flags: '$flags:x32' },
    returns: 'x64',
  },
  { event: 'devm_memunmap', symbol: 'devm_memunmap', fetch: { dev: deviceName(), addr: '$addr:x64' } },
  { event: 'devres_release_all', symbol: 'devres_release_all', fetch: { dev: deviceName() }, returns: 's32' },
  {
    event: 'driver_probe',
    symbol: 'really_probe',
    fetch: { dev: deviceName(), drv: '+0(+{device_driver.name}($drv)):string' },
    returns: 's32',
  },
  { event: 'driver_unbind', symbol: 'device_unbind_cleanup', fetch: { dev: deviceName() } },
  // Where cleaning up is not a function of its own, what calls it is probed.
  {
    event: 'driver_release',
    symbol: '__device_release_driver',
    fetch: { dev: deviceName() },
    returns: 'void',
    unless: 'device_unbind_cleanup()',
  },
  driver('nd_pmem_probe', 'nd_pmem'),
  driver('pmem_attach_disk', 'nd_pmem'),
  driver('nd_pmem_remove', 'nd_pmem'),
  driver('nd_pmem_shutdown', 'nd_pmem'),
  driver('nd_pfn_probe', 'libnvdimm'),
  driver('nd_btt_probe', 'libnvdimm'),
  driver('nd_dax_probe', 'libnvdimm'),
  { event: 'nvdimm_setup_pfn', symbol: 'nvdimm_setup_pfn', module: 'libnvdimm', fetch: { pgmap: '$pgmap:x64' }, returns: 's32' },
  { event: 'nvdimm_namespace_attach_btt', symbol: 'nvdimm_namespace_attach_btt', module: 'nd_btt', fetch: {}, returns: 's32' },
  { event: 'nvdimm_namespace_detach_btt', symbol: 'nvdimm_namespace_detach_btt', module: 'nd_btt', fetch: {} },
  {
    event: 'device_add_disk',
    symbol: 'device_add_disk',
    fetch: { parent: deviceName('$parent'), disk: '+{gendisk.disk_name}($disk):string' },
    unless: 'add_disk_fwnode()',
  },
  {
    event: 'device_add_disk',
    symbol: 'add_disk_fwnode',
    fetch: { parent: deviceName('$parent'), disk: '+{gendisk.disk_name}($disk):string' },
  },
  { event: 'del_gendisk', symbol: 'del_gendisk', fetch: { disk: '+{gendisk.disk_name}($disk):string' } },
  { event: 'blk_freeze_queue_start', symbol: 'blk_freeze_queue_start', fetch: { q: '$q:x64' } },
  { event: 'freeze_wait', symbol: 'blk_mq_freeze_queue_wait', fetch: { q: '$q:x64' }, returns: 'void' },
  { event: 'queue_ref_release', symbol: 'blk_queue_usage_counter_release', fetch: { ref: '$ref:x64' } },
  { event: 'pgmap_ref_release', symbol: 'dev_pagemap_percpu_release', fetch: { ref: '$ref:x64' } },
  {
    event: 'arch_add_memory',
    symbol: 'arch_add_memory',
    fetch: { nid: '$nid:s32', start: '$start:x64', size: '$size:x64' },
    returns: 's32',
  },
  { event: 'arch_remove_memory', symbol: 'arch_remove_memory', fetch: { start: '$start:x64', size: '$size:x64' } },
  {
    event: 'memmap_init',
    symbol: 'memmap_init_zone_device',
    fetch: { start_pfn: '$start_pfn:x64', nr_pages: '$nr_pages:u64', pgmap: '$pgmap:x64' },
  },
  { event: 'kill_dax', symbol: 'kill_dax', fetch: { dax_dev: '$dax_dev:x64' } },
  { event: 'gup_grab_page', symbol: 'try_grab_page', fetch: { ...page('$page'), flags: '$flags:x32', vmemmap: VMEMMAP }, returns: 'x64' },
  ...(['try_grab_folio', 'try_grab_compound_head', 'try_grab_folio_fast'] as const).map((symbol): ProbeTemplate => ({
    event: symbol === 'try_grab_folio_fast' ? 'gup_grab_folio_fast' : 'gup_grab_folio',
    symbol,
    fetch: { ...page('$page|folio'), refs: '$refs:s32', flags: '$flags:x32', vmemmap: VMEMMAP },
    returns: 'x64',
  })),
  { event: 'put_devmap_page', symbol: 'put_devmap_managed_page', fetch: { ...page('$page'), vmemmap: VMEMMAP } },
  ...['__put_devmap_managed_page_refs', '__put_devmap_managed_folio_refs'].map((symbol): ProbeTemplate => ({
    event: 'put_devmap_page',
    symbol,
    fetch: { ...page('$page|folio'), refs: '$refs:s32', vmemmap: VMEMMAP },
  })),
  {
    // Only where the end of a bio gives its pages back past the function above.
    event: 'bio_release_pages',
    symbol: '__bio_release_pages',
    fetch: { bio: '$bio:x64', vcnt: '+{bio.bi_vcnt}($bio):u16', ...vectors, vmemmap: VMEMMAP },
    only: '__put_devmap_managed_page_refs()',
  },
  {
    event: 'pipe_buf_release',
    symbol: 'page_cache_pipe_buf_release',
    fetch: {
      page: '+{pipe_buffer.page}($buf):x64',
      refcount: '+{page._refcount}(+{pipe_buffer.page}($buf)):s32',
      ops: '+{pipe_buffer.ops}($buf):x64',
      vmemmap: VMEMMAP,
    },
  },
  { event: 'unpin_user_page', symbol: 'unpin_user_page', fetch: { page: '$page:x64', vmemmap: VMEMMAP } },
  {
    event: 'gup_put_folio',
    symbol: 'gup_put_folio',
    fetch: { page: '$folio:x64', refs: '$refs:s32', flags: '$flags:x32', vmemmap: VMEMMAP },
  },
  ...['free_zone_device_page', 'free_zone_device_folio'].map((symbol): ProbeTemplate => ({
    event: 'zone_device_page_free',
    symbol,
    fetch: { page: '$page|folio:x64', pgmap: '+{page.pgmap|folio.pgmap}($page|folio):x64' },
  })),
  {
    event: 'dax_layout_busy_page',
    symbol: 'dax_layout_busy_page_range',
    fetch: { mapping: '$mapping:x64', start: '$start:x64', end: '$end:x64', vmemmap: VMEMMAP },
    returns: 'x64',
  },
  { event: 'break_layouts', symbol: 'ext4_break_layouts', module: 'ext4', fetch: { inode: '$arg1:x64' }, returns: 's32' },
  { event: 'break_layouts_dax', symbol: 'dax_break_layout', fetch: { inode: '$inode:x64' }, returns: 's32' },
  { event: 'break_layouts_final', symbol: 'dax_break_layout_final', fetch: { inode: '$inode:x64' }, returns: 'void' },
]

/** Tracepoints that are switched on where there are any. */
export const TRACEPOINTS: readonly string[] = ['dev/devres_log', 'printk/console', 'fs_dax']

/** Functions without which a recording says too little to be worth taking. */
export const ESSENTIAL: readonly string[] = [
  'memremap_pages',
  'memunmap_pages',
  'really_probe',
  'devres_release_all',
  '__request_region',
  '__release_region',
]
