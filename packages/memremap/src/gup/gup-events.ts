import { f, type Declarations } from '@devtrail/events'

const mm = f.pid('whose address space')
const address = f.u64('virtual address')

/** What a walk found at a page table entry. */
export const walkOutcomes = [
  'taken',
  'none',
  'not-permitted',
  'special',
  'no-pagemap',
  'grab-refused',
  'changed',
  'no-page',
  'long-term',
] as const

/** What may hold references for a task. */
export const holderKinds = ['task', 'bio', 'pipe'] as const

/** The vocabulary of get_user_pages (mm/gup.c) and of what its pages are handed on to. */
export const gupEvents = {
  'gup-started': {
    version: 1,
    doc: 'A task began to take references on the pages of a range of addresses.',
    kernel: 'get_user_pages_fast',
    call: { edge: 'enter', name: 'get_user_pages' },
    fields: { mm, address, pages: f.count('pages wanted'), flags: f.flags('FOLL_ flags') },
  },
  'entry-walked': {
    version: 1,
    doc: 'A walk of get_user_pages looked at a page table entry; a page taken is still what the entry maps.',
    kernel: 'gup_pte_range, follow_page_pte',
    fields: {
      mm,
      address,
      way: f.oneOf(['fast', 'slow'], 'with interrupts off, or with the lock of the address space'),
      pmd: f.bool('whether the entry maps 2 MiB'),
      pfn: f.opt(f.pfn('the first page it maps, from that address on; null for none')),
      pages: f.count('pages taken'),
      devmap: f.bool('whether it says that its page belongs to a pagemap'),
      writable: f.bool('whether it may be written'),
      write: f.bool('whether the walk was to write'),
      cachedBefore: f.opt(f.pagemap('the pagemap the walk knew before; null for none')),
      cachedAfter: f.opt(f.pagemap('the pagemap the walk knows now; null for none')),
      outcome: f.oneOf(walkOutcomes, 'what came of it'),
    },
  },
  'gup-undone': {
    version: 1,
    doc: 'A walk gave back what it had taken from a table.',
    kernel: 'undo_dev_pagemap',
    fields: { from: f.count('how many pages it had taken'), to: f.count('how many it has left') },
  },
  'gup-ended': {
    version: 1,
    doc: 'A task has the references that it could get.',
    kernel: 'get_user_pages_fast',
    call: { edge: 'return', name: 'get_user_pages' },
    fields: {
      mm,
      pages: f.count('pages taken'),
      errno: f.errno('why there are none; 0 when there are some'),
      lookups: f.int('references on pagemaps by its lookups that were not given back; below 0, given back without being had'),
    },
  },
  'references-handed': {
    version: 1,
    doc: 'References that one had are from now on held by another.',
    kernel: 'bio_iov_iter_get_pages, splice_to_pipe, bio_endio',
    fields: {
      pfn: f.pfn('the first page'),
      pages: f.count('how many pages'),
      pagemap: f.opt(f.pagemap('the pagemap whose pages they are; null for ordinary memory')),
      from: f.oneOf(holderKinds, 'what held them'),
      to: f.oneOf(holderKinds, 'what holds them'),
      holder: f.pointer('the bio or pipe'),
    },
  },
  'soft-offlined': {
    version: 1,
    doc: 'A page was to be taken out of use without harm to who uses it; device pages cannot.',
    kernel: 'soft_offline_page',
    fields: {
      pfn: f.pfn('the page'),
      pagemap: f.opt(f.pagemap('the pagemap whose page it is')),
      errno: f.errno('-EIO for a page of no online memory'),
      counted: f.bool("whether the caller's reference was to be given back in any case"),
    },
  },
} as const satisfies Declarations
