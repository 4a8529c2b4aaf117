import { f, type Declarations } from '@devtrail/events'

const pagemap = f.pagemap('the pagemap')
const pfn = f.pfn('the page')
const device = f.device('the device')
const altmap = {
  altBase: f.opt(f.pfn('altmap: first pfn; null when there is none')),
  reserve: f.opt(f.count('altmap: pages kept for the driver')),
  free: f.opt(f.count('altmap: pages set aside for the memmap')),
  alloc: f.opt(f.count('altmap: pages in use')),
}

/** The vocabulary of pagemaps: mapping, looking up and unmapping (mm/memremap.c, kernel/iomem.c). */
export const pagemapEvents = {
  'pagemap-found': {
    version: 1,
    doc: 'A pagemap was there already when it was first mentioned.',
    identifies: 'pagemap',
    fields: {
      pagemap,
      pointer: f.opt(f.pointer('the struct dev_pagemap')),
      fromStart: f.bool('whether it is known to have been there when the recording began'),
      idle: f.bool('whether no page of it can have been referenced when the recording began'),
    },
  },
  'pagemap-identified': {
    version: 1,
    doc: 'Something that cannot change became known about a pagemap.',
    identifies: 'pagemap',
    fields: {
      pagemap,
      device: f.opt(f.device('the device that owns it')),
      namespace: f.opt(f.device('the namespace in whose range its pages lie, where the owner is not known')),
      start: f.opt(f.u64('first address of its first range')),
      end: f.opt(f.u64('last address of its first range, inclusive')),
      type: f.opt(f.int('enum memory_type')),
      ref: f.opt(f.pointer('its percpu_ref')),
    },
  },
  'map-requested': {
    version: 1,
    doc: 'A driver asked for a managed pagemap.',
    kernel: 'devm_memremap_pages',
    fields: { pagemap, device: f.opt(f.device('the device, where it can be told')), pointer: f.pointer('the struct dev_pagemap') },
  },
  'map-started': {
    version: 1,
    doc: 'A pagemap began to be mapped.',
    kernel: 'memremap_pages',
    call: { edge: 'enter', name: 'memremap_pages' },
    fields: {
      pagemap,
      pointer: f.pointer('the struct dev_pagemap'),
      start: f.u64('first address'),
      end: f.u64('last address, inclusive'),
      type: f.opt(f.int('enum memory_type')),
      ...altmap,
      altEnd: f.opt(f.pfn('altmap: last pfn')),
      flags: f.opt(f.flags('PGMAP_ flags')),
      vmemmapShift: f.opt(f.count('order of its compound pages')),
    },
  },
  mapped: {
    version: 1,
    doc: 'A pagemap is live.',
    kernel: 'memremap_pages',
    call: { edge: 'return', name: 'memremap_pages' },
    fields: { pagemap, address: f.opt(f.pointer('kernel virtual address of its first byte')) },
  },
  'map-failed': {
    version: 1,
    doc: 'A pagemap could not be mapped.',
    kernel: 'memremap_pages',
    call: { edge: 'return', name: 'memremap_pages' },
    fields: { pagemap, errno: f.errno('why') },
  },
  'memory-add-started': {
    version: 1,
    doc: 'Memory began to be hot-added.',
    kernel: 'arch_add_memory',
    call: { edge: 'enter', name: 'arch_add_memory' },
    fields: { pagemap: f.opt(pagemap), nid: f.int('NUMA node'), start: f.u64('first address'), size: f.u64('bytes') },
  },
  'memory-added': {
    version: 1,
    doc: 'Memory was hot-added (or refused): its struct pages exist.',
    kernel: 'arch_add_memory',
    call: { edge: 'return', name: 'arch_add_memory' },
    fields: { pagemap: f.opt(pagemap), errno: f.errno('0 when added') },
  },
  'pages-initialised': {
    version: 1,
    doc: 'The struct pages behind the altmap were initialised: count 1, pointing at their pagemap.',
    kernel: 'memmap_init_zone_device',
    fields: {
      pagemap: f.opt(pagemap),
      pointer: f.opt(f.pointer('the struct dev_pagemap')),
      firstPfn: f.pfn('first pfn of the range, altmap included'),
      pages: f.count('pages of the range, altmap included'),
    },
  },
  'release-requested': {
    version: 1,
    doc: "A managed pagemap's release callback was run.",
    kernel: 'devm_memremap_pages_release',
    fields: { pagemap },
  },
  'unmap-started': {
    version: 1,
    doc: 'A pagemap began to be taken down; its reference as sampled on entry.',
    kernel: 'memunmap_pages',
    call: { edge: 'enter', name: 'memunmap_pages', waitsFor: "the pagemap's reference to drop to zero" },
    fields: {
      pagemap,
      start: f.u64('first address'),
      end: f.u64('last address, inclusive'),
      type: f.opt(f.int('enum memory_type')),
      flags: f.opt(f.flags('PGMAP_ flags')),
      ranges: f.opt(f.int('number of ranges')),
      ...altmap,
      ref: f.opt(f.pointer('the percpu_ref, where known')),
      percpuCountPtr: f.opt(f.u64('percpu_count_ptr, with its ATOMIC and DEAD bits')),
      refCount: f.opt(f.u64('the atomic counter; with the bias in percpu mode')),
    },
  },
  'ref-released': {
    version: 1,
    doc: 'The last reference of a pagemap was dropped: the wait of its removal is over.',
    kernel: 'dev_pagemap_percpu_release',
    fields: { pagemap: f.opt(pagemap), ref: f.pointer('the percpu_ref') },
  },
  'memory-removed': {
    version: 1,
    doc: 'Memory is being hot-removed: from here on its struct pages are gone.',
    kernel: 'arch_remove_memory',
    fields: { pagemap: f.opt(pagemap), start: f.u64('first address'), size: f.u64('bytes') },
  },
  unmapped: {
    version: 1,
    doc: 'A pagemap is gone.',
    kernel: 'memunmap_pages',
    call: { edge: 'return', name: 'memunmap_pages' },
    fields: { pagemap },
  },
  'lookup-started': {
    version: 1,
    doc: 'A task looked up the pagemap of a page.',
    kernel: 'get_dev_pagemap',
    call: { edge: 'enter', name: 'get_dev_pagemap' },
    fields: { pfn, cached: f.opt(f.pointer('the pagemap the caller still held; null for none')) },
  },
  'looked-up': {
    version: 1,
    doc: 'The lookup ended; a pagemap found is referenced (or is the cached one).',
    kernel: 'get_dev_pagemap',
    call: { edge: 'return', name: 'get_dev_pagemap' },
    fields: {
      pfn: f.opt(pfn),
      pagemap: f.opt(f.pagemap('the pagemap found; null for none')),
      pointer: f.opt(f.pointer('the struct dev_pagemap; null for none')),
      fresh: f.bool('whether a new reference was taken, which only a live pagemap gives; false: it is the cached one'),
    },
  },
  'range-map-started': {
    version: 1,
    doc: 'A driver asked for a managed mapping without struct pages.',
    kernel: 'devm_memremap',
    call: { edge: 'enter', name: 'devm_memremap' },
    fields: { device, offset: f.u64('physical address'), size: f.u64('bytes'), flags: f.flags('MEMREMAP_ flags') },
  },
  'range-mapped': {
    version: 1,
    doc: 'A managed mapping without struct pages was made, or refused.',
    kernel: 'devm_memremap',
    call: { edge: 'return', name: 'devm_memremap' },
    fields: {
      device: f.opt(device),
      address: f.opt(f.pointer('kernel virtual address; null when refused')),
      errno: f.errno('0 when mapped'),
    },
  },
  'range-unmapped': {
    version: 1,
    doc: 'A managed mapping without struct pages was taken down.',
    kernel: 'devm_memunmap',
    fields: { device, address: f.pointer('kernel virtual address') },
  },
  warned: {
    version: 1,
    doc: 'The kernel warned about a pagemap.',
    fields: { pagemap: f.opt(pagemap), by: f.string('the function that warned'), message: f.text('what it said') },
  },
} as const satisfies Declarations
