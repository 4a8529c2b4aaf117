import { f, type Declarations } from '@devtrail/events'

const pfn = f.pfn('the page')

/** How a page reference was given back. */
export const putHow = ['put_page', 'bio', 'gup', 'unpin', 'live'] as const

/** The vocabulary of struct pages, the references to them, and those who wait for them (mm/gup.c, fs/dax.c). */
export const pageEvents = {
  'pages-unlinked-twice': {
    version: 1,
    doc: 'Pages that were of another pagemap already were unlinked anew from the list they were not on: the list is corrupt.',
    kernel: 'devm_memremap_pages',
    fields: {
      pagemap: f.pagemap('the pagemap that takes them'),
      of: f.pagemap('the pagemap whose pages they were'),
      firstPfn: f.pfn('the first page'),
      pages: f.count('how many pages'),
    },
  },
  'page-allocated': {
    version: 1,
    doc: 'A page that is handed out one by one was: count 1, locked.',
    kernel: 'zone_device_page_init',
    fields: {
      pfn,
      pagemap: f.pagemap('the pagemap whose page it is'),
      live: f.bool('whether its pagemap was alive, and is held by it from now on'),
    },
  },
  'pagemap-held': {
    version: 1,
    doc: "References of a page took, or gave back, references of the page's pagemap.",
    kernel: 'get_zone_device_page, put_zone_device_page',
    fields: { pagemap: f.pagemap('the pagemap'), pfn, refs: f.int('references taken; below 0, given back') },
  },
  'put-beyond-last': {
    version: 1,
    doc: 'A page that nobody references was put, and nothing noticed: its count is below the idle one.',
    kernel: '__put_devmap_managed_page_refs',
    fields: { pfn, pagemap: f.pagemap('the pagemap whose page it is'), count: f.int('the count now') },
  },
  'list-added': {
    version: 1,
    doc: 'Something was linked into a list by the two words that hold the pagemap of a device page.',
    kernel: '__list_add',
    fields: {
      entry: f.pointer('the list_head'),
      pfn: f.opt(f.pfn('the page it is in; null when it is in none')),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is')),
      word0: f.pointer('its first word before'),
      word1: f.pointer('its second word before'),
      warned: f.bool('whether the kernel warned that it was poisoned'),
    },
  },
  'pfn-checked': {
    version: 1,
    doc: 'A task asked whether a pfn has a struct page.',
    kernel: 'pfn_valid',
    fields: {
      pfn,
      valid: f.bool('the answer'),
      stale: f.bool('whether it was read from the usage of a section that had been freed'),
    },
  },
  'grab-started': {
    version: 1,
    doc: 'A task tried to take references on a page; most such pages are ordinary memory.',
    kernel: 'try_grab_page, try_grab_folio',
    call: { edge: 'enter', name: 'try_grab' },
    fields: {
      pfn: f.opt(pfn),
      page: f.pointer('the struct page'),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is; null for ordinary memory or not known')),
      word: f.opt(f.pointer('the pgmap word of the struct page (a list pointer for ordinary memory)')),
      refcount: f.opt(f.int('the count before')),
      refs: f.int('references wanted'),
      flags: f.flags('FOLL_ flags'),
      folio: f.bool('whether through try_grab_folio'),
    },
  },
  grabbed: {
    version: 1,
    doc: 'A task took references on a page.',
    kernel: 'try_grab_page, try_grab_folio',
    call: { edge: 'return', name: 'try_grab' },
    fields: {
      pfn: f.opt(pfn),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is; null for ordinary memory or not known')),
      before: f.opt(f.int('the count before')),
      head: f.opt(f.pfn('the page that carries the count, when it is another: the head of a compound page')),
      refs: f.int('references taken; 0 when neither FOLL_GET nor FOLL_PIN was asked for'),
      kind: f.oneOf(['get', 'pin'], 'FOLL_GET or FOLL_PIN'),
      result: f.opt(f.pointer('what the function returned')),
    },
  },
  'grab-refused': {
    version: 1,
    doc: 'References on a page were not given.',
    kernel: 'try_grab_page, try_grab_folio',
    call: { edge: 'return', name: 'try_grab' },
    fields: { pfn: f.opt(pfn), pagemap: f.opt(f.pagemap('the pagemap whose page it is')) },
  },
  put: {
    version: 1,
    doc: 'References on neighbouring pages were given back.',
    kernel: 'put_page, bio_release_pages',
    fields: {
      pfn: f.opt(f.pfn('the first page')),
      pages: f.count('how many pages'),
      pagemap: f.opt(f.pagemap('the pagemap whose pages they are; null for ordinary memory or not known')),
      page: f.opt(f.pointer('the first struct page')),
      head: f.opt(f.pfn('the page that carries the count, when it is another and known')),
      word: f.opt(f.pointer('the pgmap word of the struct page')),
      before: f.opt(f.int('the count before, of the first page')),
      refs: f.count('references a page'),
      kind: f.oneOf(['get', 'pin'], 'what kind of reference'),
      how: f.oneOf(putHow, 'through what'),
    },
  },
  'puts-unseen': {
    version: 1,
    doc: 'References may have been given back that the recording does not show, or not by page.',
    fields: {
      vectors: f.count('bio vectors beyond those recorded; 0 where it was no bio'),
      pagemap: f.opt(f.pagemap('the pagemap whose pages they may be; null for any')),
    },
  },
  'bio-released': {
    version: 1,
    doc: 'A bio began to give its pages back, as the probe saw its first vectors.',
    kernel: '__bio_release_pages',
    fields: {
      bio: f.pointer('the bio'),
      vectors: f.count('its vectors'),
      page0: f.opt(f.pointer('first vector: page')),
      len0: f.opt(f.bytes('first vector: length')),
      page1: f.opt(f.pointer('second vector: page')),
      len1: f.opt(f.bytes('second vector: length')),
      page2: f.opt(f.pointer('third vector: page')),
      len2: f.opt(f.bytes('third vector: length')),
    },
  },
  sampled: {
    version: 1,
    doc: "A page's count was seen, on the way to a put of it that is recorded by itself.",
    fields: {
      pfn: f.opt(pfn),
      page: f.opt(f.pointer('the struct page')),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is')),
      head: f.opt(f.pfn('the page that carries the count, when it is another and known')),
      refcount: f.opt(f.int('the count; null when it could not be read')),
      raw: f.opt(f.int('what the probe fetched, count or not')),
      refs: f.opt(f.count('references about to be given back')),
      flags: f.opt(f.flags('FOLL_ flags')),
      detail: f.opt(f.pointer('another word the probe fetched')),
      by: f.string('the function at which it was seen'),
    },
  },
  'page-freed': {
    version: 2,
    doc: 'The last reference of a device page was dropped.',
    kernel: 'free_zone_device_page',
    fields: {
      page: f.pointer('the struct page'),
      word: f.opt(f.pointer('its pgmap word')),
      pfn: f.opt(pfn),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is')),
    },
    upcasts: { 1: (data) => ({ ...data, pagemap: null }) },
  },
  'idle-wait-started': {
    version: 1,
    doc: 'A task entered a wait for the pages of a DAX file to become idle.',
    kernel: 'ext4_break_layouts',
    call: { edge: 'enter', name: 'break_layouts', waitsFor: 'pages of the file to become idle' },
    fields: { call: f.string('the function'), inode: f.opt(f.pointer('the inode')), returns: f.bool('whether its return would be told') },
  },
  'busy-lookup-started': {
    version: 1,
    doc: 'A task looked for a referenced page of a DAX file.',
    kernel: 'dax_layout_busy_page_range',
    call: { edge: 'enter', name: 'dax_layout_busy_page_range' },
    fields: {
      mapping: f.pointer('the address_space'),
      start: f.opt(f.u64('first byte')),
      end: f.opt(f.u64('last byte')),
      vmemmap: f.opt(f.pointer('base of the memmap, where fetched')),
    },
  },
  'busy-looked-up': {
    version: 1,
    doc: 'The search ended; a page found is what the task waits for next.',
    kernel: 'dax_layout_busy_page_range',
    call: { edge: 'return', name: 'dax_layout_busy_page_range' },
    fields: {
      page: f.opt(f.pointer('the struct page; null for none')),
      pfn: f.opt(pfn),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is')),
    },
  },
  'idle-wait-ended': {
    version: 1,
    doc: 'The wait for idle pages ended.',
    kernel: 'ext4_break_layouts',
    call: { edge: 'return', name: 'break_layouts' },
    fields: { call: f.string('the function'), errno: f.errno('0 when all are idle') },
  },
} as const satisfies Declarations
