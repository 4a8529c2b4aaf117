import { f, type Declarations } from '@devtrail/events'

const mm = f.pid('whose address space')
const address = f.u64('virtual address of the first page')
const mapping = f.pointer('the address_space')

/** How a fault ended. */
export const faultResults = ['mapped', 'fallback', 'sigbus'] as const

/** The vocabulary of page tables and the faults that fill them from DAX files (mm/memory.c, mm/huge_memory.c, fs/dax.c). */
export const faultEvents = {
  'fault-started': {
    version: 1,
    doc: 'A task touched memory of a DAX file that no page table entry maps, or not for writing.',
    kernel: 'dax_iomap_fault',
    call: { edge: 'enter', name: 'dax_iomap_fault' },
    fields: { mm, address, write: f.bool('whether to write'), pmd: f.bool('whether 2 MiB at once were tried') },
  },
  'fault-ended': {
    version: 1,
    doc: 'A fault ended: with an entry in the page table, or without.',
    kernel: 'dax_iomap_fault',
    call: { edge: 'return', name: 'dax_iomap_fault' },
    fields: {
      mm,
      address,
      pmd: f.bool('whether it was of 2 MiB'),
      result: f.oneOf(faultResults, 'an entry; another try with a small page; or a signal'),
      errno: f.errno('what the device said; 0 for none'),
      pfn: f.opt(f.pfn('the first page mapped')),
      pages: f.count('pages mapped'),
      writable: f.bool('whether they may be written'),
      devmap: f.bool('whether the entry says that its page belongs to a pagemap'),
    },
  },
  'page-mapped': {
    version: 1,
    doc: 'A page of ordinary memory was mapped by a page table entry.',
    kernel: 'do_anonymous_page',
    fields: { mm, address, pfn: f.pfn('the page'), writable: f.bool('whether it may be written') },
  },
  zapped: {
    version: 1,
    doc: 'Page table entries of a range are gone.',
    kernel: 'zap_page_range',
    fields: { mm, address, pages: f.count('pages of the range'), entries: f.count('entries that went') },
  },
  'blocks-freed': {
    version: 1,
    doc: 'A DAX file gave blocks up: their pages may be given to another file.',
    kernel: 'ext4_truncate',
    fields: {
      mapping,
      pfn: f.pfn('the first page'),
      pages: f.count('how many pages'),
      pagemap: f.opt(f.pagemap('the pagemap whose pages they are')),
    },
  },
} as const satisfies Declarations
